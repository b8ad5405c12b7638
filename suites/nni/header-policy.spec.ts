import { basicCall, registered } from '../../fixtures/basic-call.js';
import { scenario } from '../../fixtures/scenario.js';

// Catalogue §9.8. TS 29.165 §6.1.1.3, Annex B. What must be true of the messages stands in the rules that the flows name.

scenario('Q3953-NNI-02', async (stage) => {
  const { alice, bob } = await registered(stage);
  await basicCall(alice, bob);
});

scenario('Q3953-NNI-03', async (stage) => {
  const { alice, bob } = await registered(stage);
  await basicCall(alice, bob);
});

scenario('Q3953-NNI-04', async (stage) => {
  const { alice, bob } = await registered(stage);
  await basicCall(alice, bob);

  const nobody = await alice.calls(stage.b.unallocatedNumber);
  await nobody.ended();

  bob.refusesCalls(603);
  const declined = await alice.calls(bob.number);
  await declined.ended();

  bob.refusesCalls(null);
  const [abandoned, ringing] = await Promise.all([alice.calls(bob.number), bob.rings()]);
  await abandoned.alerts();
  await abandoned.cancels();
  await ringing.ended();
});
