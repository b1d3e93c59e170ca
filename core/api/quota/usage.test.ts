import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import { Lease } from '#core/api/schema/coordination-v1.ts';
import type { KindNames, KubernetesObject } from '#core/api/schema/kind.ts';
import { concerns, isCovered, totalUsage, usageOf } from './usage.ts';

const object = (fields: object): KubernetesObject => ({ apiVersion: 'v1', kind: 'X', metadata: { name: 'x', uid: '', resourceVersion: '', creationTimestamp: '' }, ...fields });
const used = (kind: KindNames, fields: object): Record<string, string> => Object.fromEntries([...usageOf(kind, object(fields))].map(([name, amount]) => [name, amount.toString()]));
const quota = (spec: object): ResourceQuota => object({ spec, status: {} }) as ResourceQuota;

describe('quota usage', () => {
  it('counts objects, by the old names too', () => {
    expect(used(ConfigMap, {})).to.deep.equal({ 'count/configmaps': '1', configmaps: '1' });
    expect(used(Lease, { spec: {} })).to.deep.equal({ 'count/leases.coordination.k8s.io': '1' });
  });

  it('counts a claim\'s request, of its class too, and what is being given while it grows', () => {
    const spec = { storageClassName: 'gold', resources: { requests: { storage: '2Gi' } } };
    expect(used(PersistentVolumeClaim, { spec, status: {} })).to.deep.equal({
      'count/persistentvolumeclaims': '1', persistentvolumeclaims: '1', 'requests.storage': '2Gi',
      'gold.storageclass.storage.k8s.io/requests.storage': '2Gi', 'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
    });
    expect(used(PersistentVolumeClaim, { spec: { ...spec, storageClassName: '' }, status: { allocatedResources: { storage: '5Gi' } } })).to.deep.equal({
      'count/persistentvolumeclaims': '1', persistentvolumeclaims: '1', 'requests.storage': '5Gi',
    });
  });

  it('counts what a pod needs at most: init containers one by one, sidecars all along', () => {
    const container = (cpu: string, extra: object = {}) => ({ name: 'c', resources: { requests: { cpu }, limits: { cpu, memory: '1Gi' } }, ...extra });
    const spec = { containers: [container('100m'), container('200m')], initContainers: [container('50m', { restartPolicy: 'Always' }), container('900m')], overhead: { cpu: '5m' } };
    const usage = used(Pod, { spec, status: { phase: 'Running' } });
    expect(usage).to.deep.include({ 'count/pods': '1', pods: '1', cpu: '955m', 'requests.cpu': '955m', 'limits.cpu': '955m', 'limits.memory': '3Gi' });
    expect(used(Pod, { spec, status: { phase: 'Succeeded' } })).to.deep.equal({ 'count/pods': '1' });
  });

  it('heeds the scopes of a quota', () => {
    const bestEffort = object({ spec: { containers: [{ name: 'c' }], priorityClassName: 'high' }, status: {} });
    const bounded = object({ spec: { containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }], activeDeadlineSeconds: 5 }, status: {} });
    const covers = (spec: object): boolean[] => [bestEffort, bounded].map((pod) => isCovered(quota(spec), Pod, pod));
    expect(covers({})).to.deep.equal([true, true]);
    expect(covers({ scopes: ['BestEffort'] })).to.deep.equal([true, false]);
    expect(covers({ scopes: ['NotBestEffort', 'Terminating'] })).to.deep.equal([false, true]);
    expect(covers({ scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } })).to.deep.equal([true, false]);
    expect(isCovered(quota({ scopes: ['BestEffort'] }), ConfigMap, object({}))).to.equal(false);
  });

  it('adds up only what is asked for', () => {
    const usages = ['1Gi', '512Mi'].map((storage) => usageOf(PersistentVolumeClaim, object({ spec: { resources: { requests: { storage } } }, status: {} })));
    expect([...totalUsage(['requests.storage', 'pods'], usages)].map(([name, amount]) => `${name} ${amount.toString()}`)).to.deep.equal(['requests.storage 1536Mi', 'pods 0']);
  });

  it('knows which kinds can matter to which names', () => {
    const names = (kind: KindNames): string[] =>
      ['count/pods', 'pods', 'requests.cpu', 'requests.storage', 'gold.storageclass.storage.k8s.io/requests.storage', 'configmaps', 'count/leases.coordination.k8s.io']
        .filter((name) => concerns(kind, [name]));
    expect(names(PersistentVolumeClaim)).to.deep.equal(['requests.storage', 'gold.storageclass.storage.k8s.io/requests.storage']);
    expect(names(ConfigMap)).to.deep.equal(['configmaps']);
    expect(names(Lease)).to.deep.equal(['count/leases.coordination.k8s.io']);
    expect(names(Pod)).to.include.members(['count/pods', 'pods', 'requests.cpu']);
    expect(names(Pod)).not.to.include('requests.storage');
  });
});
