import { expect, test } from '@playwright/test';
import { createEnvironment } from '../net/environment.js';
import type { TapRecord } from '../net/tap.js';
import { parseAuthentication, parseNameAddr } from '../wire/sip/headers.js';
import type { SipMessage } from '../wire/sip/message.js';
import { parseSip } from '../wire/sip/parse.js';
import { setupOf, TinyNetwork } from './testing/tiny-network.js';
import { Ue } from './ue.js';
import type { UeBehaviour, UeSetup } from './ue-setup.js';

interface Bed {
  readonly network: TinyNetwork;
  readonly messages: () => readonly SipMessage[];
  /** Start lines of what one node sent, in short: `INVITE`, `183`. */
  readonly flow: (from: string) => readonly string[];
  ue(index: number, behaviours?: readonly UeBehaviour[], more?: Partial<UeSetup>): Promise<Ue>;
}

async function withBed(run: (bed: Bed) => Promise<void>): Promise<void> {
  const records: TapRecord[] = [];
  const environment = createEnvironment({
    clock: 'skipping',
    seed: 'ue',
    tap: { record: (record) => records.push(record) },
  });
  const network = new TinyNetwork(environment);
  await network.stack.start();
  const ues: Ue[] = [];
  const sip = () => records.filter(({ protocol }) => protocol === 'sip');
  try {
    await run({
      network,
      messages: () => sip().map(({ octets }) => parseSip(octets)),
      flow: (from) =>
        sip()
          .filter(({ source }) => source.address === from)
          .map(({ octets }) => parseSip(octets))
          .map((message) => (message.kind === 'request' ? message.method : String(message.status))),
      ue: async (index, behaviours = [], more = {}) => {
        const ue = new Ue(setupOf(environment, index, behaviours, more));
        await ue.start();
        ues.push(ue);
        return ue;
      },
    });
  } finally {
    await Promise.all(ues.map((ue) => ue.stop()));
    await network.stack.stop();
  }
}

test.describe.configure({ mode: 'serial' });

test('registers with AKA over sec-agree and subscribes to its registration', async () => {
  await withBed(async ({ network, ue }) => {
    const alice = await ue(1);
    await alice.registers();
    expect(alice.registration.state).toBe('registered');
    expect(alice.registration.granted).toBe(600_000);
    expect(alice.subscription.documents).toHaveLength(1);
    const [first, second] = network.registers;
    expect(parseAuthentication(first?.get('Authorization') ?? '')?.params.get('response')).toBe('');
    expect(second?.get('Call-ID')).toBe(first?.get('Call-ID'));
    expect([first?.get('CSeq'), second?.get('CSeq')]).toEqual(['1 REGISTER', '2 REGISTER']);
    expect(parseNameAddr(second?.get('Contact') ?? '')?.uri).toMatch(/@127\.7\.1\.11:5063$/);
    expect(network.registers.flatMap(({ defects }) => defects)).toEqual([]);
    expect(alice.leftovers()).toEqual([]);
  });
});

test('resynchronises the sequence number with AUTS', async () => {
  await withBed(async ({ network, ue }) => {
    const alice = await ue(1, ['sqn-ahead']);
    await alice.registers();
    expect(network.challenges).toBe(2);
    expect(network.registers.filter((each) => each.get('Authorization')?.includes('auts="'))).toHaveLength(1);
  });
});

test('a wrong RES, a short interval, and a network that cannot prove itself', async () => {
  await withBed(async ({ network, ue }) => {
    const wrong = await ue(1, ['wrong-res']);
    expect(await wrong.triesToRegister()).toBe(403);
    expect(wrong.registration.state).toBe('not registered');
    await expect(wrong.registers()).rejects.toThrow(/awaited 200 to its REGISTER, seen 403/);
    network.minimum = 7200;
    const brief = await ue(2, [], { expires: 3600 });
    await brief.registers();
    expect(brief.registration.granted).toBe(7200);
    const other = await ue(3, [], {
      subscriber: { impi: 'x@y', impus: ['sip:x@y'], number: '+1', k: '00'.repeat(16), opc: '11'.repeat(16) },
    });
    expect(await other.triesToRegister()).toBe(403);
    expect(network.registers.at(-1)?.get('Authorization')).toContain('response=""');
  });
});

test('re-registers 600 s before expiry, or at half time of a short one, and de-registers', async () => {
  await withBed(async ({ network, ue }) => {
    network.granted = 3600;
    const alice = await ue(1);
    await alice.registers();
    expect(Math.round(alice.registration.untilRefresh / 1000)).toBe(3000);
    await alice.reregisters();
    network.granted = 1000;
    await alice.reregisters();
    expect(Math.round(alice.registration.untilRefresh / 1000)).toBe(500);
    expect(network.challenges).toBe(1);
    network.notify('active', 'shortened', 100);
    await alice.reregisters();
    await alice.deregisters();
    expect(alice.registration.state).toBe('not registered');
    expect(alice.subscription.active).toBe(false);
    expect(alice.leftovers()).toEqual([]);
  });
});

test('the network ends a registration: deactivated starts anew, rejected does not', async () => {
  await withBed(async ({ network, ue }) => {
    const alice = await ue(1);
    await alice.registers();
    network.notify('terminated', 'deactivated');
    await alice.sees('registered');
    await alice.sees('NOTIFY active');
    expect(network.challenges).toBe(2);
    expect(alice.registration.state).toBe('registered');
    network.notify('terminated', 'rejected');
    await alice.sees('NOTIFY terminated');
    expect(alice.registration.state).toBe('not registered');
    expect(alice.leftovers()).toEqual([]);
  });
});

async function pair(
  bed: Bed,
  a: readonly UeBehaviour[] = [],
  b: readonly UeBehaviour[] = [],
  more: Partial<UeSetup> = {},
) {
  const alice = await bed.ue(1, a);
  const bob = await bed.ue(2, b, more);
  await alice.registers();
  await bob.registers();
  return { alice, bob };
}

test('a call with preconditions on both sides, speech both ways, released by the caller', async () => {
  await withBed(async (bed) => {
    const { alice, bob } = await pair(bed);
    const [call, answered] = await Promise.all([alice.calls(bob.number), bob.answers()]);
    await call.answered();
    await Promise.all([call.talks({ seconds: 2 }), answered.talks({ seconds: 2 })]);
    await call.releases();
    expect(await answered.ended()).toMatchObject({ by: 'release of the peer' });
    const calling = bed.flow('127.7.1.11').slice(bed.flow('127.7.1.11').indexOf('INVITE'));
    expect(calling).toEqual(['INVITE', 'PRACK', 'UPDATE', 'ACK', 'BYE']);
    const called = bed.flow('127.7.1.12').slice(-6);
    expect(called).toEqual(['183', '200', '200', '180', '200', '200']);
    expect(call.statuses.filter((status) => status > 100)).toEqual([183, 180, 200]);
    expect(call.statistics.receivedPackets).toBeGreaterThan(80);
    expect(answered.statistics.receivedPackets).toBeGreaterThan(80);
    expect(bed.messages().flatMap(({ defects }) => defects)).toEqual([]);
    expect([...alice.leftovers(), ...bob.leftovers()]).toEqual([]);
  });
});

test('released by the called party; digits; hold and resume', async () => {
  await withBed(async (bed) => {
    const { alice, bob } = await pair(bed);
    const [call, answered] = await Promise.all([alice.calls(bob.number), bob.answers()]);
    await call.answered();
    const [sent] = await Promise.all([call.presses('12#'), answered.hears('12#')]);
    expect(sent).toBe(true);
    await call.holds();
    await call.resumes();
    await Promise.all([call.talks({ seconds: 1 }), answered.talks({ seconds: 1 })]);
    expect(answered.statistics.digits).toBe('12#');
    await answered.releases();
    expect(await call.ended()).toMatchObject({ by: 'release of the peer' });
    expect([...alice.leftovers(), ...bob.leftovers()]).toEqual([]);
  });
});

test('cancelled while it rings, refused, and to nobody', async () => {
  await withBed(async (bed) => {
    const { alice, bob } = await pair(bed);
    const [call, ringing] = await Promise.all([alice.calls(bob.number), bob.rings()]);
    await call.alerts();
    await call.cancels();
    expect(call.end).toMatchObject({ by: 'cancel', status: 487 });
    expect(await ringing.ended()).toMatchObject({ by: 'cancel' });
    const [second, refused] = await Promise.all([alice.calls(bob.number), bob.rings()]);
    refused.rejects(603);
    expect(await second.ended()).toMatchObject({ by: 'refusal', status: 603 });
    bob.refusesCalls(486);
    const third = await alice.calls(bob.number);
    expect(third.end).toMatchObject({ by: 'refusal', status: 486 });
    const nobody = await alice.calls('+15550000');
    expect(nobody.end).toMatchObject({ status: 404 });
    await expect(nobody.answered()).rejects.toThrow(/call ended by refusal 404/);
    expect([...alice.leftovers(), ...bob.leftovers()]).toEqual([]);
  });
});

test('a peer without preconditions answers in a reliable 180, without UPDATE', async () => {
  await withBed(async (bed) => {
    const { alice, bob } = await pair(bed, [], [], { preconditions: false });
    const [call] = await Promise.all([alice.calls(bob.number), bob.answers()]);
    await call.answered();
    await call.talks({ seconds: 1 });
    await call.releases();
    const flow = bed.flow('127.7.1.11');
    expect(flow.slice(flow.indexOf('INVITE'))).toEqual(['INVITE', 'PRACK', 'ACK', 'BYE']);
  });
});

test('a session that is long refreshes itself with UPDATE', async () => {
  await withBed(async (bed) => {
    const { alice, bob } = await pair(bed, ['silent'], ['silent']);
    const [call, answered] = await Promise.all([alice.calls(bob.number), bob.answers()]);
    await call.answered();
    const before = bed.flow('127.7.1.11').filter((method) => method === 'UPDATE').length;
    await expect(call.talks({ seconds: 2000 })).rejects.toThrow(/speech of the peer/);
    expect(bed.flow('127.7.1.11').filter((method) => method === 'UPDATE').length - before).toBe(2);
    expect(answered.state).toBe('confirmed');
    await call.releases();
  });
});

test('a refresh asks for the interval that was agreed, at half of it', async () => {
  await withBed(async (bed) => {
    const { alice, bob } = await pair(bed);
    const [call] = await Promise.all([alice.calls(bob.number, { sessionExpires: 90 }), bob.answers()]);
    await call.talks({ seconds: 50 });
    const [refresh, ...more] = bed
      .messages()
      .filter((message) => message.kind === 'request' && message.method === 'UPDATE' && message.body.length === 0)
      .filter((message) => message.get('CSeq') !== undefined && message.all('Via').length === 1);
    expect(more).toEqual([]);
    expect(refresh?.get('Session-Expires')).toBe('90;refresher=uac');
    expect(refresh?.has('Allow')).toBe(true);
    await call.releases();
  });
});

test('who asks for privacy says nothing in From; who does not want it is named', async () => {
  await withBed(async (bed) => {
    const { alice, bob } = await pair(bed);
    bob.refusesCalls(486);
    for (const privacy of [['id'], ['none']]) await alice.calls(bob.number, { privacy });
    const froms = bed
      .messages()
      .filter((message) => message.kind === 'request' && message.method === 'INVITE')
      .map((message) => parseNameAddr(message.get('From') ?? '')?.uri);
    expect(froms[0]).toBe('sip:anonymous@anonymous.invalid');
    expect(froms.at(-1)).toBe(alice.identities[0]);
  });
});

test('deviations: no PRACK ends in 504, early alerting, no UPDATE never alerts', async () => {
  await withBed(async (bed) => {
    const alice = await bed.ue(1, ['no-prack'], { guard: 200_000 });
    const bob = await bed.ue(2);
    await alice.registers();
    await bob.registers();
    const call = await alice.calls(bob.number);
    expect(await call.ended()).toMatchObject({ status: 504 });
  });
  await withBed(async (bed) => {
    const { alice, bob } = await pair(bed, [], ['alerts-before-preconditions']);
    const [call] = await Promise.all([alice.calls(bob.number), bob.rings()]);
    await call.alerts();
    expect(bed.flow('127.7.1.12').slice(-4)).toContain('180');
    await call.cancels();
  });
  await withBed(async (bed) => {
    const { alice, bob } = await pair(bed, ['no-update']);
    const call = await alice.calls(bob.number);
    await expect(bob.rings()).rejects.toThrow(/ue-2 awaited alerting for 40000 ms; seen/);
    await call.cancels();
  });
});
