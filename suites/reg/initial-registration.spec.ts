import { scenario } from '../../fixtures/scenario.js';

// Catalogue §9.2. TS 24.229 §5.1.1.2 to §5.1.1.6, TS 33.203 §6.1, §7.1.

scenario('Q3953-REG-01', async ({ a }) => {
  const alice = await a.subscriber('alice');
  await alice.registers();
});

scenario('Q3953-REG-03', async ({ a }) => {
  const alice = await a.subscriber('alice');
  await alice.registers();
});

scenario('Q3953-REG-06', async ({ a }) => {
  const alice = await a.subscriber('alice', { behaviours: ['sqn-ahead'] });
  await alice.registers();
});

scenario('Q3953-REG-07', async ({ a }) => {
  const alice = await a.subscriber('alice', { behaviours: ['wrong-res'] });
  await alice.triesToRegister();
});

scenario('Q3953-REG-08', async ({ a }) => {
  const stranger = await a.subscriber('a stranger', { behaviours: ['unknown-identity'] });
  await stranger.triesToRegister();
});
