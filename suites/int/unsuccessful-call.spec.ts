import { scenario } from '../../fixtures/scenario.js';

// Catalogue §9.3. RFC 3261 §9, §21.6.2; TS 24.229 §5.1.3, §5.1.4.

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
