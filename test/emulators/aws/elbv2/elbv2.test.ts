import { expect } from 'chai';
import { codeOf, refusalOf, region, runningInstance, sdkLab, subnetOf, type SdkLab } from '#test/emulators/aws/sdk-lab.ts';

describe('emulated network load balancers', () => {
  let lab: SdkLab;
  let subnet: { readonly id: string; readonly vpcId: string };
  beforeEach(async () => {
    lab = await sdkLab();
    subnet = await subnetOf(lab);
  });
  afterEach(() => lab.stop());

  const balancer = async (Name = 'lb', more: object = {}): Promise<string> =>
    (await lab.elb.createLoadBalancer({ Name, Type: 'network', Subnets: [subnet.id], ...more })).LoadBalancers![0]!.LoadBalancerArn!;
  const group = async (Name = 'tg', more: object = {}): Promise<string> =>
    (await lab.elb.createTargetGroup({ Name, Protocol: 'TCP', Port: 30080, VpcId: subnet.vpcId, ...more })).TargetGroups![0]!.TargetGroupArn!;
  const listener = async (LoadBalancerArn: string, TargetGroupArn: string, Port = 80): Promise<string> =>
    (await lab.elb.createListener({ LoadBalancerArn, Protocol: 'TCP', Port, DefaultActions: [{ Type: 'forward', TargetGroupArn }] })).Listeners![0]!.ListenerArn!;
  const health = async (TargetGroupArn: string) => (await lab.elb.describeTargetHealth({ TargetGroupArn })).TargetHealthDescriptions!.map(({ Target, TargetHealth }) => [Target!.Id, TargetHealth!.State, TargetHealth!.Reason]);

  it('become active in time, under a name of the vendor', async () => {
    const { LoadBalancers } = await lab.elb.createLoadBalancer({ Name: 'lb', Type: 'network', Subnets: [subnet.id], Tags: [{ Key: 'kubernetes.io/service-name', Value: 'ns/a' }] });
    expect(LoadBalancers![0]).to.deep.include({ State: { Code: 'provisioning' }, Scheme: 'internet-facing', Type: 'network', VpcId: subnet.vpcId });
    expect(LoadBalancers![0]!.DNSName).to.match(/^lb-[0-9a-f]{16}\.elb\.us-west-2\.amazonaws\.com$/);
    const arn = LoadBalancers![0]!.LoadBalancerArn!;
    expect(arn).to.match(/^arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer\/net\/lb\/[0-9a-f]{16}$/);
    lab.emulator.state.advance(30_000);
    expect((await lab.elb.describeLoadBalancers({ Names: ['lb'] })).LoadBalancers![0]!.State!.Code).to.equal('active');
    expect((await lab.elb.describeTags({ ResourceArns: [arn] })).TagDescriptions![0]!.Tags).to.deep.equal([{ Key: 'kubernetes.io/service-name', Value: 'ns/a' }]);
    await lab.elb.deleteLoadBalancer({ LoadBalancerArn: arn });
    await lab.elb.deleteLoadBalancer({ LoadBalancerArn: arn });
    expect(await refusalOf(lab.elb.describeLoadBalancers({ Names: ['lb'] }))).to.deep.equal({ code: 'LoadBalancerNotFoundException', message: "Load balancers '[lb]' not found", status: 400 });
  });

  it('are the same for the same words, and refused for others', async () => {
    expect(await balancer()).to.equal(await balancer());
    expect(await codeOf(balancer('lb', { Scheme: 'internal' }))).to.equal('DuplicateLoadBalancerNameException');
    expect(await codeOf(balancer('lb', { Tags: [{ Key: 'a', Value: 'b' }] }))).to.equal('DuplicateLoadBalancerNameException');
    expect(await group()).to.equal(await group());
    expect(await codeOf(group('tg', { Port: 30081 }))).to.equal('DuplicateTargetGroupNameException');
    const [arn, tg] = [await balancer(), await group()];
    expect(await listener(arn, tg)).to.equal(await listener(arn, tg));
    expect(await codeOf(listener(arn, await group('other')))).to.equal('DuplicateListenerException');
  });

  it('are refused for bad names, places, groups and addresses', async () => {
    expect(await codeOf(balancer('x'.repeat(33)))).to.equal('ValidationError');
    expect(await codeOf(balancer('-lb'))).to.equal('ValidationError');
    expect(await codeOf(balancer('lb_1'))).to.equal('ValidationError');
    expect(await codeOf(balancer('lb', { Subnets: [] }))).to.equal('ValidationError');
    expect(await codeOf(balancer('lb', { Subnets: ['subnet-0123456789abcdef0'] }))).to.equal('SubnetNotFoundException');
    expect(await codeOf(balancer('lb', { Subnets: [subnet.id, subnet.id] }))).to.equal('InvalidConfigurationRequestException');
    expect(await codeOf(balancer('lb', { SecurityGroups: ['sg-0123456789abcdef0'] }))).to.equal('InvalidSecurityGroupException');
    expect(await codeOf(balancer('lb', { Subnets: undefined, SubnetMappings: [{ SubnetId: subnet.id, AllocationId: 'eipalloc-0123456789abcdef0' }] }))).to.equal('AllocationIdNotFoundException');
    expect(await codeOf(balancer('lb', { Type: 'application' }))).to.equal('ValidationError');
    expect(await codeOf(balancer('lb', { Scheme: 'both' }))).to.equal('ValidationError');
    lab.emulator.state.setQuotas({ balancers: 0, targetGroups: 0 });
    expect(await codeOf(balancer())).to.equal('TooManyLoadBalancersException');
    expect(await codeOf(group())).to.equal('TooManyTargetGroupsException');
    expect(await codeOf(lab.elb.describeLoadBalancers({ LoadBalancerArns: ['lb'] }))).to.equal('ValidationError');
  });

  it('send to healthy targets, which drain when they leave', async () => {
    const [arn, tg, instance] = [await balancer(), await group(), await runningInstance(lab)];
    await lab.elb.registerTargets({ TargetGroupArn: tg, Targets: [{ Id: instance }] });
    expect(await health(tg)).to.deep.equal([[instance, 'unused', 'Target.NotInUse']]);
    await listener(arn, tg);
    expect(await health(tg)).to.deep.equal([[instance, 'initial', 'Elb.RegistrationInProgress']]);
    lab.emulator.state.advance(30_000);
    expect(await health(tg)).to.deep.equal([[instance, 'healthy', undefined]]);
    lab.emulator.state.setTargetHealth(region, tg, instance, 'unhealthy');
    expect(await health(tg)).to.deep.equal([[instance, 'unhealthy', 'Target.FailedHealthChecks']]);
    await lab.ec2.stopInstances({ InstanceIds: [instance] });
    lab.emulator.state.advance(60_000);
    expect(await health(tg)).to.deep.equal([[instance, 'unused', 'Target.InvalidState']]);
    await lab.elb.deregisterTargets({ TargetGroupArn: tg, Targets: [{ Id: instance }] });
    expect(await health(tg)).to.deep.equal([[instance, 'draining', 'Target.DeregistrationInProgress']]);
    lab.emulator.state.advance(299_000);
    expect(await health(tg)).to.have.length(1);
    lab.emulator.state.advance(2_000);
    expect(await health(tg)).to.deep.equal([]);
    expect((await refusalOf(lab.elb.registerTargets({ TargetGroupArn: tg, Targets: [{ Id: instance }] }))).code).to.equal('InvalidTargetException');
  });

  it('accept targets of their own network only', async () => {
    const [instances, addresses] = [await group('a'), await group('b', { TargetType: 'ip' })];
    const register = (TargetGroupArn: string, target: object): Promise<string> => lab.elb.registerTargets({ TargetGroupArn, Targets: [{ Id: '', ...target }] }).then(() => 'done', (error: Error) => error.name);
    expect(await register(instances, { Id: 'i-0123456789abcdef0' })).to.equal('InvalidTargetException');
    expect(await register(instances, { Id: '172.31.0.9' })).to.equal('ValidationError');
    expect(await register(addresses, { Id: '172.31.0.9' })).to.equal('done');
    expect(await register(addresses, { Id: '10.0.0.1' })).to.equal('InvalidTargetException');
    expect(await register(addresses, { Id: '10.0.0.1', AvailabilityZone: 'all' })).to.equal('done');
    expect(await register(addresses, { Id: '172.31.0.9', Port: 70_000 })).to.equal('ValidationError');
    lab.emulator.state.setQuotas({ targetsPerGroup: 2 });
    expect(await register(addresses, { Id: '172.31.0.10' })).to.equal('TooManyTargetsException');
    expect(await register(addresses, { Id: '172.31.0.9' })).to.equal('done');
  });

  it('hold what they use', async () => {
    const { GroupId } = await lab.ec2.createSecurityGroup({ GroupName: 'lb', Description: 'd', VpcId: subnet.vpcId });
    const { AllocationId } = await lab.ec2.allocateAddress({ Domain: 'vpc' });
    const [arn, tg] = [await balancer('lb', { Subnets: undefined, SubnetMappings: [{ SubnetId: subnet.id, AllocationId }], SecurityGroups: [GroupId!] }), await group()];
    const id = await listener(arn, tg);
    expect(await codeOf(lab.elb.deleteTargetGroup({ TargetGroupArn: tg }))).to.equal('ResourceInUseException');
    expect(await codeOf(lab.ec2.releaseAddress({ AllocationId }))).to.equal('InvalidIPAddress.InUse');
    expect(await codeOf(listener(await balancer('other'), tg))).to.equal('TargetGroupAssociationLimitException');
    await lab.elb.deleteLoadBalancer({ LoadBalancerArn: arn });
    expect(await codeOf(lab.elb.describeListeners({ ListenerArns: [id] }))).to.equal('ListenerNotFoundException');
    expect(await codeOf(lab.ec2.deleteSecurityGroup({ GroupId }))).to.equal('DependencyViolation');
    lab.emulator.state.advance(10_000);
    await lab.ec2.deleteSecurityGroup({ GroupId });
    await lab.ec2.releaseAddress({ AllocationId });
    await lab.elb.deleteTargetGroup({ TargetGroupArn: tg });
    expect(lab.emulator.state.view()[region]).to.deep.include({ targetGroups: [], listeners: [], addresses: [] });
  });

  it('have attributes, listeners and checks that can be changed', async () => {
    const [arn, tg] = [await balancer(), await group('tg', { HealthCheckProtocol: 'HTTP', HealthCheckPath: '/healthz', HealthCheckPort: '10256' })];
    const attribute = (Key: string, Value: string): Promise<string> => lab.elb.modifyLoadBalancerAttributes({ LoadBalancerArn: arn, Attributes: [{ Key, Value }] }).then(() => 'done', (error: Error) => error.name);
    expect(await attribute('load_balancing.cross_zone.enabled', 'true')).to.equal('done');
    expect([await attribute('load_balancing.cross_zone.enabled', 'yes'), await attribute('idle_timeout.timeout_seconds', '60'), await attribute('__proto__', '1')]).to.deep.equal(Array(3).fill('ValidationError'));
    expect((await lab.elb.describeLoadBalancerAttributes({ LoadBalancerArn: arn })).Attributes).to.deep.include({ Key: 'load_balancing.cross_zone.enabled', Value: 'true' });
    await attribute('deletion_protection.enabled', 'true');
    expect(await codeOf(lab.elb.deleteLoadBalancer({ LoadBalancerArn: arn }))).to.equal('OperationNotPermittedException');
    expect((await lab.elb.describeTargetGroups({ Names: ['tg'] })).TargetGroups![0]).to.deep.include({
      HealthCheckProtocol: 'HTTP', HealthCheckPath: '/healthz', HealthCheckPort: '10256', HealthCheckIntervalSeconds: 30, HealthCheckTimeoutSeconds: 6, HealthyThresholdCount: 5, Matcher: { HttpCode: '200-399' },
    });
    expect(await codeOf(lab.elb.modifyTargetGroup({ TargetGroupArn: tg, HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 10 }))).to.equal('ValidationError');
    expect(await codeOf(group('tcp', { HealthCheckPath: '/' }))).to.equal('InvalidConfigurationRequestException');
    const id = await listener(arn, tg);
    await lab.elb.modifyListener({ ListenerArn: id, Port: 81 });
    expect((await lab.elb.describeListeners({ LoadBalancerArn: arn })).Listeners!.map(({ Port }) => Port)).to.deep.equal([81]);
    expect(await codeOf(lab.elb.modifyListener({ ListenerArn: id, Protocol: 'TLS' }))).to.equal('ValidationError');
    expect(await codeOf(lab.elb.modifyListener({ ListenerArn: id, Protocol: 'UDP' }))).to.equal('IncompatibleProtocolsException');
    expect(await codeOf(lab.elb.modifyListener({ ListenerArn: id, Protocol: 'HTTP' }))).to.equal('ValidationError');
    expect(await codeOf(lab.elb.setSecurityGroups({ LoadBalancerArn: arn, SecurityGroups: ['sg-0123456789abcdef0'] }))).to.equal('InvalidSecurityGroupException');
  });

  it('take certificates one by one', async () => {
    const certificate = (n: number): string => `arn:aws:acm:us-west-2:123456789012:certificate/00000000-0000-0000-0000-00000000000${n}`;
    const [LoadBalancerArn, TargetGroupArn] = [await balancer(), await group()];
    const secure = (certificates: object[], more: object = {}) => lab.elb.createListener({ LoadBalancerArn, Protocol: 'TLS', Port: 443, Certificates: certificates, DefaultActions: [{ Type: 'forward', TargetGroupArn }], ...more });
    expect(await codeOf(secure([]))).to.equal('ValidationError');
    expect(await codeOf(secure([{ CertificateArn: certificate(1) }, { CertificateArn: certificate(2) }]))).to.equal('ValidationError');
    expect(await codeOf(secure([{ CertificateArn: 'mine' }]))).to.equal('CertificateNotFoundException');
    expect(await codeOf(secure([{ CertificateArn: certificate(1) }], { SslPolicy: 'strong' }))).to.equal('SSLPolicyNotFoundException');
    expect(await codeOf(secure([{ CertificateArn: certificate(1) }], { AlpnPolicy: ['HTTP9'] }))).to.equal('ALPNPolicyNotSupportedException');
    const { Listeners } = await secure([{ CertificateArn: certificate(1) }], { AlpnPolicy: ['HTTP2Optional'] });
    expect(Listeners![0]).to.deep.include({ SslPolicy: 'ELBSecurityPolicy-2016-08', Certificates: [{ CertificateArn: certificate(1) }], AlpnPolicy: ['HTTP2Optional'] });
    const ListenerArn = Listeners![0]!.ListenerArn!;
    await lab.elb.addListenerCertificates({ ListenerArn, Certificates: [{ CertificateArn: certificate(2) }] });
    const shown = async () => (await lab.elb.describeListenerCertificates({ ListenerArn })).Certificates!.map(({ CertificateArn, IsDefault }) => [CertificateArn, IsDefault]);
    expect(await shown()).to.deep.equal([[certificate(1), true], [certificate(2), false]]);
    expect(await codeOf(lab.elb.removeListenerCertificates({ ListenerArn, Certificates: [{ CertificateArn: certificate(1) }] }))).to.equal('OperationNotPermittedException');
    await lab.elb.removeListenerCertificates({ ListenerArn, Certificates: [{ CertificateArn: certificate(2) }] });
    expect(await shown()).to.deep.equal([[certificate(1), true]]);
    expect((await lab.elb.describeListenerAttributes({ ListenerArn })).Attributes).to.deep.equal([]);
    expect(await codeOf(lab.elb.modifyListenerAttributes({ ListenerArn, Attributes: [{ Key: 'tcp.idle_timeout.seconds', Value: '400' }] }))).to.equal('ValidationError');
  });

  it('have limits of their own', async () => {
    const [arn, a, b, instance] = [await balancer(), await group('a'), await group('b'), await runningInstance(lab)];
    const first = await listener(arn, a);
    expect((await lab.elb.modifyListenerAttributes({ ListenerArn: first, Attributes: [{ Key: 'tcp.idle_timeout.seconds', Value: '60' }] })).Attributes).to.deep.equal([{ Key: 'tcp.idle_timeout.seconds', Value: '60' }]);
    lab.emulator.state.setQuotas({ groupsPerBalancer: 1 });
    expect(await codeOf(listener(arn, b, 81))).to.equal('TooManyUniqueTargetGroupsPerLoadBalancerException');
    lab.emulator.state.setQuotas({ groupsPerBalancer: 9, listenersPerBalancer: 1 });
    expect(await codeOf(listener(arn, b, 81))).to.equal('TooManyListenersException');
    lab.emulator.state.setQuotas({ listenersPerBalancer: 9, targetsPerBalancerAndZone: 1 });
    await listener(arn, b, 81);
    await lab.elb.registerTargets({ TargetGroupArn: a, Targets: [{ Id: instance }] });
    expect(await codeOf(lab.elb.registerTargets({ TargetGroupArn: b, Targets: [{ Id: instance }] }))).to.equal('TooManyTargetsException');
    expect(await codeOf(lab.elb.setIpAddressType({ LoadBalancerArn: arn, IpAddressType: 'dualstack' }))).to.equal('InvalidSubnetException');
    expect((await lab.elb.setIpAddressType({ LoadBalancerArn: arn, IpAddressType: 'ipv4' })).IpAddressType).to.equal('ipv4');
  });

  it('are shown page by page', async () => {
    for (const name of ['a', 'b', 'c']) await balancer(name);
    const first = await lab.elb.describeLoadBalancers({ PageSize: 2 });
    const second = await lab.elb.describeLoadBalancers({ PageSize: 2, Marker: first.NextMarker });
    expect([first, second].map(({ LoadBalancers }) => LoadBalancers!.map(({ LoadBalancerName }) => LoadBalancerName))).to.deep.equal([['a', 'b'], ['c']]);
    expect(second.NextMarker).to.equal(undefined);
    expect(await codeOf(lab.elb.describeLoadBalancers({ Marker: 'x' }))).to.equal('ValidationError');
  });

  it('have up to fifty tags, with keys given once', async () => {
    const arn = await balancer();
    const add = (keys: string[]): Promise<string> => lab.elb.addTags({ ResourceArns: [arn], Tags: keys.map((Key) => ({ Key, Value: 'v' })) }).then(() => 'done', (error: Error) => error.name);
    expect([await add(['a', 'a']), await add(['aws:a']), await add(['a'])]).to.deep.equal(['DuplicateTagKeysException', 'ValidationError', 'done']);
    expect(await add(Array.from({ length: 50 }, (_, i) => `k${i}`))).to.equal('TooManyTagsException');
    await lab.elb.removeTags({ ResourceArns: [arn], TagKeys: ['a'] });
    expect((await lab.elb.describeTags({ ResourceArns: [arn] })).TagDescriptions).to.deep.equal([{ ResourceArn: arn, Tags: [] }]);
    expect(await codeOf(lab.elb.addTags({ ResourceArns: [arn.replace(/.{4}$/, 'ffff')], Tags: [{ Key: 'a', Value: '' }] }))).to.equal('LoadBalancerNotFoundException');
  });
});
