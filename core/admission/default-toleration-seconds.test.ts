import { expect } from 'chai';
import type { Toleration } from '#core/api/schema/core-v1/affinity.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { admittingApi, type AdmittingApi } from '#test/fixtures/admitting-api.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';

describe('DefaultTolerationSeconds', () => {
  let world: AdmittingApi;
  beforeEach(async () => {
    world = await admittingApi(defaultTolerationSeconds);
  });
  afterEach(() => world.stop());

  const tolerations = async (given: Toleration[]): Promise<string[]> => {
    const spec = { containers: [{ name: 'c', image: 'i' }], tolerations: given };
    const pod = await world.client.create(Pod, { metadata: { namespace: 'default', generateName: 'p-' }, spec });
    return (pod.spec.tolerations ?? []).map(({ key = '*', effect = '*', tolerationSeconds = 0 }) => `${key} ${effect} ${tolerationSeconds}`);
  };
  const [notReady, unreachable] = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

  it('lets pods stay five minutes on a node in trouble', async () => {
    expect(await tolerations([])).to.deep.equal([`${notReady} NoExecute 300`, `${unreachable} NoExecute 300`]);
  });

  it('leaves alone what the author says of it', async () => {
    expect(await tolerations([{ key: notReady, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 10 }]))
      .to.deep.equal([`${notReady} NoExecute 10`, `${unreachable} NoExecute 300`]);
    expect(await tolerations([{ operator: 'Exists' }])).to.deep.equal(['* * 0']);
    expect(await tolerations([{ key: unreachable, operator: 'Exists', effect: 'NoSchedule' }])).to.have.length(3);
  });
});
