import { CreateSnapshotCommand } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import type { Snapshot } from '#core/spi/volume-driver.ts';
import type { AwsLabOptions } from '#test/fixtures/aws-lab.ts';
import { EbsLab, GIB, never, refusal } from '#test/fixtures/ebs-lab.ts';

describe('snapshots of EBS volumes', () => {
  let ebs: EbsLab;
  let id: string;
  afterEach(() => ebs.stop());

  async function open(options: AwsLabOptions = {}): Promise<void> {
    ebs = await EbsLab.make(options);
    ({ id } = await ebs.driver.create(ebs.request({ capacity: { required: 10n * GIB } }), never));
  }
  const take = (name: string, parameters: Readonly<Record<string, string>> = {}): Promise<Snapshot> => ebs.driver.createSnapshot(name, id, parameters, never);
  const rows = (): { readonly id: string; readonly tags: ReadonlyMap<string, string> }[] => [...ebs.region.snapshots.rows()];

  it('carry the marks of the cluster and what their class says', async () => {
    await open({ config: { clusterId: 'blue', extraTags: { team: 'storage' } } });
    const { size, ready, createdAt } = await take('snapshot-1', {
      tagSpecification_1: 'content={{ .VolumeSnapshotContentName }}', tagSpecification_2: 'of={{ .VolumeSnapshotNamespace }}/{{ .VolumeSnapshotName }}',
      'csi.storage.k8s.io/volumesnapshot/name': 'daily', 'csi.storage.k8s.io/volumesnapshot/namespace': 'prod',
    });
    expect({ size, ready, createdAt }).to.deep.equal({ size: 10n * GIB, ready: false, createdAt: rows().length === 1 ? createdAt : NaN });
    expect(Object.fromEntries(rows()[0]!.tags)).to.deep.equal({
      CSIVolumeSnapshotName: 'snapshot-1', 'ebs.csi.aws.com/cluster': 'true', 'kubernetes.io/cluster/blue': 'owned', KubernetesCluster: 'blue', 'ebs.csi.aws.com/cluster-name': 'blue', Name: 'blue-dynamic-snapshot-1',
      content: 'snapshot-1', of: 'prod/daily', team: 'storage',
    });
    ebs.advance(60_000);
    expect((await take('snapshot-1')).ready).to.equal(true);
    expect(await refusal(take('snapshot-2', { tagSpecification_1: 'of={{ .VolumeSnapshotName }}' }), 'Invalid')).to.match(/no \.VolumeSnapshotName/);
  });

  for (const kind of ['before', 'after', 'lost'] as const) {
    for (const restarts of [false, true]) {
      it(`are one after an answer that failed (${kind}${restarts ? ', and a restart' : ''}), though reads are late`, async () => {
        await open({ delays: { consistency: [3000, 4000] }, faults: { faults: [{ action: 'CreateSnapshot', nth: 1, kind }] } });
        await refusal(take('snapshot-1'), 'Unknown');
        if (restarts) ebs.restart();
        const { id: first } = await take('snapshot-1');
        expect(rows().map((row) => row.id)).to.deep.equal([first]);
      });
    }
  }

  it('are asked about for many in one call', async () => {
    await open();
    ebs.advance(60_000);
    const names = Array.from({ length: 4 }, (_each, index) => `snapshot-${index}`);
    await Promise.all(names.map((name) => take(name)));
    expect(ebs.takeCounts()).to.include({ CreateSnapshot: 4, DescribeSnapshots: 1 });
    expect(await refusal(Promise.all([take('snapshot-5'), take('snapshot-6')]), 'Exhausted'), 'EC2 makes five of a volume at once').to.match(/ConcurrentSnapshotLimitExceeded/);
    ebs.advance(60_000);
    expect((await Promise.all(names.map((name) => take(name)))).every(({ ready }) => ready)).to.equal(true);
  });

  it('of others are found, and never removed', async () => {
    await open();
    const { SnapshotId: foreign = '' } = await ebs.lab.context.api.ec2(new CreateSnapshotCommand({ VolumeId: id }), never);
    ebs.advance(60_000);
    expect(await ebs.driver.findSnapshot(foreign, never)).to.include({ id: foreign, ready: true });
    expect(await refusal(ebs.driver.deleteSnapshot(foreign, never), 'Invalid')).to.include(foreign);
    expect(rows()).to.have.lengthOf(1);
  });

  it('make volumes of their size at least', async () => {
    await open();
    const { id: snapshot } = await take('snapshot-1');
    const source = { kind: 'snapshot', id: snapshot } as const;
    expect(await refusal(ebs.driver.create(ebs.request({ source }), never), 'Unavailable')).to.match(/not ready yet \(pending\)/);
    ebs.advance(60_000);
    const small = ebs.request({ source, capacity: { required: GIB } });
    const volume = await ebs.driver.create(small, never);
    expect(volume.capacity).to.equal(10n * GIB);
    expect(await ebs.driver.create(small, never)).to.deep.equal(volume);
    expect(await refusal(ebs.driver.create(ebs.request({ source, capacity: { required: GIB, limit: 5n * GIB } }), never), 'Invalid')).to.match(/from a snapshot of 10 GiB/);
    expect((await ebs.driver.create(ebs.request({ source, capacity: { required: 12n * GIB }, parameters: { volumeInitializationRate: '200' } }), never)).capacity).to.equal(12n * GIB);
  });

  it('that failed are taken away, and told of', async () => {
    await open();
    const { id: snapshot } = await take('snapshot-1');
    ebs.advance(60_000);
    ebs.region.snapshots.update(snapshot, { state: 'error' });
    ebs.advance(10_000);
    expect(await refusal(take('snapshot-1'), 'Unavailable')).to.match(/snapshot-1 failed as snap-/);
    expect(rows()).to.have.lengthOf(0);
    expect((await take('snapshot-1')).id).not.to.equal(snapshot);
  });
});
