import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { CSIDriver, CSINode, CSIStorageCapacity, StorageClass, VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { complete, SchedulingLab } from '#test/fixtures/scheduling-lab.ts';

const host = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';
const mounting = (...claims: string[]): Draft<Pod>['spec'] => ({ volumes: claims.map((claimName, i) => ({ name: `v${i}`, persistentVolumeClaim: { claimName } })) });

const claim = (name: string, spec: Draft<PersistentVolumeClaim>['spec'] = {}, metadata = {}, status = {}): Draft<PersistentVolumeClaim> => ({
  metadata: { namespace: 'default', name, ...metadata }, status,
  spec: { storageClassName: 'wait', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const boundClaim = (name: string, volumeName: string, spec = {}) => claim(name, { volumeName, ...spec }, { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } });
const at = (...names: string[]): PersistentVolume['spec']['nodeAffinity'] => ({ required: { nodeSelectorTerms: [{ matchExpressions: [{ key: host, operator: 'In', values: names }] }] } });
const volume = (name: string, spec: Draft<PersistentVolume>['spec'] = {}, labels = {}): Draft<PersistentVolume> => ({
  metadata: { name, labels }, status: { phase: 'Available' },
  spec: { storageClassName: 'wait', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, ...spec },
});

/** Nodes n1 and n2 in zones a and b; class `wait` makes volumes for the first consumer, `now` at once, `none` never. */
function world(): SchedulingLab {
  const lab = new SchedulingLab();
  lab.node('n1', {}, { [zone]: 'a' });
  lab.node('n2', {}, { [zone]: 'b' });
  lab.put(StorageClass, { metadata: { name: 'wait' }, provisioner: 'example.com/disk', volumeBindingMode: 'WaitForFirstConsumer' });
  lab.put(StorageClass, { metadata: { name: 'now' }, provisioner: 'example.com/disk', volumeBindingMode: 'Immediate' });
  lab.put(StorageClass, { metadata: { name: 'none' }, provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'WaitForFirstConsumer' });
  return lab;
}

describe('VolumeBinding', () => {
  const plugin = 'VolumeBinding';
  const elsewhere = 'node(s) had volume node affinity conflict';
  const noVolume = "node(s) didn't find available persistent volumes to bind";
  const noRoom = 'node(s) did not have enough free storage';

  const rejected: readonly [string, (lab: SchedulingLab) => void, string][] = [
    ['a claim that is not there', () => undefined, 'persistentvolumeclaim "c" not found'],
    ['a claim that is being deleted', (lab) => lab.put(PersistentVolumeClaim, claim('c', {}, { deletionTimestamp: '2025-01-01T00:00:00Z' })), 'persistentvolumeclaim "c" is being deleted'],
    ['a claim that lost its volume', (lab) => lab.put(PersistentVolumeClaim, claim('c', { volumeName: 'v' }, {}, { phase: 'Lost' })), 'persistentvolumeclaim "c" bound to non-existent persistentvolume "v"'],
    ['a claim that is bound at once, but not yet', (lab) => lab.put(PersistentVolumeClaim, claim('c', { storageClassName: 'now' })), 'pod has unbound immediate PersistentVolumeClaims'],
    ['a claim without a class', (lab) => lab.put(PersistentVolumeClaim, claim('c', { storageClassName: '' })), 'pod has unbound immediate PersistentVolumeClaims'],
    ['a claim that names its volume', (lab) => lab.put(PersistentVolumeClaim, claim('c', { volumeName: 'v' })), 'pod has unbound immediate PersistentVolumeClaims'],
    ['a class that is not there', (lab) => lab.put(PersistentVolumeClaim, claim('c', { storageClassName: 'gone' })), 'storageclass.storage.k8s.io "gone" not found'],
  ];
  for (const [title, prepare, reason] of rejected) {
    it(`has no node for ${title}`, () => {
      const lab = world();
      prepare(lab);
      expect(lab.reasons(plugin, lab.pod('p', {}, mounting('c')), 'n1')).to.deep.equal([reason]);
    });
  }

  it('waits for claims that are made with the pod, and takes no one else\'s', () => {
    const lab = world();
    const pod = lab.pod('p', {}, { volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: {} } } }] });
    const seen = [lab.reasons(plugin, pod, 'n1')];
    lab.put(PersistentVolumeClaim, claim('p-scratch'));
    seen.push(lab.reasons(plugin, pod, 'n1'));
    lab.put(PersistentVolumeClaim, claim('p-scratch', {}, { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: pod.uid, controller: true }] }));
    seen.push(lab.reasons(plugin, pod, 'n1'));
    expect(seen).to.deep.equal([
      ['waiting for ephemeral volume controller to create the persistentvolumeclaim "p-scratch"'], ['PVC default/p-scratch was not created for pod default/p (pod is not owner)'], [],
    ]);
  });

  const cases: readonly [string, (lab: SchedulingLab) => void, readonly string[], readonly string[]][] = [
    ['a bound volume without a place', (lab) => {
      lab.put(PersistentVolume, volume('v'));
      lab.put(PersistentVolumeClaim, boundClaim('c', 'v'));
    }, [], []],
    ['a bound volume elsewhere', (lab) => {
      lab.put(PersistentVolume, volume('v', { nodeAffinity: at('n2') }));
      lab.put(PersistentVolumeClaim, boundClaim('c', 'v'));
    }, [elsewhere], []],
    ['a bound volume that is gone', (lab) => lab.put(PersistentVolumeClaim, boundClaim('c', 'v')),
      ['node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'], ['node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)']],
    ['a volume that exists in one place, of a class that makes none', (lab) => {
      lab.put(PersistentVolume, volume('v', { storageClassName: 'none', nodeAffinity: at('n1') }));
      lab.put(PersistentVolumeClaim, claim('c', { storageClassName: 'none' }));
    }, [], [noVolume]],
    ['a volume that is too small', (lab) => {
      lab.put(PersistentVolume, volume('v', { storageClassName: 'none' }));
      lab.put(PersistentVolumeClaim, claim('c', { storageClassName: 'none', resources: { requests: { storage: '2Gi' } } }));
    }, [noVolume], [noVolume]],
    ['a volume with other modes', (lab) => {
      lab.put(PersistentVolume, volume('v', { storageClassName: 'none', accessModes: ['ReadOnlyMany'] }));
      lab.put(PersistentVolumeClaim, claim('c', { storageClassName: 'none' }));
    }, [noVolume], [noVolume]],
    ['a volume that somebody keeps for another claim', (lab) => {
      lab.put(PersistentVolume, volume('v', { storageClassName: 'none', claimRef: { namespace: 'default', name: 'other' } }));
      lab.put(PersistentVolumeClaim, claim('c', { storageClassName: 'none' }));
    }, [noVolume], [noVolume]],
    ['a volume that somebody keeps for this claim, though its labels do not suit', (lab) => {
      lab.put(PersistentVolume, volume('v', { storageClassName: 'none', claimRef: { namespace: 'default', name: 'c' } }));
      lab.put(PersistentVolumeClaim, claim('c', { storageClassName: 'none', selector: { matchLabels: { tier: 'gold' } } }));
    }, [], []],
    ['a volume that will be made', (lab) => lab.put(PersistentVolumeClaim, claim('c')), [], []],
    ['a node that was selected already', (lab) => lab.put(PersistentVolumeClaim, claim('c', {}, { annotations: { 'volume.kubernetes.io/selected-node': 'n2' } })), [noVolume], []],
    ['volumes that can only be made in one place', (lab) => {
      const allowedTopologies = [{ matchLabelExpressions: [{ key: zone, values: ['b', 'c'] }] }];
      lab.put(StorageClass, { metadata: { name: 'wait' }, provisioner: 'example.com/disk', volumeBindingMode: 'WaitForFirstConsumer', allowedTopologies });
      lab.put(PersistentVolumeClaim, claim('c'));
    }, [noVolume], []],
    ['room in one place', (lab) => {
      lab.put(CSIDriver, { metadata: { name: 'example.com/disk' }, spec: { storageCapacity: true } });
      for (const [name, nodeName, capacity] of [['x', 'n1', '1Mi'], ['y', 'n2', '10Gi']] as const) {
        lab.put(CSIStorageCapacity, { metadata: { namespace: 'kube-system', name }, storageClassName: 'wait', nodeTopology: { matchLabels: { [host]: nodeName } }, capacity });
      }
      lab.put(PersistentVolumeClaim, claim('c'));
    }, [noRoom], []],
    ['room, but not for one volume of that size', (lab) => {
      lab.put(CSIDriver, { metadata: { name: 'example.com/disk' }, spec: { storageCapacity: true } });
      lab.put(CSIStorageCapacity, { metadata: { namespace: 'kube-system', name: 'x' }, storageClassName: 'wait', nodeTopology: {}, capacity: '10Gi', maximumVolumeSize: '1Mi' });
      lab.put(PersistentVolumeClaim, claim('c'));
    }, [noRoom], [noRoom]],
    ['a driver that does not say what room it has', (lab) => {
      lab.put(CSIDriver, { metadata: { name: 'example.com/disk' }, spec: {} });
      lab.put(PersistentVolumeClaim, claim('c'));
    }, [], []],
  ];
  for (const [title, prepare, onFirst, onSecond] of cases) {
    it(title, () => {
      const lab = world();
      prepare(lab);
      const pod = lab.pod('p', {}, mounting('c'));
      expect([lab.reasons(plugin, pod, 'n1'), lab.reasons(plugin, pod, 'n2')]).to.deep.equal([onFirst, onSecond]);
    });
  }

  it('gives two claims of a pod two volumes, the smallest that do', () => {
    const lab = world();
    for (const name of ['c1', 'c2']) lab.put(PersistentVolumeClaim, claim(name, { storageClassName: 'none' }));
    lab.put(PersistentVolume, volume('large', { storageClassName: 'none', capacity: { storage: '9Gi' } }));
    const pod = lab.pod('p', {}, mounting('c1', 'c2'));
    expect(lab.reasons(plugin, pod, 'n1')).to.deep.equal([noVolume]);
    lab.put(PersistentVolume, volume('small', { storageClassName: 'none' }));
    expect(lab.reasons(plugin, pod, 'n1')).to.deep.equal([]);
  });

  it('wakes pods for their own claims, for volumes, and for more room', () => {
    const lab = world();
    const pod = lab.pod('p', {}, mounting('c'));
    const room = (capacity: string) => complete(CSIStorageCapacity, { metadata: { namespace: 'x', name: 'x' }, storageClassName: 'wait', capacity });
    expect([
      lab.wakes(plugin, pod, { kind: 'claim/add', object: complete(PersistentVolumeClaim, claim('c')) }),
      lab.wakes(plugin, pod, { kind: 'claim/add', object: complete(PersistentVolumeClaim, claim('d')) }),
      lab.wakes(plugin, pod, { kind: 'volume/add', object: complete(PersistentVolume, volume('v')) }),
      lab.wakes(plugin, pod, { kind: 'capacity/update', object: room('2Gi'), previous: room('1Gi') }),
      lab.wakes(plugin, pod, { kind: 'capacity/update', object: room('1Gi'), previous: room('2Gi') }),
    ]).to.deep.equal([true, false, true, true, false]);
  });
});

describe('VolumeRestrictions', () => {
  const plugin = 'VolumeRestrictions';

  it('gives a claim for one pod to one pod, wherever that is', () => {
    const lab = world();
    lab.put(PersistentVolumeClaim, claim('c', { accessModes: ['ReadWriteOncePod'] }));
    const pod = lab.pod('p', {}, mounting('c'));
    expect(lab.passing(plugin, pod)).to.deep.equal(['n1', 'n2']);
    const user = lab.placed('n1', 'user', {}, mounting('c'));
    expect(lab.reasons(plugin, pod, 'n2')).to.deep.equal(['node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode']);
    lab.cluster.removePod(user.uid);
    expect(lab.passing(plugin, pod)).to.deep.equal(['n1', 'n2']);
  });

  it('gives a disk of a node to one pod, or to several that only read where that works', () => {
    const lab = world();
    const disk = (readOnly: boolean) => ({ volumes: [{ name: 'v', gcePersistentDisk: { pdName: 'd', readOnly } }] });
    lab.placed('n1', 'reader', {}, disk(true));
    expect([lab.passing(plugin, lab.pod('p', {}, disk(true))), lab.passing(plugin, lab.pod('q', {}, disk(false)))]).to.deep.equal([['n1', 'n2'], ['n2']]);
    expect(lab.reasons(plugin, lab.pod('r', {}, disk(false)), 'n1')).to.deep.equal(['node(s) had no available disk']);
  });
});

describe('VolumeZone', () => {
  it('keeps pods in the zones of their volumes', () => {
    const lab = world();
    lab.node('bare');
    const passing = (labels: Record<string, string>) => {
      lab.put(PersistentVolume, volume('v', {}, labels));
      lab.put(PersistentVolumeClaim, boundClaim('c', 'v'));
      return lab.passing('VolumeZone', lab.pod('p', {}, mounting('c')));
    };
    expect(passing({ [zone]: 'a' })).to.deep.equal(['bare', 'n1']);
    expect(passing({ [zone]: 'a__b' })).to.deep.equal(['bare', 'n1', 'n2']);
    expect(passing({ 'failure-domain.beta.kubernetes.io/zone': 'b' })).to.deep.equal(['bare', 'n2']);
    expect(passing({ 'topology.kubernetes.io/region': 'r' })).to.deep.equal(['bare']);
    expect(passing({})).to.deep.equal(['bare', 'n1', 'n2']);
  });
});

describe('NodeVolumeLimits', () => {
  const plugin = 'NodeVolumeLimits';
  const csi = (name: string) => volume(name, { csi: { driver: 'example.com/disk', volumeHandle: name } });

  function limited(count: number): SchedulingLab {
    const lab = world();
    lab.put(CSINode, { metadata: { name: 'n1' }, spec: { drivers: [{ name: 'example.com/disk', nodeID: 'n1', allocatable: { count } }] } });
    for (const name of ['a', 'b', 'c']) {
      lab.put(PersistentVolume, csi(`v${name}`));
      lab.put(PersistentVolumeClaim, boundClaim(name, `v${name}`));
    }
    return lab;
  }

  it('counts volumes, each once', () => {
    const lab = limited(2);
    lab.placed('n1', 'p1', {}, mounting('a'));
    lab.placed('n1', 'p2', {}, mounting('a', 'b'));
    expect(lab.reasons(plugin, lab.pod('again', {}, mounting('a')), 'n1'), 'a volume that is there').to.deep.equal([]);
    expect(lab.reasons(plugin, lab.pod('more', {}, mounting('c')), 'n1')).to.deep.equal(['node(s) exceed max volume count']);
    expect(lab.reasons(plugin, lab.pod('more', {}, mounting('c')), 'n2'), 'a node without limits').to.deep.equal([]);
  });

  it('minds no volume that is there already, even on a node with too many', () => {
    const lab = limited(1);
    lab.placed('n1', 'p1', {}, mounting('a', 'b'));
    expect(lab.reasons(plugin, lab.pod('again', {}, mounting('a')), 'n1')).to.deep.equal([]);
  });

  it('counts volumes that have yet to be made, and those that are still attached', () => {
    const lab = limited(1);
    lab.put(PersistentVolumeClaim, claim('unmade'));
    expect(lab.reasons(plugin, lab.pod('p', {}, mounting('unmade')), 'n1')).to.deep.equal([]);
    lab.put(VolumeAttachment, { metadata: { name: 'x' }, spec: { attacher: 'example.com/disk', nodeName: 'n1', source: { persistentVolumeName: 'va' } } });
    expect(lab.reasons(plugin, lab.pod('p', {}, mounting('unmade')), 'n1')).to.deep.equal(['node(s) exceed max volume count']);
  });
});
