import { expect, test } from '@playwright/test';
import { createEnvironment } from '../../net/environment.js';
import type { TapRecord } from '../../net/tap.js';
import { parseSip } from '../../wire/sip/parse.js';
import { type InterconnectOptions, interconnectPlan } from '../topology.js';
import { createInterconnect, type Interconnect } from './interconnect.js';
import { ScriptedUe } from './scripted-ue.js';

interface Bed {
  readonly interconnect: Interconnect;
  readonly a: ScriptedUe;
  readonly b: ScriptedUe;
  readonly records: TapRecord[];
  stop(): Promise<void>;
}

let block = 200;

async function bed(options: Partial<InterconnectOptions> = {}): Promise<Bed> {
  block += 1;
  const plan = interconnectPlan({
    block: options.ipVersion === 6 ? test.info().parallelIndex : block + 10 * test.info().parallelIndex,
    transport: 'udp',
    ipVersion: 4,
    trust: true,
    topologyHiding: false,
    ...options,
  });
  const trace = process.env['Q3953_TRACE'] !== undefined;
  const records: TapRecord[] = [];
  const warnings: string[] = [];
  const environment = createEnvironment({
    clock: 'skipping',
    seed: 'home-network',
    tap: {
      record: (record) => {
        records.push(record);
        if (trace) console.log(shown(record));
      },
    },
    onWarning: (text) => warnings.push(text),
  });
  const interconnect = createInterconnect({ plan, environment });
  await interconnect.start();
  const ue = (home: 'homeA' | 'homeB'): ScriptedUe => {
    const [subscriber] = plan[home].subscribers;
    if (subscriber === undefined) throw new Error('no subscriber');
    const pCscf = plan[home].functions['p-cscf'].addresses;
    return new ScriptedUe({ environment, subscriber, domain: plan[home].profile.domain, pCscf });
  };
  const a = ue('homeA');
  const b = ue('homeB');
  await a.start();
  await b.start();
  return {
    interconnect,
    a,
    b,
    records,
    stop: async () => {
      await a.stop();
      await b.stop();
      await interconnect.stop();
      expect(warnings).toEqual([]);
    },
  };
}

/** For a look at what went over the wire: `Q3953_TRACE=1`. */
function shown(record: TapRecord): string {
  const way = `${record.source.address}:${record.source.port} -> ${record.destination.address}:${record.destination.port}`;
  if (record.protocol !== 'sip') return `${way} ${record.protocol} ${record.octets.length}`;
  return `${way} ${record.transport}\n${Buffer.from(record.octets).toString('utf8')}`;
}

function sipAt(records: readonly TapRecord[], address: string, port: number): readonly ReturnType<typeof parseSip>[] {
  return records
    .filter(
      (record) =>
        record.protocol === 'sip' && record.destination.address === address && record.destination.port === port,
    )
    .map((record) => parseSip(record.octets));
}

test('registers with AKA, and is told of it', async () => {
  const { a, interconnect, stop } = await bed();
  const registered = await a.register();
  expect(registered.status).toBe(200);
  expect(registered.all('Service-Route')).toHaveLength(1);
  expect(registered.all('P-Associated-URI')).toHaveLength(2);
  expect(interconnect.homeA.sCscf.isRegistered(a.identity)).toBe(true);
  expect(interconnect.homeA.tas.servedUsers).toHaveLength(1);
  await stop();
  expect(interconnect.leftovers()).toEqual([]);
});

for (const options of [
  {},
  { topologyHiding: true },
  { trust: false },
  { transport: 'tcp' },
  { transport: 'tls' },
  { ipVersion: 6 },
] as const satisfies readonly Partial<InterconnectOptions>[]) {
  test(`a call between two home networks ${JSON.stringify(options)}`, async () => {
    const { a, b, interconnect, records, stop } = await bed(options);
    expect((await a.register()).status).toBe(200);
    expect((await b.register()).status).toBe(200);
    b.answers();
    const call = await a.call(b.number);
    expect(call.answer.status).toBe(200);
    const bye = await a.bye(call);
    expect(bye.status).toBe(200);
    await stop();
    expect(interconnect.leftovers()).toEqual([]);
    expect(records.length).toBeGreaterThan(0);
    expect(sipAt(records, 'nowhere', 0)).toEqual([]);
  });
}
