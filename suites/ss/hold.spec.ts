import { scenario } from '../../fixtures/scenario.js';

// Catalogue §9.6. TS 24.610 §4.5.2; RFC 3264 §8.4.

scenario('Q3953-SS-19', async ({ a, b }) => {
  const alice = await a.subscriber('alice');
  const bob = await b.subscriber('bob');
  await alice.registers();
  await bob.registers();

  const [call, answered] = await Promise.all([alice.calls(bob.number), bob.answers()]);
  await Promise.all([call.talks({ seconds: 2 }), answered.talks({ seconds: 2 })]);

  for (const holder of [call, answered]) {
    await holder.holds();
    await holder.waits({ seconds: 10 });
    await holder.resumes();
    await Promise.all([call.talks({ seconds: 2 }), answered.talks({ seconds: 2 })]);
  }

  await call.releases();
  await answered.ended();
});
