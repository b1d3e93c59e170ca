import { expect } from 'chai';
import type { Draft } from '#core/api/schema/kind.ts';
import { LimitRange, type LimitRangeItem } from '#core/api/schema/core-v1/limit-range.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { admittingApi, type AdmittingApi } from '#test/fixtures/admitting-api.ts';
import { refusalOf } from '#test/fixtures/refusals.ts';
import { limitRanger } from './limit-ranger.ts';

type Resources = { requests?: Record<string, string>; limits?: Record<string, string> };

describe('LimitRanger', () => {
  let world: AdmittingApi;
  beforeEach(async () => {
    world = await admittingApi(limitRanger);
  });
  afterEach(() => world.stop());

  const limit = (...limits: LimitRangeItem[]) => world.unchecked.create(LimitRange, { metadata: { namespace: 'default', generateName: 'l-' }, spec: { limits } });
  const container = (name: string, resources: Resources = {}) => ({ name, image: 'i', resources });
  const run = (resources: Resources = {}, spec: Partial<Draft<Pod>['spec']> = {}) =>
    world.client.create(Pod, { metadata: { namespace: 'default', name: 'p' }, spec: { containers: [container('c', resources)], ...spec } });
  const claim = (storage: string) => world.client.create(PersistentVolumeClaim, {
    metadata: { namespace: 'default', name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
  });

  it('gives containers the defaults, and says so', async () => {
    await limit({ type: 'Container', default: { cpu: '1', memory: '1Gi' }, defaultRequest: { cpu: '500m' } });
    const pod = await run({ limits: { memory: '2Gi' } }, { initContainers: [container('init')] });
    expect(pod.spec.containers[0]?.resources).to.deep.equal({ limits: { cpu: '1', memory: '2Gi' }, requests: { cpu: '500m', memory: '2Gi' } });
    expect(pod.spec.initContainers?.[0]?.resources).to.deep.equal({ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } });
    expect(pod.metadata.annotations).to.deep.equal({
      'kubernetes.io/limit-ranger': 'LimitRanger plugin set: cpu request for container c; cpu limit for container c; cpu, memory request for init container init; cpu, memory limit for init container init',
    });
  });

  it('says nothing when there is nothing to do, nor in other namespaces', async () => {
    await world.unchecked.create(LimitRange, { metadata: { namespace: 'kube-system', name: 'l' }, spec: { limits: [{ type: 'Container', max: { cpu: '1m' }, default: { cpu: '1m' } }] } });
    await limit({ type: 'Pod', max: { cpu: '1' } });
    const pod = await run({ limits: { cpu: '1' } });
    expect([pod.metadata.annotations, pod.spec.containers[0]?.resources]).to.deep.equal([undefined, { limits: { cpu: '1' }, requests: { cpu: '1' } }]);
  });

  it('holds containers to their bounds', async () => {
    await limit({ type: 'Container', min: { cpu: '200m' }, max: { cpu: '800m' }, maxLimitRequestRatio: { cpu: '2' } });
    const refused = async (resources: Resources): Promise<string> => (await refusalOf(run(resources))).replace('403 pods "p" is forbidden: ', '');
    expect(await refused({ requests: { cpu: '100m' }, limits: { cpu: '150m' } })).to.equal('minimum cpu usage per Container is 200m, but request is 100m');
    expect(await refused({ requests: { cpu: '500m' }, limits: { cpu: '900m' } })).to.equal('maximum cpu usage per Container is 800m, but limit is 900m');
    expect(await refused({ requests: { cpu: '200m' }, limits: { cpu: '600m' } })).to.equal('cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000');
    await run({ requests: { cpu: '0.4' }, limits: { cpu: '800m' } });
  });

  it('holds pods to theirs, all containers together', async () => {
    await limit({ type: 'Pod', min: { memory: '1Gi' }, max: { cpu: '2' } });
    const two = (cpu: string, memory: string) => run({}, { containers: ['a', 'b'].map((name) => container(name, { limits: { cpu, memory } })) });
    expect(await refusalOf(two('1500m', '1Gi'))).to.equal('403 pods "p" is forbidden: maximum cpu usage per Pod is 2, but limit is 3');
    expect(await refusalOf(two('1', '256Mi'))).to.equal('403 pods "p" is forbidden: minimum memory usage per Pod is 1Gi, but request is 512Mi');
    await two('1', '512Mi');
  });

  it('names everything that is wrong', async () => {
    await limit({ type: 'Pod', min: { cpu: '200m' }, max: { cpu: '800m' }, maxLimitRequestRatio: { cpu: '2' } });
    expect(await refusalOf(run())).to.equal('403 pods "p" is forbidden: [minimum cpu usage per Pod is 200m. No request is specified, ' +
      'maximum cpu usage per Pod is 800m. No limit is specified, cpu max limit to request ratio per Pod is 2, but no request is specified or request is 0]');
  });

  it('holds claims to theirs, also when they grow', async () => {
    await limit({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '10Gi' } });
    expect(await refusalOf(claim('500Mi'))).to.equal('403 persistentvolumeclaims "data" is forbidden: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 500Mi');
    expect(await refusalOf(claim('11Gi'))).to.equal('403 persistentvolumeclaims "data" is forbidden: maximum storage usage per PersistentVolumeClaim is 10Gi, but request is 11Gi');
    const { status } = await claim('10Gi');
    await world.client.patchStatus(PersistentVolumeClaim, { namespace: 'default', name: 'data' }, { type: 'merge', document: { status: { ...status, phase: 'Bound', capacity: { storage: '10Gi' } } } });
    const grow = world.client.patch(PersistentVolumeClaim, { namespace: 'default', name: 'data' }, { type: 'merge', document: { spec: { resources: { requests: { storage: '20Gi' } } } } });
    expect(await refusalOf(grow)).to.contain('maximum storage usage per PersistentVolumeClaim is 10Gi, but request is 20Gi');
  });

  it('lets pods change that were there before the bounds', async () => {
    await run({ limits: { cpu: '5' } });
    await limit({ type: 'Container', max: { cpu: '1' } });
    const pod = await world.client.patch(Pod, { namespace: 'default', name: 'p' }, { type: 'merge', document: { metadata: { labels: { a: 'b' } } } });
    expect(pod.metadata.labels).to.deep.equal({ a: 'b' });
  });
});
