import { scenario } from '../../fixtures/scenario.js';

// Catalogue §9.3. RFC 3261 §9, §16.8, §21.4, §21.6.2; TS 24.229 §5.1.3, §5.1.4, §5.3.2.2.

scenario('Q3953-INT-04', async ({ a, b }) => {
  const alice = await a.subscriber('alice');
  const carol = await a.subscriber('carol', { index: 1 });
  const bob = await b.subscriber('bob');
  await alice.registers();
  await carol.registers();
  await bob.registers();

  const [other, answered] = await Promise.all([carol.calls(bob.number), bob.answers()]);
  const call = await alice.calls(bob.number);
  await call.ended();

  await other.releases();
  await answered.ended();
});

scenario('Q3953-INT-05', async ({ a, b }) => {
  const alice = await a.subscriber('alice');
  const bob = await b.subscriber('bob');
  await alice.registers();
  await bob.registers();

  const [call, ringing] = await Promise.all([alice.calls(bob.number), bob.rings()]);
  await call.alerts();
  ringing.rejects(603);
  await call.ended();
});

scenario('Q3953-INT-06', async ({ a, b }) => {
  const alice = await a.subscriber('alice');
  const bob = await b.subscriber('bob');
  await alice.registers();
  await bob.registers();

  const [first, unanswered] = await Promise.all([alice.calls(bob.number), bob.rings()]);
  await first.alerts();
  await first.waits({ seconds: 30 });
  await first.cancels();
  await unanswered.ended();

  const [second, ringing] = await Promise.all([alice.calls(bob.number), bob.rings()]);
  await second.alerts();
  await ringing.waits({ seconds: 120 });
  await second.ended();
  await ringing.ended();
});

scenario('Q3953-INT-07', async ({ a, b }) => {
  const alice = await a.subscriber('alice');
  const bob = await b.subscriber('bob');
  await alice.registers();
  await bob.registers();

  const [call, ringing] = await Promise.all([alice.calls(bob.number), bob.rings()]);
  await call.alerts();
  await call.cancels();
  await ringing.ended();
});

scenario('Q3953-INT-08', async ({ a, b }) => {
  const alice = await a.subscriber('alice', { behaviours: ['no-update'] });
  const bob = await b.subscriber('bob');
  await alice.registers();
  await bob.registers();

  const [call, coming] = await Promise.all([alice.calls(bob.number), bob.receives(), alice.sees('200 to PRACK')]);
  await call.cancels();
  await coming.ended();
});

scenario('Q3953-INT-09', async ({ a, b }) => {
  const alice = await a.subscriber('alice');
  await alice.registers();

  const call = await alice.calls(b.unallocatedNumber);
  await call.ended();
});
