import { expect } from 'chai';
import { availableVolume, codeOf, refusalOf, region, runningInstance, sdkLab, subnetOf, zone, type SdkLab } from '#test/emulators/aws/sdk-lab.ts';

describe('emulated instances', () => {
  let lab: SdkLab;
  beforeEach(async () => {
    lab = await sdkLab();
  });
  afterEach(() => lab.stop());

  const instance = async (id: string) => (await lab.ec2.describeInstances({ InstanceIds: [id] })).Reservations![0]!.Instances![0]!;
  const launch = { ImageId: 'ami-12345678', InstanceType: 'm5.large', MinCount: 1, MaxCount: 1 } as const;

  it('go through their states', async () => {
    const { Instances } = await lab.ec2.runInstances({ ...launch, TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'node-1' }] }] });
    const id = Instances![0]!.InstanceId!;
    const state = async () => (await instance(id)).State!.Name;
    expect([Instances![0]!.State!.Name, await state()]).to.deep.equal(['pending', 'pending']);
    expect(await codeOf(lab.ec2.stopInstances({ InstanceIds: [id] }))).to.equal('IncorrectInstanceState');
    lab.emulator.state.advance(10_000);
    const running = await instance(id);
    expect(running).to.deep.include({ State: { Code: 16, Name: 'running' }, PrivateIpAddress: '172.31.0.4', PrivateDnsName: 'ip-172-31-0-4.us-west-2.compute.internal', Tags: [{ Key: 'Name', Value: 'node-1' }] });
    expect(running.Placement!.AvailabilityZone).to.equal(zone);
    expect(running.PublicDnsName).to.match(/^ec2-198-51-100-\d+\.us-west-2\.compute\.amazonaws\.com$/);
    expect((await lab.ec2.stopInstances({ InstanceIds: [id] })).StoppingInstances![0]).to.deep.include({ CurrentState: { Code: 64, Name: 'stopping' }, PreviousState: { Code: 16, Name: 'running' } });
    lab.emulator.state.advance(20_000);
    expect(await state()).to.equal('stopped');
    expect((await instance(id)).PublicIpAddress).to.equal(undefined);
    await lab.ec2.startInstances({ InstanceIds: [id] });
    lab.emulator.state.advance(10_000);
    expect(await state()).to.equal('running');
    await lab.ec2.terminateInstances({ InstanceIds: [id] });
    lab.emulator.state.advance(30_000);
    expect(await instance(id)).to.deep.include({ State: { Code: 48, Name: 'terminated' }, PrivateDnsName: '', BlockDeviceMappings: [] });
    expect(await codeOf(lab.ec2.startInstances({ InstanceIds: [id] }))).to.equal('IncorrectInstanceState');
    lab.emulator.state.advance(2 * 3600 * 1000);
    expect(await codeOf(lab.ec2.describeInstances({ InstanceIds: [id] }))).to.equal('InvalidInstanceID.NotFound');
  });

  it('take their root volume with them, and leave the others', async () => {
    const [id, volume] = [await runningInstance(lab), await availableVolume(lab)];
    await lab.ec2.attachVolume({ VolumeId: volume, InstanceId: id, Device: '/dev/xvdba' });
    await lab.ec2.terminateInstances({ InstanceIds: [id] });
    lab.emulator.state.advance(60_000);
    expect((await lab.ec2.describeVolumes({})).Volumes!.map(({ VolumeId, State }) => [VolumeId, State])).to.deep.equal([[volume, 'available']]);
  });

  it('are launched once for one token, also after they are gone', async () => {
    const run = (MaxCount: number) => lab.ec2.runInstances({ ...launch, MaxCount, ClientToken: 'claim-1' });
    const first = (await run(2)).Instances!.map(({ InstanceId }) => InstanceId);
    expect((await run(2)).Instances!.map(({ InstanceId }) => InstanceId)).to.deep.equal(first);
    expect(await codeOf(run(3))).to.equal('IdempotentParameterMismatch');
    expect((await lab.ec2.describeInstances({ Filters: [{ Name: 'client-token', Values: ['claim-1'] }] })).Reservations![0]!.Instances).to.have.length(2);
  });

  it('are as many as there is room for, or none', async () => {
    const subnet = await subnetOf(lab);
    lab.emulator.state.setCapacity(region, `${zone}/m5.large`, 3);
    expect((await lab.ec2.runInstances({ ...launch, MaxCount: 2, SubnetId: subnet.id })).Instances).to.have.length(2);
    const refused = await refusalOf(lab.ec2.runInstances({ ...launch, MinCount: 2, MaxCount: 2, SubnetId: subnet.id }));
    expect(refused).to.include({ code: 'InsufficientInstanceCapacity', status: 500 });
    expect(refused.message).to.include('choosing us-west-2b, us-west-2c, us-west-2d.');
    expect((await lab.ec2.runInstances({ ...launch, MaxCount: 5, SubnetId: subnet.id })).Instances).to.have.length(1);
    expect((await lab.ec2.runInstances(launch)).Instances![0]!.Placement!.AvailabilityZone).to.equal('us-west-2b');
    lab.emulator.state.setQuotas({ vcpus: 8 });
    expect(await codeOf(lab.ec2.runInstances(launch))).to.equal('VcpuLimitExceeded');
    expect((await lab.ec2.runInstances({ ...launch, InstanceMarketOptions: { MarketType: 'spot' } })).Instances![0]!.InstanceLifecycle).to.equal('spot');
  });

  it('are refused for what does not exist', async () => {
    const run = (more: object): Promise<string> => codeOf(lab.ec2.runInstances({ ...launch, ...more }));
    expect(await run({ ImageId: 'ubuntu' })).to.equal('InvalidAMIID.Malformed');
    expect(await run({ ImageId: undefined })).to.equal('MissingParameter');
    expect(await run({ InstanceType: 'm5.huge' })).to.equal('InvalidParameterValue');
    expect(await run({ SubnetId: 'subnet-0123456789abcdef0' })).to.equal('InvalidSubnetID.NotFound');
    expect(await run({ SubnetId: 'nowhere' })).to.equal('InvalidSubnetID.Malformed');
    expect(await run({ SecurityGroupIds: ['sg-0123456789abcdef0'] })).to.equal('InvalidGroup.NotFound');
    expect(await run({ MinCount: 0 })).to.equal('InvalidParameterValue');
    expect(await run({ UserData: Buffer.alloc(17_000).toString('base64') })).to.equal('InvalidParameterValue');
    expect(await run({ Placement: { AvailabilityZone: 'us-east-1a' } })).to.equal('InvalidParameterValue');
    expect(await run({ BlockDeviceMappings: [{ DeviceName: '/dev/xvdb', Ebs: { VolumeType: 'gp3' } }] })).to.equal('MissingParameter');
    expect(lab.emulator.state.region(region).instances.size).to.equal(0);
  });

  it('name all that are absent', async () => {
    const ids = ['i-0123456789abcdef0', 'i-0123456789abcdef1'];
    expect(await refusalOf(lab.ec2.describeInstances({ InstanceIds: ids }))).to.include({ code: 'InvalidInstanceID.NotFound', message: `The instance IDs '${ids.join(', ')}' do not exist` });
    expect(await codeOf(lab.ec2.terminateInstances({ InstanceIds: ids }))).to.equal('InvalidInstanceID.NotFound');
    expect(await codeOf(lab.ec2.describeInstances({ InstanceIds: ['node-1'] }))).to.equal('InvalidInstanceID.Malformed');
  });

  it('have attributes', async () => {
    const id = await runningInstance(lab);
    await lab.ec2.modifyInstanceAttribute({ InstanceId: id, SourceDestCheck: { Value: false } });
    expect((await instance(id)).SourceDestCheck).to.equal(false);
    await lab.ec2.modifyInstanceAttribute({ InstanceId: id, DisableApiTermination: { Value: true } });
    expect(await codeOf(lab.ec2.terminateInstances({ InstanceIds: [id] }))).to.equal('OperationNotPermitted');
    expect(await codeOf(lab.ec2.modifyInstanceAttribute({ InstanceId: id, InstanceType: { Value: 't3.micro' } }))).to.equal('IncorrectInstanceState');
    expect((await lab.ec2.describeInstanceAttribute({ InstanceId: id, Attribute: 'disableApiTermination' })).DisableApiTermination).to.deep.equal({ Value: true });
  });

  it('can end behind the back of everybody', async () => {
    const id = await runningInstance(lab);
    lab.emulator.state.terminate(region, id);
    lab.emulator.state.advance(60_000);
    expect(await instance(id)).to.deep.include({ State: { Code: 48, Name: 'terminated' }, StateReason: { Code: 'Server.InternalError', Message: 'Server.InternalError: Internal error on launch' } });
  });

  it('come into describes late, and their changes too', async () => {
    const late = await sdkLab({ delays: { consistency: [2_000, 2_000] }, seed: 7 });
    try {
      const seen: string[] = [];
      for (let i = 0; i < 8; i++) {
        const id = (await late.ec2.runInstances(launch)).Instances![0]!.InstanceId!;
        seen.push(await late.ec2.describeInstances({ InstanceIds: [id] }).then(() => 'shown', (error: Error) => error.name));
        late.emulator.state.advance(2_000);
        expect((await late.ec2.describeInstances({ InstanceIds: [id] })).Reservations).to.have.length(1);
      }
      expect(new Set(seen)).to.deep.equal(new Set(['shown', 'InvalidInstanceID.NotFound']));
    } finally {
      await late.stop();
    }
  });

  it('are of types that say what they hold', async () => {
    const { InstanceTypes } = await lab.ec2.describeInstanceTypes({ InstanceTypes: ['m5.large', 'm7i.24xlarge', 't2.micro'] });
    expect(InstanceTypes!.map(({ InstanceType, VCpuInfo, EbsInfo }) => [InstanceType, VCpuInfo!.DefaultVCpus, EbsInfo!.MaximumEbsAttachments, EbsInfo!.AttachmentLimitType])).to.deep.equal([
      ['m5.large', 2, 28, 'shared'], ['m7i.24xlarge', 96, 64, 'dedicated'], ['t2.micro', 2, 39, 'dedicated'],
    ]);
    expect(await codeOf(lab.ec2.describeInstanceTypes({ InstanceTypes: ['m5.tiny' as 'm5.large'] }))).to.equal('InvalidInstanceType');
  });
});
