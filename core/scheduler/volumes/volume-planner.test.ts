import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { SchedulingLab } from '#test/fixtures/scheduling-lab.ts';

const mounting = (claimName: string) => ({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }] });

describe('VolumePlanner', () => {
  let lab: SchedulingLab;
  const passing = (pod: PodInfo): readonly string[] => lab.passing('VolumeBinding', pod);
  const claim = (name: string, storageClassName: string) => lab.put(PersistentVolumeClaim, {
    metadata: { namespace: 'default', name }, spec: { storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });

  beforeEach(() => {
    lab = new SchedulingLab();
    for (const name of ['n1', 'n2']) lab.node(name);
    lab.put(StorageClass, { metadata: { name: 'made' }, provisioner: 'example.com/disk', volumeBindingMode: 'WaitForFirstConsumer' });
    lab.put(StorageClass, { metadata: { name: 'found' }, provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' });
  });

  it('promises a volume to one claim, until that is taken back', () => {
    lab.put(PersistentVolume, { metadata: { name: 'v' }, spec: { storageClassName: 'found', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } }, status: { phase: 'Available' } });
    for (const name of ['a', 'b']) claim(name, 'found');
    const [first, second] = [lab.pod('first', {}, mounting('a')), lab.pod('second', {}, mounting('b'))];
    const reservation = lab.volumes.reserve(first, lab.cluster.node('n1')!);
    expect(passing(second)).to.deep.equal([]);
    expect(() => lab.volumes.reserve(second, lab.cluster.node('n1')!)).to.throw("didn't find available persistent volumes to bind");
    reservation?.release();
    expect(passing(second)).to.deep.equal(['n1', 'n2']);
  });

  it('keeps pods that share a claim on the node that was chosen for it', () => {
    claim('shared', 'made');
    const [first, second] = [lab.pod('first', {}, mounting('shared')), lab.pod('second', {}, mounting('shared'))];
    const reservation = lab.volumes.reserve(first, lab.cluster.node('n2')!);
    expect(passing(second)).to.deep.equal(['n2']);
    const another = lab.volumes.reserve(second, lab.cluster.node('n2')!);
    another?.release();
    expect(passing(second), 'the first still has it').to.deep.equal(['n2']);
    reservation?.release();
    expect(passing(second)).to.deep.equal(['n1', 'n2']);
  });

  it('has nothing to do for pods without claims, or whose claims are bound', () => {
    expect(lab.volumes.reserve(lab.pod('p'), lab.cluster.node('n1')!)).to.equal(undefined);
  });
});
