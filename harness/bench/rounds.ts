import { performance } from 'node:perf_hooks';

/** One thing to measure: does its work `count` times. */
export interface Candidate {
  readonly name: string;
  run(count: number): void;
}

/** Median speed of a candidate over the rounds. */
export interface Speed {
  readonly name: string;
  readonly perSecond: number;
  readonly microseconds: number;
}

/**
 * Measures the candidates in turn, A B C A B C …, so that a machine that slows down slows all of them; the figures to quote are the
 * ratios of one run. Each sample runs long enough for the clock to be fine beside it.
 */
export function compare(candidates: readonly Candidate[], rounds = 7, sampleMs = 120): readonly Speed[] {
  const counts = candidates.map((candidate) => calibrate(candidate, sampleMs));
  const samples = candidates.map(() => [] as number[]);
  for (let round = 0; round < rounds; round += 1) {
    candidates.forEach((candidate, index) => {
      const count = counts[index] ?? 1;
      const begin = performance.now();
      candidate.run(count);
      samples[index]?.push((performance.now() - begin) / count);
    });
  }
  return candidates.map((candidate, index) => {
    const ms = median(samples[index] ?? []);
    return { name: candidate.name, perSecond: 1000 / ms, microseconds: ms * 1000 };
  });
}

/** How many runs fill a sample; warms the candidate up on the way. */
function calibrate(candidate: Candidate, sampleMs: number): number {
  let count = 1;
  for (;;) {
    const begin = performance.now();
    candidate.run(count);
    const took = performance.now() - begin;
    if (took >= sampleMs / 4) {
      return Math.max(1, Math.round((count * sampleMs) / took));
    }
    count *= 2;
  }
}

/** The middle value; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
