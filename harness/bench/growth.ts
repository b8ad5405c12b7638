import { captureFromTap } from '../evidence/capture-from-tap.js';
import { evidenceFromCapture } from '../evidence/evidence-from-capture.js';
import { judge } from '../judge/judge.js';
import type { TapRecord } from '../net/tap.js';
import { parseSip } from '../wire/sip/parse.js';
import { cpuMilliseconds } from './cpu.js';
import { INVITE } from './invite.js';
import { median } from './rounds.js';
import type { Section } from './section.js';
import { StandingNetworks } from './standing-networks.js';

const SIZES = [1, 2, 4, 8, 16] as const;
const ROUNDS = 5;
/** Calls of the unit load that is judged. */
const UNIT_CALLS = 5;

/** What each thing costs a unit as its input grows sixteenfold: a line must stay flat. */
export async function growth(): Promise<Section> {
  // The first size would otherwise pay for the compiler.
  for (let i = 0; i < 5; i += 1) parsing(1);
  const rows: string[] = [
    line('Parse an INVITE with 1× to 16× as many header lines (µs a line)', SIZES.map(parsing)),
    ...(await judgingAndCalling()),
  ];
  return {
    title: 'Growth from 1× to 16×',
    note: `CPU of one unit at ${SIZES.map((size) => `${size}×`).join(', ')} of the input; median of ${ROUNDS}. The factor is the last against the first.`,
    tables: [],
    facts: rows,
  };
}

function line(what: string, costs: readonly number[]): string {
  const factor = (costs.at(-1) ?? Number.NaN) / (costs[0] ?? Number.NaN);
  return `${what}: ${costs.map((cost) => cost.toFixed(2)).join(', ')} (factor ${factor.toFixed(2)})`;
}

/** All headers and defects of a message with `size` times the usual header lines, µs for each usual set of lines. */
function parsing(size: number): number {
  const text = INVITE.toString('latin1');
  const cut = text.indexOf('\r\n\r\n') + 2;
  const more = Array.from({ length: 20 * (size - 1) }, (_, i) => `X-Line-${i}: <sip:${i}@a.example;lr>;n=${i}\r\n`);
  const octets = Buffer.from(text.slice(0, cut) + more.join('') + text.slice(cut), 'latin1');
  const work = (): number => {
    const message = parseSip(octets);
    return message.headers.length + message.all('Via').length;
  };
  return cost(() => {
    for (let i = 0; i < 400; i += 1) work();
  }, 400 * size);
}

async function judgingAndCalling(): Promise<readonly string[]> {
  const networks = await StandingNetworks.start();
  try {
    networks.takeRecords();
    const records: TapRecord[] = [];
    const calling: number[] = [];
    const judged: number[] = [];
    for (let i = 0; i < 30; i += 1) await networks.call(0.2);
    networks.takeRecords();
    for (const size of SIZES) {
      const samples: number[] = [];
      while (samples.length < size * UNIT_CALLS) {
        const begin = cpuMilliseconds();
        await networks.call(0.2);
        samples.push(cpuMilliseconds() - begin);
      }
      calling.push(samples.reduce((sum, sample) => sum + sample, 0) / samples.length);
    }
    records.push(...networks.takeRecords());
    const perCall = Math.floor(records.length / SIZES.reduce((sum, size) => sum + size * UNIT_CALLS, 0));
    for (const size of SIZES) {
      const part = records.slice(0, perCall * UNIT_CALLS * size);
      const capture = captureFromTap(part, { profile: networks.profile });
      const work = (): void => {
        const { evidence, profile } = evidenceFromCapture(capture);
        judge(evidence, profile);
      };
      if (size === 1) for (let i = 0; i < 10; i += 1) work();
      judged.push(cost(work, part.length));
    }
    return [
      line(
        `Read and judge a capture of ${perCall * UNIT_CALLS} to ${16 * perCall * UNIT_CALLS} records (µs a record)`,
        judged,
      ),
      line(`A call in a process that has played ${UNIT_CALLS} to ${31 * UNIT_CALLS} before (ms a call)`, calling),
    ];
  } finally {
    await networks.stop();
  }
}

/** Median CPU of a piece of work, µs a unit. */
function cost(work: () => void, units: number): number {
  work();
  const samples: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const begin = cpuMilliseconds();
    work();
    samples.push(((cpuMilliseconds() - begin) * 1000) / units);
  }
  return median(samples);
}
