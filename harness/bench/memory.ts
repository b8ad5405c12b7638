import type { Section } from './section.js';
import { StandingNetworks } from './standing-networks.js';

const CALLS = 10_000;
const BATCH = 1000;
const TALK_SECONDS = 0.2;
/** Growth of the heap from the first batch to the last that still counts as flat, in MB. */
const FLAT = 8;

/** Heap and resident set over many calls between the same two telephones in one process. */
export async function memory(calls = CALLS): Promise<Section> {
  const facts: string[] = [];
  const heaps: number[] = [];
  const batch = Math.min(BATCH, Math.max(1, Math.floor(calls / 2)));
  const networks = await StandingNetworks.start();
  try {
    for (let done = 0; done < calls; done += batch) {
      for (let i = 0; i < batch; i += 1) {
        await networks.call(TALK_SECONDS);
        networks.takeRecords();
      }
      const { heap, resident } = await settled();
      heaps.push(heap);
      facts.push(`after ${done + batch} calls: heap ${heap.toFixed(1)} MB, resident ${resident.toFixed(0)} MB`);
      process.stderr.write(`  ${facts.at(-1)}\n`);
    }
  } finally {
    await networks.stop();
  }
  const growth = (heaps.at(-1) ?? 0) - (heaps[0] ?? 0);
  const collected = globalThis.gc === undefined ? ' (without --expose-gc: the heap as it is)' : '';
  return {
    title: 'Memory',
    note: `${calls} calls with ${TALK_SECONDS} s of talk, one after the other in one process, records thrown away after each${collected}.`,
    tables: [],
    facts: [
      ...facts,
      `From the first to the last line: **${growth.toFixed(1)} MB**, ${growth < FLAT ? 'flat' : 'NOT flat'}.`,
    ],
  };
}

/** Figures in MB after garbage collection, where the process may ask for one. */
async function settled(): Promise<{ heap: number; resident: number }> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed / 1e6, resident: rss / 1e6 };
}
