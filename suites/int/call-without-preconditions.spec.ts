import { scenario } from '../../fixtures/scenario.js';

// Catalogue §9.3. TS 24.229 §5.1.3.1, §6.1.2; RFC 3312 §11.

scenario('Q3953-INT-10', async ({ a, b }) => {
  const alice = await a.subscriber('alice');
  const bob = await b.subscriber('bob', { preconditions: false });
  await alice.registers();
  await bob.registers();

  const [call, answered] = await Promise.all([alice.calls(bob.number), bob.answers()]);
  await Promise.all([call.talks({ seconds: 2 }), answered.talks({ seconds: 2 })]);

  await call.releases();
  await answered.ended();
});
