import { scenario } from '../../fixtures/scenario.js';

// Catalogue §9.2. TS 24.229 §5.1.1.4, §5.1.1.6, §5.4.1.4.

scenario('Q3953-REG-04', async ({ a }) => {
  const alice = await a.subscriber('alice');
  await alice.registers();
  await alice.reregisters();
});

scenario('Q3953-REG-09', async ({ a, b }) => {
  const alice = await a.subscriber('alice');
  const bob = await b.subscriber('bob');
  await alice.registers();
  await bob.registers();

  await alice.deregisters();

  const call = await bob.calls(alice.number);
  await call.ended();
});
