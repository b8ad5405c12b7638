import drachtio from 'drachtio-sip';
import sip from 'sip';
import { Core } from 'sip.js';
import { editSip } from '../wire/sip/edit.js';
import { parseChargingVector, parseCSeq, parseNameAddr, parseVia } from '../wire/sip/headers.js';
import { parseSip } from '../wire/sip/parse.js';
import { INVITE } from './invite.js';
import { type Candidate, compare } from './rounds.js';
import type { Section } from './section.js';

/** What a parser must hand out: five headers decoded, so that nobody wins by being lazy. */
const DECODED = ['Via', 'From', 'To', 'CSeq', 'P-Charging-Vector'] as const;

/** What was decoded ends here, so that no engine may leave the work out. */
export let sink = 0;

function own(): void {
  const message = parseSip(INVITE);
  const via = parseVia(message.get('Via') ?? '');
  const from = parseNameAddr(message.get('From') ?? '');
  const to = parseNameAddr(message.get('To') ?? '');
  const cseq = parseCSeq(message.get('CSeq') ?? '');
  const vector = parseChargingVector(message.get('P-Charging-Vector') ?? '');
  sink +=
    (via?.host.length ?? 0) +
    (from?.uri.length ?? 0) +
    (to?.uri.length ?? 0) +
    (cseq?.number ?? 0) +
    (vector?.icidValue?.length ?? 0);
}

const parsers: readonly Candidate[] = [
  { name: 'q3953', run: times(own) },
  {
    name: 'sip 0.0.6',
    run: times(() => {
      const message = sip.parse(INVITE.toString('latin1'));
      for (const name of DECODED) sink += message?.headers[name.toLowerCase()] === undefined ? 0 : 1;
    }),
  },
  {
    name: 'drachtio-sip 0.6',
    run: times(() => {
      const message = new drachtio.SipMessage(INVITE.toString('latin1'));
      for (const name of DECODED.slice(0, 4)) sink += message.getParsedHeader(name) === undefined ? 0 : 1;
      sink += message.get('P-Charging-Vector').length;
    }),
  },
  {
    name: 'sip.js 0.21',
    run: times(() => {
      const message = Core.Parser.parseMessage(SIPJS_INVITE, LOGGER);
      for (const name of DECODED) sink += message?.getHeader(name) === undefined ? 0 : 1;
    }),
  },
];

/** sip.js drops a message whose To is a tel URI as a whole, so it is given one that it reads. */
const SIPJS_INVITE = INVITE.toString('latin1').replace('To: <tel:+46701740605>', 'To: <sip:+46701740605@a.example>');
const LOGGER = new Core.LoggerFactory().getLogger('bench');

const serialisers: readonly Candidate[] = [
  {
    name: 'q3953 (edit one hop: Via, Route, Max-Forwards, octets out)',
    run: times(() => {
      const message = editSip(parseSip(INVITE))
        .prepend('Via', 'SIP/2.0/TCP 192.0.2.30:5060;branch=z9hG4bKnew')
        .set('Max-Forwards', '65')
        .done();
      sink += message.octets.length;
    }),
  },
  {
    name: 'sip 0.0.6 (parse, change, stringify)',
    run: times(() => {
      const message = sip.parse(INVITE.toString('latin1'));
      if (message !== undefined) {
        message.headers['max-forwards'] = 65;
        sink += sip.stringify(message).length;
      }
    }),
  },
  {
    name: 'drachtio-sip 0.6 (parse, toString)',
    run: times(() => {
      sink += new drachtio.SipMessage(INVITE.toString('latin1')).toString().length;
    }),
  },
];

/** SIP codec beside the libraries that a user would pick. */
export function sipCodec(): Section {
  return {
    title: 'SIP codec',
    note: `One VoLTE INVITE of ${INVITE.length} octets; parse = index the message and decode ${DECODED.join(', ')}.`,
    tables: [
      { title: 'Parse', unit: 'messages/s', rows: compare(parsers) },
      { title: 'One proxy hop: parse, change, serialise', unit: 'messages/s', rows: compare(serialisers) },
    ],
  };
}

function times(work: () => void): (count: number) => void {
  return (count) => {
    for (let i = 0; i < count; i += 1) work();
  };
}
