import { expect } from 'chai';
import type { Draft } from '#core/api/schema/kind.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { RuntimeClass } from '#core/api/schema/node-v1.ts';
import { admittingApi, type AdmittingApi } from '#test/fixtures/admitting-api.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import { runtimeClass } from './runtime-class.ts';

describe('RuntimeClass', () => {
  let world: AdmittingApi;
  beforeEach(async () => {
    world = await admittingApi(runtimeClass);
    await world.client.create(RuntimeClass, { metadata: { name: 'plain' }, handler: 'runc' });
    await world.client.create(RuntimeClass, {
      metadata: { name: 'vm' }, handler: 'kata', overhead: { podFixed: { memory: '128Mi' } },
      scheduling: { nodeSelector: { vm: 'yes' }, tolerations: [{ key: 'vm', operator: 'Exists', effect: 'NoSchedule' }] },
    });
  });
  afterEach(() => world.stop());

  const create = async (spec: Partial<Draft<Pod>['spec']>) =>
    (await world.client.create(Pod, { metadata: { namespace: 'default', name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } })).spec;

  it('gives pods the overhead and the nodes of their runtime', async () => {
    const own = { key: 'a', operator: 'Exists' as const };
    expect(await create({ runtimeClassName: 'vm', nodeSelector: { zone: 'a' }, tolerations: [own] })).to.deep.include({
      overhead: { memory: '128Mi' }, nodeSelector: { zone: 'a', vm: 'yes' }, tolerations: [own, { key: 'vm', operator: 'Exists', effect: 'NoSchedule' }],
    });
  });

  it('adds no toleration that is there already, in these words or wider ones', async () => {
    expect((await create({ runtimeClassName: 'vm', tolerations: [{ operator: 'Exists' }] })).tolerations).to.deep.equal([{ operator: 'Exists' }]);
    await world.client.delete(Pod, { namespace: 'default', name: 'p' });
    const narrow = { key: 'vm', operator: 'Equal' as const, value: 'x', effect: 'NoSchedule' as const };
    expect((await create({ runtimeClassName: 'vm', tolerations: [narrow] })).tolerations).to.deep.equal([{ key: 'vm', operator: 'Exists', effect: 'NoSchedule' }]);
  });

  it('takes the overhead from nobody else', async () => {
    expect(await create({ runtimeClassName: 'vm', overhead: { memory: '131072Ki' } })).to.deep.include({ overhead: { memory: '128Mi' } });
    expect(await refusalOf(create({ runtimeClassName: 'vm', overhead: { memory: '1Mi' } })))
      .to.equal('403 pods "p" is forbidden: pod rejected: Pod\'s Overhead doesn\'t match RuntimeClass\'s defined Overhead');
    for (const spec of [{ overhead: { memory: '1Mi' } }, { runtimeClassName: 'plain', overhead: { memory: '1Mi' } }]) {
      expect(await refusalOf(create(spec))).to.equal('403 pods "p" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    }
  });

  it('refuses pods whose class is missing, or whose nodes are others', async () => {
    expect(await refusalOf(create({ runtimeClassName: 'none' }))).to.equal('403 pods "p" is forbidden: pod rejected: RuntimeClass "none" not found');
    expect(await refusalOf(create({ runtimeClassName: 'vm', nodeSelector: { vm: 'no' } })))
      .to.equal('403 pods "p" is forbidden: conflict: runtimeClass.scheduling.nodeSelector[vm] = yes; pod.spec.nodeSelector[vm] = no');
  });
});
