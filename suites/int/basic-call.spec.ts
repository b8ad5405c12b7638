import { scenario } from '../../fixtures/scenario.js';

// Catalogue §9.3, worked example §9.0.1. TS 24.229 §5.1.3 to §5.1.5, TS 23.228 §5.5.1, §5.6.2, §5.7.2.

scenario('Q3953-INT-01', async ({ a, b, talkTime }) => {
  const alice = await a.subscriber('alice');
  const bob = await b.subscriber('bob');
  await alice.registers();
  await bob.registers();

  const [call, answered] = await Promise.all([alice.calls(bob.number), bob.answers()]);
  await Promise.all([call.talks(talkTime), answered.talks(talkTime)]);

  await call.releases();
  await answered.ended();
});

scenario('Q3953-INT-02', async ({ a, b, talkTime }) => {
  const alice = await a.subscriber('alice');
  const bob = await b.subscriber('bob');
  await alice.registers();
  await bob.registers();

  const [call, answered] = await Promise.all([alice.calls(bob.number), bob.answers()]);
  await Promise.all([call.talks(talkTime), answered.talks(talkTime)]);

  await answered.releases();
  await call.ended();
});
