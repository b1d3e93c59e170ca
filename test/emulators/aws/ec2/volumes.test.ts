import { expect } from 'chai';
import type { Volume } from '#test/emulators/aws/rows.ts';
import { availableVolume, codeOf, refusalOf, runningInstance, sdkLab, zone, type SdkLab } from '#test/emulators/aws/sdk-lab.ts';

describe('emulated volumes', () => {
  let lab: SdkLab;
  beforeEach(async () => {
    lab = await sdkLab();
  });
  afterEach(() => lab.stop());

  const volume = async (id: string) => (await lab.ec2.describeVolumes({ VolumeIds: [id] })).Volumes![0]!;

  it('are being created before they are available', async () => {
    const made = await lab.ec2.createVolume({
      AvailabilityZone: zone, Size: 10, VolumeType: 'gp3', Iops: 4000, Throughput: 250, Encrypted: true, TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'CSIVolumeName', Value: 'pvc-1' }] }],
    });
    expect(made.State).to.equal('creating');
    lab.emulator.state.advance(10_000);
    const shown = await volume(made.VolumeId!);
    expect(shown).to.include({ State: 'available', Size: 10, Iops: 4000, Throughput: 250, Encrypted: true, VolumeType: 'gp3', AvailabilityZone: zone });
    expect(shown.CreateTime).to.be.instanceOf(Date);
    expect(shown.Tags).to.deep.equal([{ Key: 'CSIVolumeName', Value: 'pvc-1' }]);
  });

  it('are found by tags, wildcards and states, page by page', async () => {
    for (let i = 0; i < 12; i++) await lab.ec2.createVolume({ AvailabilityZone: zone, Size: 1 + i, VolumeType: 'gp3', TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'n', Value: `pvc-${i}` }] }] });
    const first = await lab.ec2.describeVolumes({ Filters: [{ Name: 'tag:n', Values: ['pvc-?'] }], MaxResults: 6 });
    expect(first.Volumes!.map(({ Size }) => Size)).to.deep.equal([1, 2, 3, 4, 5, 6]);
    const second = await lab.ec2.describeVolumes({ Filters: [{ Name: 'tag:n', Values: ['pvc-?'] }], MaxResults: 6, NextToken: first.NextToken });
    expect(second.Volumes!.map(({ Size }) => Size)).to.deep.equal([7, 8, 9, 10]);
    expect(second.NextToken).to.equal(undefined);
    expect((await lab.ec2.describeVolumes({ Filters: [{ Name: 'tag:n', Values: ['*-1*', 'pvc-3'] }] })).Volumes!.map(({ Size }) => Size)).to.deep.equal([2, 4, 11, 12]);
    expect((await lab.ec2.describeVolumes({ Filters: [{ Name: 'tag:n', Values: [String.raw`pvc-\*`] }] })).Volumes).to.deep.equal([]);
    expect(await refusalOf(lab.ec2.describeVolumes({ Filters: [{ Name: '__proto__', Values: ['x'] }] }))).to.deep.include({ code: 'InvalidParameterValue', message: "The filter '__proto__' is invalid", status: 400 });
    expect(await codeOf(lab.ec2.describeVolumes({ MaxResults: 2 }))).to.equal('InvalidParameterValue');
    expect(await codeOf(lab.ec2.describeVolumes({ NextToken: 'bm9uZQ==' }))).to.equal('InvalidParameterValue');
  });

  it('are refused outside what their type allows', async () => {
    const create = (more: object): Promise<string> => codeOf(lab.ec2.createVolume({ AvailabilityZone: zone, Size: 10, VolumeType: 'gp3', ...more }));
    expect(await create({ Iops: 2000 })).to.equal('InvalidParameterValue');
    expect(await create({ Iops: 6000, Size: 1 })).to.equal('InvalidParameterCombination');
    expect(await create({ Throughput: 1000 })).to.equal('InvalidParameterCombination');
    expect(await create({ VolumeType: 'io2' })).to.equal('MissingParameter');
    expect(await create({ VolumeType: 'io1', Iops: 3000 })).to.equal('InvalidParameterCombination');
    expect(await create({ VolumeType: 'gp2', Iops: 3000 })).to.equal('InvalidParameterCombination');
    expect(await create({ VolumeType: 'gp2', Throughput: 200 })).to.equal('InvalidParameterCombination');
    expect(await create({ VolumeType: 'st1' })).to.equal('InvalidParameterValue');
    expect(await create({ VolumeType: 'gp4' })).to.equal('InvalidParameterValue');
    expect(await create({ MultiAttachEnabled: true })).to.equal('InvalidParameterCombination');
    expect(await create({ KmsKeyId: 'k' })).to.equal('InvalidParameterDependency');
    expect(await create({ AvailabilityZone: 'us-west-2z' })).to.equal('InvalidZone.NotFound');
    expect(await create({ AvailabilityZone: undefined })).to.equal('MissingParameter');
    expect(await create({ Size: undefined })).to.equal('MissingParameter');
    expect(await create({ SnapshotId: 'snap-0123456789abcdef0' })).to.equal('InvalidSnapshot.NotFound');
    expect(await create({ TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'a', Value: 'b' }] }] })).to.equal('InvalidParameterValue');
    expect(lab.emulator.state.region('us-west-2').volumes.size).to.equal(0);
  });

  it('are made once for one token', async () => {
    const create = (Size: number, ClientToken = 'token') => lab.ec2.createVolume({ AvailabilityZone: zone, Size, VolumeType: 'gp3', ClientToken });
    const [a, b] = [await create(10), await create(10)];
    expect(b.VolumeId).to.equal(a.VolumeId);
    expect(await codeOf(create(11))).to.equal('IdempotentParameterMismatch');
    expect((await create(11, 'other')).VolumeId).not.to.equal(a.VolumeId);
    expect(lab.emulator.state.region('us-west-2').volumes.size).to.equal(2);
    lab.emulator.state.advance(25 * 3600 * 1000);
    expect((await create(11)).VolumeId).not.to.equal(a.VolumeId);
  });

  it('do not use a token up when they are refused', async () => {
    lab.emulator.state.setQuotas({ volumeStorageGiB: 5 });
    expect(await codeOf(lab.ec2.createVolume({ AvailabilityZone: zone, Size: 10, VolumeType: 'gp3', ClientToken: 'token' }))).to.equal('VolumeLimitExceeded');
    lab.emulator.state.setQuotas({ volumeStorageGiB: 100 });
    expect((await lab.ec2.createVolume({ AvailabilityZone: zone, Size: 20, VolumeType: 'gp3', ClientToken: 'token' })).Size).to.equal(20);
  });

  it('are attached and detached in time, and to one instance', async () => {
    const [id, first, second] = [await availableVolume(lab), await runningInstance(lab), await runningInstance(lab)];
    const attach = (InstanceId: string, Device = '/dev/xvdba') => lab.ec2.attachVolume({ VolumeId: id, InstanceId, Device });
    expect((await attach(first)).State).to.equal('attaching');
    expect((await volume(id)).Attachments![0]).to.include({ State: 'attaching', InstanceId: first, Device: '/dev/xvdba' });
    lab.emulator.state.advance(10_000);
    expect((await volume(id)).Attachments![0]!.State).to.equal('attached');
    expect((await lab.ec2.describeInstances({ InstanceIds: [first] })).Reservations![0]!.Instances![0]!.BlockDeviceMappings!.map(({ DeviceName }) => DeviceName)).to.deep.equal(['/dev/xvda', '/dev/xvdba']);
    expect(await codeOf(attach(second))).to.equal('VolumeInUse');
    expect(await codeOf(lab.ec2.deleteVolume({ VolumeId: id }))).to.equal('VolumeInUse');
    expect(await codeOf(lab.ec2.detachVolume({ VolumeId: id, InstanceId: second }))).to.equal('InvalidAttachment.NotFound');
    expect((await lab.ec2.detachVolume({ VolumeId: id })).State).to.equal('detaching');
    expect(await codeOf(lab.ec2.detachVolume({ VolumeId: id }))).to.equal('IncorrectState');
    lab.emulator.state.advance(10_000);
    expect(await volume(id)).to.deep.include({ State: 'available', Attachments: [] });
    await lab.ec2.deleteVolume({ VolumeId: id });
    expect((await volume(id)).State).to.equal('deleting');
    lab.emulator.state.advance(10_000);
    expect(await refusalOf(lab.ec2.describeVolumes({ VolumeIds: [id] }))).to.deep.equal({ code: 'InvalidVolume.NotFound', message: `The volume '${id}' does not exist.`, status: 400 });
  });

  it('tell of their changes', async () => {
    const states: string[] = [];
    const [id, instance] = [await availableVolume(lab), await runningInstance(lab)];
    const end = lab.emulator.state.onChange(({ region, kind, after }) => {
      const row = after as Volume | undefined;
      if (kind === 'volumes' && row?.id === id) states.push(`${region} ${row.state} ${row.attachments.map(({ state }) => state).join()}`);
    });
    await lab.ec2.attachVolume({ VolumeId: id, InstanceId: instance, Device: '/dev/xvdba' });
    lab.emulator.state.advance(10_000);
    await lab.ec2.detachVolume({ VolumeId: id });
    lab.emulator.state.advance(10_000);
    end();
    await lab.ec2.deleteVolume({ VolumeId: id });
    expect(states).to.deep.equal(['us-west-2 in-use attaching', 'us-west-2 in-use attached', 'us-west-2 in-use detaching', 'us-west-2 available ']);
  });

  it('are attached within limits only', async () => {
    const instance = await runningInstance(lab);
    const attach = async (VolumeId: string, Device: string): Promise<string> => codeOf(lab.ec2.attachVolume({ VolumeId, InstanceId: instance, Device }));
    const id = await availableVolume(lab);
    expect(await attach(id, '/dev/nvme1n1')).to.equal('InvalidParameterValue');
    expect(await attach(id, '/dev/xvda')).to.equal('InvalidParameterValue');
    const elsewhere = await lab.ec2.createVolume({ AvailabilityZone: 'us-west-2b', Size: 1, VolumeType: 'gp3' });
    expect(await attach(elsewhere.VolumeId!, '/dev/xvdbz')).to.equal('IncorrectState');
    lab.emulator.state.advance(10_000);
    expect(await attach(elsewhere.VolumeId!, '/dev/xvdbz')).to.equal('InvalidVolume.ZoneMismatch');
    for (let i = 0; i < 26; i++) await lab.ec2.attachVolume({ VolumeId: await availableVolume(lab), InstanceId: instance, Device: `/dev/xvdb${String.fromCharCode(97 + i)}` });
    expect(await attach(id, '/dev/xvdca')).to.equal('AttachmentLimitExceeded');
  });

  it('grow while they are used, within limits', async () => {
    const id = await availableVolume(lab);
    const modify = (more: object) => lab.ec2.modifyVolume({ VolumeId: id, ...more });
    const state = async () => (await lab.ec2.describeVolumesModifications({ VolumeIds: [id] })).VolumesModifications![0]!.ModificationState;
    expect(await codeOf(lab.ec2.describeVolumesModifications({ VolumeIds: [id] }))).to.equal('InvalidVolumeModification.NotFound');
    expect(await codeOf(modify({ Size: 5 }))).to.equal('InvalidParameterValue');
    expect(await codeOf(modify({}))).to.equal('MissingParameter');
    const { VolumeModification } = await modify({ Size: 20, Iops: 4000 });
    expect(VolumeModification).to.include({ OriginalSize: 10, TargetSize: 20, TargetIops: 4000, ModificationState: 'modifying' });
    expect(await codeOf(modify({ Size: 30 }))).to.equal('IncorrectModificationState');
    lab.emulator.state.advance(5_000);
    expect([await state(), (await volume(id)).Size]).to.deep.equal(['optimizing', 20]);
    lab.emulator.state.advance(300_000);
    expect(await state()).to.equal('completed');
    for (const size of [30, 40, 50]) {
      await modify({ Size: size });
      lab.emulator.state.advance(300_000);
    }
    expect(await codeOf(modify({ Size: 60 }))).to.equal('VolumeModificationRateExceeded');
    lab.emulator.state.advance(24 * 3600 * 1000);
    lab.emulator.state.setQuotas({ modificationPauseSeconds: 6 * 3600 });
    await modify({ Size: 60 });
    lab.emulator.state.advance(5 * 3600 * 1000);
    expect(await codeOf(modify({ Size: 70 }))).to.equal('VolumeModificationRateExceeded');
  });

  it('leave snapshots, from which others are made', async () => {
    const { SnapshotId, State } = await lab.ec2.createSnapshot({ VolumeId: await availableVolume(lab, 20), Description: 'of a test' });
    expect(State).to.equal('pending');
    const restore = (Size?: number) => lab.ec2.createVolume({ AvailabilityZone: zone, SnapshotId, Size, VolumeType: 'gp3' });
    expect(await codeOf(restore())).to.equal('IncorrectState');
    lab.emulator.state.advance(60_000);
    expect((await lab.ec2.describeSnapshots({ SnapshotIds: [SnapshotId!] })).Snapshots![0]).to.include({ State: 'completed', Progress: '100%', VolumeSize: 20, Description: 'of a test' });
    expect(await codeOf(restore(10))).to.equal('InvalidParameterValue');
    expect(await restore()).to.include({ Size: 20, SnapshotId });
    await lab.ec2.deleteSnapshot({ SnapshotId });
    expect(await codeOf(lab.ec2.deleteSnapshot({ SnapshotId }))).to.equal('InvalidSnapshot.NotFound');
  });
});
