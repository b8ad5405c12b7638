import { expect, test } from '@playwright/test';
import { CountingActivity } from './activity.js';
import { delay, ManualClock } from './clock.js';
import { SkippingClock } from './skipping-clock.js';

test('a manual clock fires what falls due on the way, in order, each at its own time', () => {
  const clock = new ManualClock(1000);
  const seen: [string, number][] = [];
  clock.after(20, () => seen.push(['b', clock.now()]));
  clock.after(10, () => {
    seen.push(['a', clock.now()]);
    clock.after(5, () => seen.push(['nested', clock.now()]));
  });
  const cancelled = clock.after(12, () => seen.push(['never', clock.now()]));
  cancelled.cancel();
  cancelled.cancel();
  clock.advance(19);
  expect(seen).toEqual([
    ['a', 1010],
    ['nested', 1015],
  ]);
  expect(clock.timers).toBe(1);
  clock.advance(1);
  expect(seen.at(-1)).toEqual(['b', 1020]);
  expect(clock.now()).toBe(1020);
});

test('a queue of many timers, most of them cancelled, keeps its order', () => {
  const clock = new ManualClock();
  const seen: number[] = [];
  const timers = Array.from({ length: 2000 }, (_, i) => {
    const due = (i * 7919) % 2003;
    return { due, timer: clock.after(due, () => seen.push(due)) };
  });
  const kept = timers.filter(({ timer }, i) => {
    if (i % 10 !== 0) timer.cancel();
    return i % 10 === 0;
  });
  clock.advance(3000);
  expect(seen).toEqual(kept.map(({ due }) => due).sort((a, b) => a - b));
});

test('a skipping clock does not wait, and time has passed all the same', async () => {
  const clock = new SkippingClock(new CountingActivity());
  const started = performance.now();
  const before = clock.now();
  await delay(clock, 32_000);
  expect(clock.now() - before).toBeGreaterThanOrEqual(32_000);
  expect(performance.now() - started).toBeLessThan(2000);
});

test('a skipping clock fires nothing while anything is under way, even when its time has come', async () => {
  const activity = new CountingActivity();
  const clock = new SkippingClock(activity);
  let fired = false;
  const token = activity.begin('a datagram');
  clock.after(1, () => {
    fired = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(fired).toBe(false);
  token.end();
  await delay(clock, 2);
  expect(fired).toBe(true);
});

test('a background timer never moves the skipping clock on its own', async () => {
  const clock = new SkippingClock(new CountingActivity());
  const seen: string[] = [];
  clock.after(1000, () => seen.push('expiry'), { background: true });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(seen).toEqual([]);
  await delay(clock, 900);
  expect(seen).toEqual([]);
  await delay(clock, 200);
  expect(seen).toEqual(['expiry']);
});

test('a held skipping clock stands', async () => {
  const clock = new SkippingClock(new CountingActivity());
  const release = clock.hold();
  let fired = false;
  const done = delay(clock, 5000).then(() => {
    fired = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(fired).toBe(false);
  release();
  await done;
  expect(fired).toBe(true);
});

test('what never arrives is given up after the guard, and told', async () => {
  const warnings: string[] = [];
  const activity = new CountingActivity({ guardMs: 20, onWarning: (text) => warnings.push(text) });
  const clock = new SkippingClock(activity);
  activity.begin('the answer of nobody');
  await delay(clock, 10_000);
  expect(activity.pending).toBe(0);
  expect(warnings).toEqual(['gave up waiting for the answer of nobody: nothing moved for 20 ms']);
});

test('a busy process is no reason to give up', async () => {
  const warnings: string[] = [];
  const activity = new CountingActivity({ guardMs: 20, onWarning: (text) => warnings.push(text) });
  const token = activity.begin('an answer');
  setImmediate(() => {
    const until = performance.now() + 60;
    while (performance.now() < until);
    setImmediate(() => token.end());
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(warnings).toEqual([]);
});
