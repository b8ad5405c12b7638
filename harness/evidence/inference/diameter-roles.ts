import type { Role } from '../../profile/role.js';
import { textOf } from '../../wire/diameter/find.js';
import type { Sighting } from '../sighting.js';
import { domainOf } from './domains.js';
import type { FactBook } from './node-facts.js';
import { noteHost } from './sip-roles.js';
import type { SocketOwners } from './socket-owners.js';

interface Row {
  readonly command: number;
  readonly application: number;
  readonly name: string;
  readonly client: Role;
  readonly server: Role;
}

const CX = 16777216;
const RX = 16777236;

/** Who sends which request: TS 29.228 §6.1, TS 29.214 §4.4. */
const REQUESTS: readonly Row[] = [
  { command: 300, application: CX, name: 'User-Authorization', client: 'i-cscf', server: 'hss' },
  { command: 302, application: CX, name: 'Location-Info', client: 'i-cscf', server: 'hss' },
  { command: 301, application: CX, name: 'Server-Assignment', client: 's-cscf', server: 'hss' },
  { command: 303, application: CX, name: 'Multimedia-Auth', client: 's-cscf', server: 'hss' },
  { command: 304, application: CX, name: 'Registration-Termination', client: 'hss', server: 's-cscf' },
  { command: 305, application: CX, name: 'Push-Profile', client: 'hss', server: 's-cscf' },
  { command: 265, application: RX, name: 'AA', client: 'p-cscf', server: 'pcrf' },
  { command: 275, application: RX, name: 'Session-Termination', client: 'p-cscf', server: 'pcrf' },
  { command: 258, application: RX, name: 'Re-Auth', client: 'pcrf', server: 'p-cscf' },
  { command: 274, application: RX, name: 'Abort-Session', client: 'pcrf', server: 'p-cscf' },
];

/** Collects what Diameter requests tell of their ends; nothing on addresses that nodes share, where client ports name nobody. */
export function collectDiameterRoles(sightings: readonly Sighting[], owners: SocketOwners, book: FactBook): void {
  for (const sighting of sightings) {
    if (sighting.protocol !== 'diameter' || owners.isShared(sighting.source.address)) continue;
    const { diameter, source, destination } = sighting;
    const from = owners.key(source);
    const host = textOf(diameter, 'Origin-Host')?.toLowerCase();
    if (host) noteHost(book, from, host);
    const realm = domainOf(textOf(diameter, 'Origin-Realm'));
    if (realm) book.of(from).voteNetwork(realm, 5, 'its Diameter realm says so');
    if (!diameter.flags.request) continue;
    const row = REQUESTS.find(
      (each) => each.command === diameter.commandCode && each.application === diameter.applicationId,
    );
    if (!row) continue;
    book.of(from).voteRole(row.client, 6, `it sends ${row.name}-Requests`);
    book.of(owners.key(destination)).voteRole(row.server, 6, `it is sent ${row.name}-Requests`);
  }
}
