import { expect } from 'chai';
import { VolumeSnapshotContent } from '#core/controllers/storage/snapshots.ts';
import { DiskWorld, type DiskWorldOptions } from '#test/fixtures/disk-world.ts';
import { lostAnswer } from '#test/fixtures/volume-faults.ts';

const minute = 60_000;
const monday = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'monday' };
const size = (storage: string) => ({ resources: { requests: { storage } } });

describe('volumes from snapshots and claims', () => {
  let world: DiskWorld;
  afterEach(() => world.stop());

  async function begin(options: DiskWorldOptions = {}): Promise<void> {
    world = await DiskWorld.make({ snapshots: true, ...options });
    await world.createClaim();
    await world.createSnapshot();
    await world.run(0);
  }

  const said = (name = 'copy'): string => world.messages('ProvisioningFailed', name).map((message) => message.replace(/.*"fast": /, '')).join('; ');
  const phase = async (name = 'copy'): Promise<unknown> => (await world.getClaim(name)).status.phase;

  it('are filled from a snapshot', async () => {
    await begin();
    await world.createClaim('copy', { dataSource: monday, ...size('2Gi') });
    await world.settle();
    const [snapshot] = world.driver.snapshots.values();
    expect([await phase(), world.requests.at(-1)?.source, said()]).to.deep.equal(['Bound', { kind: 'snapshot', id: snapshot?.id }, '']);
  });

  it('wait until it is ready, and say so', async () => {
    await begin({ driver: { slowSnapshots: true } });
    await world.createClaim('copy', { dataSourceRef: monday });
    await world.settle(minute);
    expect([await phase(), said(), world.requests.length]).to.deep.equal(['Pending', 'snapshot monday is not Ready', 1]);
    await world.deleteSnapshot();
    await world.settle(minute);
    expect(world.messages('SnapshotDeletePending', 'monday'), 'it is wanted').to.have.length(1);
    world.driver.finishSnapshots();
    await world.settle(10 * minute);
    expect([await phase(), said().split('; ').at(-1)]).to.deep.equal(['Pending', 'snapshot monday is currently being deleted']);
    await world.deleteClaim('copy');
    await world.settle(10 * minute);
    expect([await world.snapshots(), world.driver.snapshots.size]).to.deep.equal([[], 0]);
  });

  it('wait for a snapshot that comes later', async () => {
    world = await DiskWorld.make({ snapshots: true });
    await world.createClaim('copy', { dataSource: monday });
    await world.run(0);
    expect(said()).to.equal('error getting snapshot monday from api server: volumesnapshots.snapshot.storage.k8s.io "monday" not found');
    await world.createClaim();
    await world.settle(0);
    await world.createSnapshot();
    await world.settle(0);
    expect(await phase(), 'at once').to.equal('Bound');
  });

  for (const [what, spec, message] of [
    ['less than the snapshot needs', { dataSource: monday, ...size('1Mi') }, 'requested volume size 1048576 is less than the size 1073741824 for the source snapshot monday'],
    ['another mode', { dataSource: monday, volumeMode: 'Block' }, 'modifies the mode of the source volume but does not have permission to do so'],
    ['less than the claim has', { dataSource: { kind: 'PersistentVolumeClaim', name: 'data' }, ...size('1Mi') }, 'new PVC request must be greater than or equal in size to the specified PVC data source, requested 1048576 but source is 1073741824'],
    ['another mode than the claim\'s', { dataSource: { kind: 'PersistentVolumeClaim', name: 'data' }, volumeMode: 'Block' }, 'must have the same volume mode for cloning'],
  ] as const) {
    it(`are not made of ${what}`, async () => {
      await begin();
      await world.createClaim('copy', spec);
      await world.settle(10 * minute);
      expect(said()).to.include(message);
      expect([await phase(), world.requests.length]).to.deep.equal(['Pending', 1]);
    });
  }

  it('may have another mode where the snapshot says so', async () => {
    await begin();
    const [content] = await world.contents();
    await world.client.patch(VolumeSnapshotContent, { name: content?.metadata.name ?? '' }, { type: 'merge', document: { metadata: { annotations: { 'snapshot.storage.kubernetes.io/allow-volume-mode-change': 'true' } } } });
    await world.createClaim('copy', { dataSource: monday, volumeMode: 'Block' });
    await world.settle();
    expect(await phase()).to.equal('Bound');
  });

  it('are filled from another claim', async () => {
    await begin();
    await world.createClaim('copy', { dataSource: { kind: 'PersistentVolumeClaim', name: 'data' } });
    await world.settle();
    expect([await phase(), world.requests.at(-1)?.source]).to.deep.equal(['Bound', { kind: 'volume', id: (await world.volumeOf()).spec.csi?.volumeHandle }]);
  });

  it('leave nothing behind when the answer is lost and the claim deleted', async () => {
    await begin();
    world.driver.failNext('create', lostAnswer());
    await world.createClaim('copy', { dataSource: monday });
    await world.settle(0);
    await world.deleteClaim('copy');
    await world.deleteSnapshot();
    await world.settle(10 * minute);
    expect([await world.snapshots(), world.driver.snapshots.size, world.driver.volumes.size]).to.deep.equal([[], 0, 1]);
  });

  it('are not this process\'s to make when only a populator knows the source', async () => {
    await begin();
    await world.createClaim('copy', { dataSourceRef: { apiGroup: 'example.com', kind: 'Backup', name: 'x' } });
    await world.settle(minute);
    expect([world.messages('Provisioning', 'copy'), world.requests.length]).to.deep.equal([['Assuming an external populator will provision the volume'], 1]);
  });
});
