import { scenario } from '../../fixtures/scenario.js';

// Catalogue §9.3. TS 26.114 §5.2.1, §6.2.2; RFC 4733 §2.5; RFC 4028 §10.

/** Every key of RFC 4733 §3.2. */
const KEYS = '0123456789*#ABCD';

scenario('Q3953-INT-14', async ({ a, b }) => {
  const alice = await a.subscriber('alice');
  const bob = await b.subscriber('bob');
  await alice.registers();
  await bob.registers();

  const [call, answered] = await Promise.all([alice.calls(bob.number, { sessionExpires: 90 }), bob.answers()]);
  await Promise.all([call.talks({ seconds: 100 }), answered.talks({ seconds: 100 })]);

  await call.releases();
  await answered.ended();
});

scenario('Q3953-INT-19', async ({ a, b }) => {
  const alice = await a.subscriber('alice', { codecs: ['AMR-WB', 'AMR'] });
  const bob = await b.subscriber('bob', { codecs: ['AMR-WB', 'AMR'] });
  await alice.registers();
  await bob.registers();

  const [call, answered] = await Promise.all([alice.calls(bob.number), bob.answers()]);
  await Promise.all([call.talks({ seconds: 2 }), answered.talks({ seconds: 2 })]);

  await call.releases();
  await answered.ended();
});

scenario('Q3953-INT-20', async ({ a, b }) => {
  const alice = await a.subscriber('alice', { codecs: ['AMR-WB', 'AMR'] });
  const bob = await b.subscriber('bob', { codecs: ['AMR'] });
  await alice.registers();
  await bob.registers();

  const [call, answered] = await Promise.all([alice.calls(bob.number), bob.answers()]);
  await Promise.all([call.talks({ seconds: 2 }), answered.talks({ seconds: 2 })]);

  await call.releases();
  await answered.ended();
});

scenario('Q3953-INT-23', async ({ a, b }) => {
  const alice = await a.subscriber('alice');
  const bob = await b.subscriber('bob');
  await alice.registers();
  await bob.registers();

  const [call, answered] = await Promise.all([alice.calls(bob.number), bob.answers()]);
  await Promise.all([call.presses(KEYS), answered.hears(KEYS)]);
  await Promise.all([answered.presses(KEYS), call.hears(KEYS)]);

  await call.releases();
  await answered.ended();
});
