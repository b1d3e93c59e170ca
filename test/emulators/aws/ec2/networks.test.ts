import { expect } from 'chai';
import { codeOf, region, runningInstance, sdkLab, subnetOf, type SdkLab } from '#test/emulators/aws/sdk-lab.ts';

const anywhere = (port: number, description?: string) => [{ IpProtocol: 'tcp', FromPort: port, ToPort: port, IpRanges: [{ CidrIp: '0.0.0.0/0', Description: description }] }];

describe('emulated security groups', () => {
  let lab: SdkLab;
  let vpcId: string;
  beforeEach(async () => {
    lab = await sdkLab();
    ({ vpcId } = await subnetOf(lab));
  });
  afterEach(() => lab.stop());

  const create = async (GroupName: string): Promise<string> => (await lab.ec2.createSecurityGroup({ GroupName, Description: 'of a test', VpcId: vpcId })).GroupId!;
  const shown = async (id: string) => (await lab.ec2.describeSecurityGroups({ GroupIds: [id] })).SecurityGroups![0]!;

  it('have rules, each once', async () => {
    const id = await create('web');
    expect((await shown(id)).IpPermissionsEgress).to.have.length(1);
    const { SecurityGroupRules } = await lab.ec2.authorizeSecurityGroupIngress({ GroupId: id, IpPermissions: anywhere(80, 'kubernetes.io/rule/nlb/client=a') });
    expect(SecurityGroupRules![0]).to.include({ IsEgress: false, FromPort: 80, CidrIpv4: '0.0.0.0/0', Description: 'kubernetes.io/rule/nlb/client=a' });
    expect(await codeOf(lab.ec2.authorizeSecurityGroupIngress({ GroupId: id, IpPermissions: anywhere(80, 'other words') }))).to.equal('InvalidPermission.Duplicate');
    await lab.ec2.authorizeSecurityGroupIngress({ GroupId: id, IpPermissions: [{ IpProtocol: '6', FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: '10.1.2.3/8' }], Ipv6Ranges: [{ CidrIpv6: '::/0' }] }] });
    expect((await shown(id)).IpPermissions).to.deep.equal([{
      IpProtocol: 'tcp', FromPort: 80, ToPort: 80, IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'kubernetes.io/rule/nlb/client=a' }, { CidrIp: '10.0.0.0/8' }], Ipv6Ranges: [{ CidrIpv6: '::/0' }],
      UserIdGroupPairs: [], PrefixListIds: [],
    }]);
    await lab.ec2.revokeSecurityGroupIngress({ GroupId: id, SecurityGroupRuleIds: [SecurityGroupRules![0]!.SecurityGroupRuleId!] });
    expect(await codeOf(lab.ec2.revokeSecurityGroupIngress({ GroupId: id, IpPermissions: anywhere(80) }))).to.equal('InvalidPermission.NotFound');
    expect((await shown(id)).IpPermissions![0]!.IpRanges).to.deep.equal([{ CidrIp: '10.0.0.0/8' }]);
  });

  it('are refused what makes no sense', async () => {
    const id = await create('web');
    const authorize = (permission: object): Promise<string> => codeOf(lab.ec2.authorizeSecurityGroupIngress({ GroupId: id, IpPermissions: [{ ...anywhere(80)[0], ...permission }] }));
    expect(await authorize({ FromPort: 90 })).to.equal('InvalidParameterValue');
    expect(await authorize({ ToPort: 70_000 })).to.equal('InvalidParameterValue');
    expect(await authorize({ FromPort: undefined })).to.equal('InvalidParameterValue');
    expect(await authorize({ IpProtocol: 'ipx' })).to.equal('InvalidParameterValue');
    expect(await authorize({ IpRanges: [{ CidrIp: '10.0.0.0/33' }] })).to.equal('InvalidParameterValue');
    expect(await authorize({ IpRanges: [{ CidrIp: '0.0.0.0/0', Description: 'ä' }] })).to.equal('InvalidParameterValue');
    expect(await authorize({ UserIdGroupPairs: [{ GroupId: 'sg-0123456789abcdef0' }] })).to.equal('InvalidGroup.NotFound');
    lab.emulator.state.setQuotas({ rulesPerSecurityGroup: 1 });
    await lab.ec2.authorizeSecurityGroupIngress({ GroupId: id, IpPermissions: anywhere(80) });
    expect(await codeOf(lab.ec2.authorizeSecurityGroupIngress({ GroupId: id, IpPermissions: anywhere(81) }))).to.equal('RulesPerSecurityGroupLimitExceeded');
    expect(await codeOf(lab.ec2.createSecurityGroup({ GroupName: 'web', Description: 'd', VpcId: vpcId }))).to.equal('InvalidGroup.Duplicate');
    expect(await codeOf(lab.ec2.createSecurityGroup({ GroupName: 'sg-web', Description: 'd', VpcId: vpcId }))).to.equal('InvalidParameterValue');
  });

  it('stay while something uses them', async () => {
    const [a, b] = [await create('a'), await create('b')];
    await lab.ec2.authorizeSecurityGroupIngress({ GroupId: b, IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: a }] }] });
    const remove = (GroupId: string): Promise<string> => lab.ec2.deleteSecurityGroup({ GroupId }).then(() => 'deleted', (error: Error) => error.name);
    expect(await remove(a)).to.equal('DependencyViolation');
    expect(await remove(b)).to.equal('deleted');
    const { Instances } = await lab.ec2.runInstances({ ImageId: 'ami-12345678', InstanceType: 'm5.large', MinCount: 1, MaxCount: 1, SecurityGroupIds: [a] });
    expect(await remove(a)).to.equal('DependencyViolation');
    await lab.ec2.terminateInstances({ InstanceIds: [Instances![0]!.InstanceId!] });
    lab.emulator.state.advance(60_000);
    expect(await remove(a)).to.equal('deleted');
    expect(await remove(a)).to.equal('InvalidGroup.NotFound');
    expect(await remove((await lab.ec2.describeSecurityGroups({ GroupNames: ['default'] })).SecurityGroups![0]!.GroupId!)).to.equal('CannotDelete');
  });
});

describe('emulated routes', () => {
  let lab: SdkLab;
  let table: string;
  beforeEach(async () => {
    lab = await sdkLab();
    table = (await lab.ec2.describeRouteTables({ Filters: [{ Name: 'association.main', Values: ['true'] }] })).RouteTables![0]!.RouteTableId!;
  });
  afterEach(() => lab.stop());

  const podRoutes = async () => (await lab.ec2.describeRouteTables({ RouteTableIds: [table] })).RouteTables![0]!.Routes!.filter(({ DestinationCidrBlock }) => DestinationCidrBlock!.startsWith('10.'));

  it('lead to instances, and nowhere when those do not run', async () => {
    const [first, second] = [await runningInstance(lab), await runningInstance(lab)];
    const route = (InstanceId: string) => ({ RouteTableId: table, DestinationCidrBlock: '10.244.1.7/24', InstanceId });
    await lab.ec2.createRoute(route(first));
    await lab.ec2.createRoute(route(first));
    expect((await podRoutes())[0]).to.include({ DestinationCidrBlock: '10.244.1.0/24', InstanceId: first, State: 'active', Origin: 'CreateRoute' });
    expect(await codeOf(lab.ec2.createRoute(route(second)))).to.equal('RouteAlreadyExists');
    await lab.ec2.replaceRoute(route(second));
    await lab.ec2.terminateInstances({ InstanceIds: [second] });
    lab.emulator.state.advance(60_000);
    expect((await podRoutes())[0]).to.deep.include({ State: 'blackhole' }).and.not.to.have.property('InstanceId');
    expect((await lab.ec2.describeRouteTables({ Filters: [{ Name: 'route.state', Values: ['blackhole'] }] })).RouteTables).to.have.length(1);
    await lab.ec2.deleteRoute({ RouteTableId: table, DestinationCidrBlock: '10.244.1.0/24' });
    expect(await codeOf(lab.ec2.deleteRoute({ RouteTableId: table, DestinationCidrBlock: '10.244.1.0/24' }))).to.equal('InvalidRoute.NotFound');
  });

  it('are refused what makes no sense', async () => {
    const instance = await runningInstance(lab);
    const create = (more: object): Promise<string> => codeOf(lab.ec2.createRoute({ RouteTableId: table, DestinationCidrBlock: '10.244.1.0/24', ...more }));
    expect(await create({})).to.equal('MissingParameter');
    expect(await create({ InstanceId: instance, GatewayId: 'igw-0123456789abcdef0' })).to.equal('InvalidParameterCombination');
    expect(await create({ InstanceId: 'i-0123456789abcdef0' })).to.equal('InvalidInstanceID.NotFound');
    expect(await create({ InstanceId: instance, DestinationCidrBlock: 'pods' })).to.equal('InvalidParameterValue');
    expect(await create({ InstanceId: instance, RouteTableId: 'rtb-0123456789abcdef0' })).to.equal('InvalidRouteTableID.NotFound');
    lab.emulator.state.setQuotas({ routesPerTable: 2 });
    expect(await create({ InstanceId: instance })).to.equal('RouteLimitExceeded');
    expect(await codeOf(lab.ec2.deleteRoute({ RouteTableId: table, DestinationCidrBlock: '172.31.0.0/16' }))).to.equal('InvalidParameterValue');
  });
});

describe('emulated places, tags and addresses', () => {
  let lab: SdkLab;
  beforeEach(async () => {
    lab = await sdkLab();
  });
  afterEach(() => lab.stop());

  it('have zones with names and ids', async () => {
    const { AvailabilityZones } = await lab.ec2.describeAvailabilityZones({ ZoneNames: ['us-west-2a', 'us-west-2d'] });
    expect(AvailabilityZones!.map(({ ZoneName, ZoneId }) => [ZoneName, ZoneId])).to.deep.equal([['us-west-2a', 'usw2-az1'], ['us-west-2d', 'usw2-az4']]);
    expect(await codeOf(lab.ec2.describeAvailabilityZones({ ZoneNames: ['us-east-1a'] }))).to.equal('InvalidParameterValue');
    expect((await lab.ec2.describeRegions({ RegionNames: ['eu-west-1'] })).Regions![0]!.Endpoint).to.equal('ec2.eu-west-1.amazonaws.com');
    expect((await lab.ec2.describeSubnets({})).Subnets![0]).to.include({ CidrBlock: '172.31.0.0/20', AvailableIpAddressCount: 4091, State: 'available' });
  });

  it('keep regions apart', async () => {
    await runningInstance(lab);
    expect((await lab.ec2With({ region: 'eu-west-1' }).describeInstances({})).Reservations).to.deep.equal([]);
    expect(await codeOf(lab.ec2With({ region: 'mars-north-1' }).describeInstances({}))).to.equal('AuthFailure');
  });

  it('put tags on several things at once, or on none', async () => {
    const { id, vpcId } = await subnetOf(lab);
    const tag = (Resources: string[], Key = 'kubernetes.io/role/elb'): Promise<string> => lab.ec2.createTags({ Resources, Tags: [{ Key, Value: '1' }] }).then(() => 'done', (error: Error) => error.name);
    expect(await tag([id, 'i-0123456789abcdef0'])).to.equal('InvalidInstanceID.NotFound');
    expect((await lab.ec2.describeTags({})).Tags).to.deep.equal([]);
    expect(await tag([id, vpcId])).to.equal('done');
    expect((await lab.ec2.describeSubnets({ Filters: [{ Name: 'tag-key', Values: ['kubernetes.io/role/*'] }] })).Subnets!.map(({ SubnetId }) => SubnetId)).to.deep.equal([id]);
    expect((await lab.ec2.describeTags({ Filters: [{ Name: 'resource-type', Values: ['vpc'] }] })).Tags).to.deep.equal([{ Key: 'kubernetes.io/role/elb', Value: '1', ResourceId: vpcId, ResourceType: 'vpc' }]);
    expect([await tag(['thing-1']), await tag([id], 'aws:mine'), await tag([id], 'k'.repeat(200))]).to.deep.equal(['InvalidID', 'InvalidParameterValue', 'InvalidParameterValue']);
    lab.emulator.state.setQuotas({ tagsPerResource: 1 });
    expect(await tag([id], 'second')).to.equal('TagLimitExceeded');
    await lab.ec2.deleteTags({ Resources: [id], Tags: [{ Key: 'kubernetes.io/role/elb', Value: '2' }] });
    expect((await lab.ec2.describeTags({})).Tags).to.have.length(2);
    await lab.ec2.deleteTags({ Resources: [id, vpcId], Tags: [{ Key: 'kubernetes.io/role/elb' }] });
    expect((await lab.ec2.describeTags({})).Tags).to.deep.equal([]);
  });

  it('have addresses, up to a limit', async () => {
    lab.emulator.state.setQuotas({ addresses: 1 });
    const { AllocationId, PublicIp } = await lab.ec2.allocateAddress({ Domain: 'vpc' });
    expect(await codeOf(lab.ec2.allocateAddress({ Domain: 'vpc' }))).to.equal('AddressLimitExceeded');
    expect((await lab.ec2.describeAddresses({ PublicIps: [PublicIp!] })).Addresses![0]!.AllocationId).to.equal(AllocationId);
    await lab.ec2.releaseAddress({ AllocationId });
    expect(await codeOf(lab.ec2.releaseAddress({ AllocationId }))).to.equal('InvalidAllocationID.NotFound');
    expect(lab.emulator.state.view()[region]!.addresses).to.deep.equal([]);
  });
});
