import { expect, test } from '@playwright/test';
import { editSdp } from '../../wire/sdp/edit.js';
import { parseSdp } from '../../wire/sdp/parse.js';
import { editSip, type SipEdit } from '../../wire/sip/edit.js';
import type { SipMessage } from '../../wire/sip/message.js';
import { parseSip } from '../../wire/sip/parse.js';
import { judge } from '../judge.js';
import { goodCall } from '../testing/call.js';
import { type CallRecord, goodMediaCall, mediaEvidence } from '../testing/media.js';
import { type TraceRecord, testProfile } from '../testing/trace.js';

type Change = (edit: SipEdit<SipMessage>, message: SipMessage) => SipEdit<SipMessage>;
type Records = readonly CallRecord[];

/** `INVITE`, `183 INVITE`, `200 BYE`. */
function titleOf(record: CallRecord): string {
  if (record.protocol !== 'sip') return record.protocol;
  const sip = parseSip(record.octets);
  const method = /\b[A-Z]+$/.exec(sip.get('CSeq') ?? '')?.[0] ?? '';
  return sip.kind === 'request' ? sip.method : `${sip.status} ${method}`;
}

const BORDERS = ['192.0.2.15', '192.0.2.25'];

function isAtIci({ source, destination }: CallRecord): boolean {
  return BORDERS.includes(source.address) && BORDERS.includes(destination.address);
}

/** A record with a message changed. */
function edited(record: CallRecord, change: Change): CallRecord {
  const message = parseSip(record.octets);
  return { ...record, octets: change(editSip(message), message).done().octets };
}

/** The call with messages of these titles changed, by their senders at the Ici or on every hop. */
function changed(titles: readonly string[], change: Change, everywhere = false, records: Records = call()): Records {
  return records.map((record) =>
    titles.includes(titleOf(record)) && (everywhere || isAtIci(record)) ? edited(record, change) : record,
  );
}

function call(): Records {
  return goodCall().records as readonly (TraceRecord & CallRecord)[];
}

function without(...titles: readonly string[]): Records {
  return call().filter((record) => !(titles.includes(titleOf(record)) && isAtIci(record)));
}

function found(records: Records, family = /^(?:DLG|RSP|SDP-05|THG|RTP)/): readonly string[] {
  const profile = testProfile();
  const { findings } = judge(mediaEvidence(records, profile), profile);
  return [
    ...new Set(
      findings
        .filter(({ rule }) => family.test(rule))
        .map(({ rule, severity, attributedTo }) => `${rule} ${severity} ${attributedTo}`),
    ),
  ];
}

function body(change: (text: string) => string): Change {
  return (edit, message) =>
    edit.body(Buffer.from(change(Buffer.from(message.body).toString('latin1')), 'latin1'), 'application/sdp');
}

test('CSeq numbers rise; a number that was refused does not count', () => {
  const numbered =
    (number: number): Change =>
    (edit) =>
      edit.mapValues('CSeq', (value) => value.replace(/\d+/, `${number}`));
  expect(found(changed(['BYE', '200 BYE'], numbered(103)))).toEqual(['DLG-01 fail ibcf.home-a']);
  expect(found(changed(['BYE', '200 BYE'], numbered(7)))).toEqual(['DLG-01 fail ibcf.home-a']);
  expect(found(changed(['BYE', '200 BYE'], numbered(900)))).toEqual([]);
});

test('tags and Call-ID of no dialog are blamed on who sent them', () => {
  const retagged: Change = (edit) => edit.mapValues('To', (value) => value.replace(/tag=.*/, 'tag=other'));
  expect(found(changed(['BYE', '200 BYE'], retagged, true))).toEqual(['DLG-01 fail ibcf.home-a']);
  const recalled: Change = (edit) => edit.set('Call-ID', 'another@192.0.2.10');
  expect(found(changed(['BYE', '200 BYE'], recalled))).toEqual(['DLG-01 fail ibcf.home-a']);
});

test('a trace that begins in the middle of a call breaks no rule of the dialog', () => {
  for (let skipped = 1; skipped < call().length; skipped++)
    expect(found(call().slice(skipped)), `${skipped}`).toEqual([]);
});

test('a 2xx gets an ACK', () => {
  expect(found(without('ACK'))).toEqual(['DLG-02 fail ibcf.home-a']);
  const unfinished = without('ACK').filter((record) => !titleOf(record).includes('BYE'));
  expect(found(unfinished)).toEqual([]);
});

test('a PRACK names what it acknowledges and is accepted', () => {
  const named =
    (value: string): Change =>
    (edit) =>
      edit.set('RAck', value);
  expect(found(changed(['PRACK'], named('1 77 INVITE')))).toEqual(['RSP-05 fail ibcf.home-a']);
  expect(found(changed(['PRACK'], named('1 101 UPDATE')))).toEqual(['RSP-05 fail ibcf.home-a']);
  const refused: Change = (edit) => edit.statusLine(481, 'Call/Transaction Does Not Exist');
  expect(found(changed(['200 PRACK'], refused, true))).toEqual(['RSP-05 fail ibcf.home-b']);
  expect(found(without('200 PRACK'))).toEqual(['RSP-05 warn ibcf.home-b']);
});

test('an accepted offer is answered', () => {
  const empty: Change = (edit) => edit.body(null);
  expect(found(changed(['200 UPDATE'], empty, true))).toContain('SDP-05 fail ibcf.home-b');
  expect(found(changed(['200 UPDATE', 'UPDATE'], empty, true)).filter((one) => one.startsWith('SDP-05'))).toEqual([]);
});

test('an answer keeps the payload types of the offer', () => {
  const renamed = body((text) =>
    text.replaceAll('fmtp:97', 'fmtp:120').replaceAll('map:97', 'map:120').replace('AVP 97', 'AVP 120'),
  );
  expect(found(changed(['183 INVITE'], renamed, true))).toContain('SDP-05 warn ibcf.home-b');
});

test('o= goes up by one and a payload type keeps its codec', () => {
  const version = (step: number) =>
    body((text) =>
      text.replace(/^o=(\S+ \S+) (\d+)/m, (_all, start: string, old: string) => `o=${start} ${Number(old) + step}`),
    );
  expect(found(changed(['UPDATE'], version(5), true))).toEqual(['DLG-15 warn ibcf.home-a']);
  expect(found(changed(['UPDATE'], version(-2), true))).toEqual(['DLG-15 fail ibcf.home-a']);
  const session = body((text) => text.replace(/^o=- /m, 'o=other '));
  expect(found(changed(['200 UPDATE'], session, true))).toEqual(['DLG-15 fail ibcf.home-b']);
  const remapped = body((text) =>
    text.replace('rtpmap:97 AMR-WB/16000/1', 'rtpmap:97 EVS/16000/1').replace(/^a=fmtp:97.*\r\n/m, ''),
  );
  expect(found(changed(['UPDATE'], remapped, true)).filter((one) => one.startsWith('DLG'))).toEqual([
    'DLG-15 fail ibcf.home-a',
  ]);
});

test('a route is judged without the entries that a response spoiled', () => {
  const reversed: Change = (edit, message) => edit.setAll('Record-Route', [...message.all('Record-Route')].reverse());
  expect(found(changed(['200 INVITE'], reversed))).toEqual(['RSP-02 fail ibcf.home-b']);
});

test('an INVITE that waits for a second gets 100', () => {
  const late = (title: string) => {
    const start = call().find((record) => titleOf(record) === title)?.at ?? 0;
    return without('100 INVITE').map((record) =>
      record.at < start ? record : { ...record, at: record.at + 2_000_000 },
    );
  };
  expect(found(late('183 INVITE'))).toEqual(['RSP-01 fail ibcf.home-b']);
  expect(found(without('100 INVITE'))).toEqual([]);
});

test('media ends with the call and goes to announced sockets', () => {
  const records = goodMediaCall();
  expect(found(records)).toEqual([]);
  const last = records.findLast((record) => record.protocol === 'rtp' && record.source.address === '192.0.2.16');
  const end = records.at(-1)?.at ?? 0;
  if (last === undefined) throw new Error('the call has no media');
  expect(found([...records, { ...last, at: end + 3_000_000 }])).toContain('DLG-07 warn trgw.home-a');
  const astray = records.map((record) =>
    record.protocol === 'rtp' && record.destination.port === 30_000
      ? { ...record, destination: { ...record.destination, port: 30_002 } }
      : record,
  );
  expect(found(astray)).toContain('RTP-05 warn trgw.home-a');
});

test('an unknown address is the border leaking where it shows its gateway elsewhere in the call', () => {
  const leaked: Change = (edit, message) =>
    edit.body(editSdp(parseSdp(message.body)).connection('session', '10.9.8.7').done().octets, 'application/sdp');
  const family = /^SDP-07/;
  expect(found(changed(['183 INVITE'], leaked), family)).toEqual(['SDP-07 fail ibcf.home-b']);
  expect(found(changed(['183 INVITE', '200 UPDATE'], leaked), family)).toEqual(['SDP-07 warn ibcf.home-b']);
});
