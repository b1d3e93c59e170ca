import { expect } from 'chai';
import { ValidatingAdmissionPolicy } from '#core/api/schema/admissionregistration-v1.ts';
import { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import { fixedKinds } from '#core/client/served-kinds.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { PolicyStatusController } from './controller.ts';

describe('policy status', () => {
  let world: Awaited<ReturnType<typeof harnessAround>>;
  beforeEach(async () => {
    world = await harnessAround((parts) => [new PolicyStatusController({ ...parts, kinds: fixedKinds([Deployment] as never[]) })]);
    await world.harness.start();
  });
  afterEach(() => world.stop());

  const policy = async (expression: string) => {
    await world.client.create(ValidatingAdmissionPolicy, {
      metadata: { name: 'p' },
      spec: {
        matchConstraints: { resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }] },
        validations: [{ expression }],
      },
    });
    await world.harness.settle();
    return (await world.client.get(ValidatingAdmissionPolicy, { name: 'p' })).status;
  };

  it('says that a policy was looked at', async () => {
    expect(await policy('object.spec.replicas < 5')).to.deep.equal({ observedGeneration: 1, typeChecking: {} });
  });

  it('warns of what the matched kinds cannot hold', async () => {
    const status = await policy("object.spec.replicas.startsWith('x') || object.spec.replica > 1");
    const [warning] = status?.typeChecking?.expressionWarnings ?? [];
    expect(warning?.fieldRef).to.equal('spec.validations[0].expression');
    expect(warning?.warning).to.match(/^apps\/v1, Kind=Deployment: compilation failed: ERROR: .*undefined field 'replica'/s);
  });
});
