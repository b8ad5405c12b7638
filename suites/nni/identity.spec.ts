import { basicCall, registered } from '../../fixtures/basic-call.js';
import { scenario } from '../../fixtures/scenario.js';

// Catalogue §9.8. TS 29.165 §11.2, §12.3; TS 24.229 §4.4, §4.5, §5.10; RFC 3325.

scenario('Q3953-NNI-07', async (stage) => {
  const { alice, bob } = await registered(stage);
  await basicCall(alice, bob);
  await basicCall(bob, alice);
});

scenario('Q3953-NNI-10', async (stage) => {
  const { alice, bob } = await registered(stage);
  await basicCall(alice, bob);
  await basicCall(alice, bob, { releasedBy: 'callee' });
  await basicCall(bob, alice);
});

scenario('Q3953-NNI-12', async (stage) => {
  const { alice, bob } = await registered(stage);
  await basicCall(alice, bob);
});

scenario('Q3953-NNI-13', async (stage) => {
  const { alice, bob } = await registered(stage);
  await basicCall(alice, bob);
  await basicCall(alice, bob, { privacy: ['id'] });
  await basicCall(alice, bob, { privacy: ['none'] });
});
