import { AllocateAddressCommand, AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand } from '@aws-sdk/client-ec2';
import { CreateLoadBalancerCommand, DeleteTargetGroupCommand, DeregisterTargetsCommand, ModifyLoadBalancerAttributesCommand, ModifyTargetGroupCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancer, LoadBalancerRequest } from '#core/spi/load-balancers.ts';
import type { Balancer, SecurityGroup, TargetGroup } from '#test/emulators/aws/rows.ts';
import { awsBalancerLab, labRequest, type AwsBalancerLab } from '#test/fixtures/aws-balancer-lab.ts';
import type { AwsLabOptions } from '#test/fixtures/aws-lab.ts';
import { NetworkLoadBalancers } from './load-balancers.ts';
import { annotationPrefix as prefix } from './annotations.ts';

const signal = new AbortController().signal;
const certificate = (number: number): string => `arn:aws:acm:us-west-2:123456789012:certificate/00000000-0000-0000-0000-${String(number).padStart(12, '0')}`;

describe('NetworkLoadBalancers', () => {
  let lab: AwsBalancerLab;
  afterEach(() => lab.stop());

  const start = async (options: AwsLabOptions = {}): Promise<void> => {
    lab = await awsBalancerLab({ delays: 'none', ...options });
    lab.calls();
  };
  const annotated = (annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> => Object.fromEntries(Object.entries(annotations).map(([key, value]) => [prefix + key, value]));
  const request = (annotations: Readonly<Record<string, string>> = {}, more: Partial<LoadBalancerRequest> = {}): LoadBalancerRequest => labRequest(lab.targets, { annotations: annotated(annotations), ...more });
  const ensure = (wanted: LoadBalancerRequest = request()): Promise<LoadBalancer> => lab.balancers.ensure(wanted, signal);
  const failure = async (call: Promise<unknown>): Promise<ProviderError> => {
    const error = await call.then(() => undefined, (reason: unknown) => reason);
    if (!ProviderError.is(error)) throw new Error(`no failure of a provider: ${String(error)}`);
    return error;
  };
  const balancer = (): Balancer => [...lab.region.balancers.rows()][0]!;
  const groups = (): TargetGroup[] => [...lab.region.targetGroups.rows()];
  const group = (): TargetGroup => groups()[0]!;
  const listeners = (): string[] => [...lab.region.listeners.rows()].map(({ protocol, port }) => `${protocol} ${port}`).toSorted();
  const own = (): SecurityGroup => [...lab.region.securityGroups.rows()].find(({ name }) => name.startsWith('keelson-nlb-'))!;
  const letIn = ({ rules }: SecurityGroup): string[] => rules.filter(({ egress }) => !egress).map(({ protocol, from, to, peer }) => `${protocol} ${from}-${to} ${peer.value}`).toSorted();
  const nodes = (): string[] => letIn(lab.region.securityGroups.get(lab.nodesGroupId)!);
  const registered = (): string[] => group().targets.filter(({ health }) => health.state !== 'draining').map(({ id, port }) => `${id} ${port}`).toSorted();
  const ids = (): string[] => lab.targets.map(({ providerId }) => providerId.split('/').at(-1)!);

  it('makes a network load balancer with listener, target group, security group and a rule at the nodes, all with the owner\'s tags', async () => {
    await start();
    const { ingress, warnings } = await ensure();
    expect(warnings).to.deep.equal([]);
    expect(ingress).to.deep.equal([{ hostname: balancer().dnsName }]);
    expect([balancer().type, balancer().scheme, balancer().name, balancer().zones.length]).to.deep.equal(['network', 'internet-facing', request().name, 2]);
    expect(listeners()).to.deep.equal(['TCP 80']);
    expect([group().protocol, group().port, group().targetType, group().name.startsWith('k8s-default-web1-')]).to.deep.equal(['TCP', 30_080, 'instance', true]);
    expect(registered()).to.deep.equal(ids().map((id) => `${id} 30080`).toSorted());
    expect(letIn(own())).to.deep.equal(['tcp 80-80 0.0.0.0/0']);
    expect(balancer().groupIds).to.deep.equal([own().id]);
    expect(nodes()).to.deep.equal(['tcp 22-22 10.0.0.0/8', `tcp 30080-30080 ${own().id}`]);
    const [listener] = lab.region.listeners.rows();
    for (const { tags } of [balancer(), group(), own(), listener!, lab.region.securityGroups.get(lab.nodesGroupId)!.rules.at(-1)!]) {
      expect(Object.fromEntries(tags)).to.deep.equal({ 'kubernetes.io/cluster/lab': 'owned', 'kubernetes.io/service-name': 'default/web-1', 'keelson.dev/service-uid': request().owner.uid });
    }
  });

  it('reads only when nothing differs, and little of it', async () => {
    await start();
    await ensure();
    expect(lab.calls()).to.deep.equal({
      DescribeLoadBalancers: 1, DescribeTargetGroups: 1, DescribeSubnets: 1, DescribeInstances: 1, DescribeSecurityGroups: 1, DescribeSecurityGroupRules: 1,
      CreateSecurityGroup: 1, AuthorizeSecurityGroupIngress: 2, CreateLoadBalancer: 1, CreateTargetGroup: 1, RegisterTargets: 1, CreateListener: 1,
    });
    await ensure();
    expect(lab.calls()).to.deep.equal({
      DescribeLoadBalancers: 1, DescribeTargetGroups: 1, DescribeTags: 1, DescribeSecurityGroups: 1, DescribeSecurityGroupRules: 1,
      DescribeLoadBalancerAttributes: 1, DescribeListeners: 1, DescribeTargetGroupAttributes: 1, DescribeTargetHealth: 1,
    });
  });

  it('changes targets with one call for each target group, and one to learn of a new node', async () => {
    await start();
    await ensure();
    const added = await lab.addNode(3);
    lab.calls();
    await lab.balancers.updateTargets(labRequest([...lab.targets, added]), signal);
    expect(lab.calls()).to.deep.equal({ DescribeInstances: 1, RegisterTargets: 1 });
    await lab.balancers.updateTargets(labRequest(lab.targets.slice(1)), signal);
    expect(lab.calls()).to.deep.equal({ DeregisterTargets: 1 });
    expect(registered()).to.deep.equal(ids().slice(1).map((id) => `${id} 30080`).toSorted());
    await lab.balancers.updateTargets(labRequest(lab.targets.slice(1)), signal);
    expect(lab.calls()).to.deep.equal({});
  });

  it('asks once about a new node for a hundred services', async () => {
    await start({ quotas: { balancers: 200, rulesPerSecurityGroup: 200 } });
    const all = Array.from({ length: 100 }, (_none, index) => labRequest(lab.targets, { ports: [{ name: '', protocol: 'TCP', port: 80, nodePort: 30_000 + index }] }, index + 1));
    for (let at = 0; at < all.length; at += 10) await Promise.all(all.slice(at, at + 10).map(ensure));
    const added = await lab.addNode(3);
    lab.calls();
    await Promise.all(all.map((one) => lab.balancers.updateTargets({ ...one, targets: [...lab.targets, added] }, signal)));
    expect(lab.calls()).to.deep.equal({ DescribeInstances: 1, RegisterTargets: 100 });
    await Promise.all(all.slice(0, 10).map((one) => ensure({ ...one, targets: [...lab.targets, added] })));
    const shared = lab.calls();
    expect([shared['DescribeLoadBalancers'], shared['DescribeTargetGroups'], shared['DescribeTags'], shared['DescribeSecurityGroups'], shared['DescribeSecurityGroupRules']]).to.deep.equal([1, 1, 1, 1, 1]);
  }).timeout(30_000);

  it('lets nodes of another security group in when they come', async () => {
    await start();
    const { GroupId = '' } = await lab.context.api.ec2(new CreateSecurityGroupCommand({ GroupName: 'others', Description: 'others', VpcId: lab.vpcId }), signal);
    await ensure();
    const added = await lab.addNode(3);
    const id = added.providerId.split('/').at(-1)!;
    lab.region.instances.update(id, { groupIds: [GroupId] });
    await lab.balancers.updateTargets(labRequest([...lab.targets, added]), signal);
    expect(letIn(lab.region.securityGroups.get(GroupId)!)).to.deep.equal([`tcp 30080-30080 ${own().id}`]);
    lab.calls();
    await lab.balancers.updateTargets(labRequest([...lab.targets, added]), signal);
    expect(lab.calls()).to.deep.equal({});
    await lab.balancers.delete(request().owner, signal);
    expect(letIn(lab.region.securityGroups.get(GroupId)!)).to.deep.equal([]);
  });

  it('of several security groups of a node takes the one with the cluster\'s tag, and says so when there is none', async () => {
    await start();
    const { GroupId = '' } = await lab.context.api.ec2(new CreateSecurityGroupCommand({ GroupName: 'others', Description: 'others', VpcId: lab.vpcId }), signal);
    for (const id of ids()) lab.region.instances.update(id, { groupIds: [GroupId, lab.nodesGroupId] });
    expect((await ensure()).warnings).to.deep.equal([]);
    expect(nodes()).to.include(`tcp 30080-30080 ${own().id}`);
    expect(letIn(lab.region.securityGroups.get(GroupId)!)).to.deep.equal([]);
    lab.region.securityGroups.update(lab.nodesGroupId, { tags: new Map() });
    const { warnings } = await lab.restart().ensure(request(), signal);
    expect(warnings.join()).to.contain('none of their security groups has the tag kubernetes.io/cluster/lab');
    expect(nodes()).not.to.include(`tcp 30080-30080 ${own().id}`);
  });

  it('changes everything in place that can be changed, and nothing twice', async () => {
    await start();
    await ensure();
    const { dnsName } = balancer();
    const changed = request(
      { 'cross-zone-load-balancing-enabled': 'true', 'attributes': 'deletion_protection.enabled=true', 'proxy-protocol': '*', 'healthcheck-interval': '20', 'additional-resource-tags': 'team=blue', 'target-group-attributes': 'deregistration_delay.timeout_seconds=30' },
      { ports: [{ name: 'web', protocol: 'TCP', port: 80, nodePort: 31_000 }, { name: 'dns', protocol: 'UDP', port: 53, nodePort: 31_001 }], sourceRanges: ['192.0.2.0/24', '2001:db8::/32'], affinitySeconds: 60 },
    );
    expect((await ensure(changed)).ingress).to.deep.equal([{ hostname: dnsName }]);
    expect([balancer().attributes.get('load_balancing.cross_zone.enabled'), balancer().attributes.get('deletion_protection.enabled')]).to.deep.equal(['true', 'true']);
    for (const one of groups()) {
      expect([one.attributes.get('proxy_protocol_v2.enabled'), one.attributes.get('stickiness.enabled'), one.attributes.get('deregistration_delay.timeout_seconds'), one.healthCheck.intervalSeconds, one.tags.get('team')])
        .to.deep.equal(['true', 'true', '30', 20, 'blue']);
    }
    expect([balancer().tags.get('team'), own().tags.get('team')]).to.deep.equal(['blue', 'blue']);
    expect(listeners()).to.deep.equal(['TCP 80', 'UDP 53']);
    expect(letIn(own())).to.deep.equal(['tcp 80-80 192.0.2.0/24', 'tcp 80-80 2001:db8::/32', 'udp 53-53 192.0.2.0/24', 'udp 53-53 2001:db8::/32']);
    expect(nodes()).to.deep.equal([`tcp 10256-31000 ${own().id}`, 'tcp 22-22 10.0.0.0/8', `udp 31001-31001 ${own().id}`]);
    expect(registered()).to.deep.equal(ids().map((id) => `${id} 31000`).toSorted());
    lab.calls();
    await ensure(changed);
    expect(Object.keys(lab.calls()).filter((action) => !action.startsWith('Describe'))).to.deep.equal([]);
    await ensure(request({ attributes: 'deletion_protection.enabled=false' }));
    expect(listeners()).to.deep.equal(['TCP 80']);
    expect(groups()).to.have.length(1);
  });

  it('sets attributes back when they are no more wished for, and leaves those alone that it never set', async () => {
    await start();
    await ensure(request({ 'attributes': 'deletion_protection.enabled=true,dns_record.client_routing_policy=availability_zone_affinity', 'target-group-attributes': 'deregistration_delay.timeout_seconds=30' }));
    await lab.context.api.elb(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn: balancer().id, Attributes: [{ Key: 'zonal_shift.config.enabled', Value: 'true' }] }), signal);
    await ensure(request({ attributes: 'dns_record.client_routing_policy=availability_zone_affinity' }));
    const attribute = (key: string): string | undefined => balancer().attributes.get(key);
    expect(['deletion_protection.enabled', 'dns_record.client_routing_policy', 'zonal_shift.config.enabled'].map(attribute)).to.deep.equal(['false', 'availability_zone_affinity', 'true']);
    expect(group().attributes.get('deregistration_delay.timeout_seconds')).to.equal('300');
    expect([...balancer().tags.keys(), ...group().tags.keys()].filter((key) => key.startsWith('keelson.dev/attribute/'))).to.deep.equal(['keelson.dev/attribute/dns_record.client_routing_policy']);
  });

  it('sends only to nodes with the labels that are named', async () => {
    await start();
    const wanted = request({ 'target-node-labels': 'pool=edge' });
    expect(lab.balancers.details(wanted)).to.deep.equal({ endpoints: false, nodeLabels: ['pool'] });
    const labels: Record<string, string>[] = [{ pool: 'edge' }, { pool: 'core' }, {}];
    await ensure({ ...wanted, targets: lab.targets.map((target, index) => ({ ...target, labels: labels[index]! })) });
    expect(registered()).to.deep.equal([`${ids()[0]} 30080`]);
  });

  it('puts right what was changed behind its back', async () => {
    await start();
    const whole = request({ 'cross-zone-load-balancing-enabled': 'true', 'healthcheck-interval': '20' }, { ports: [...request().ports, { name: 'https', protocol: 'TCP', port: 443, nodePort: 30_443 }] });
    await ensure(whole);
    const before = JSON.stringify([letIn(own()), nodes(), listeners(), groups().map(({ name }) => name).toSorted()]);
    const { context: { api } } = lab;
    await api.elb(new ModifyLoadBalancerAttributesCommand({ LoadBalancerArn: balancer().id, Attributes: [{ Key: 'load_balancing.cross_zone.enabled', Value: 'false' }] }), signal);
    await api.elb(new ModifyTargetGroupCommand({ TargetGroupArn: group().id, HealthCheckIntervalSeconds: 300 }), signal);
    await api.elb(new DeregisterTargetsCommand({ TargetGroupArn: group().id, Targets: [{ Id: ids()[0] }] }), signal);
    await api.ec2(new AuthorizeSecurityGroupIngressCommand({ GroupId: own().id, IpPermissions: [{ IpProtocol: 'tcp', FromPort: 1, ToPort: 65_535, IpRanges: [{ CidrIp: '0.0.0.0/0' }] }] }), signal);
    lab.region.securityGroups.update(lab.nodesGroupId, { rules: lab.region.securityGroups.get(lab.nodesGroupId)!.rules.filter(({ tags }) => tags.size === 0) });
    const [first, second] = lab.region.listeners.rows();
    lab.region.listeners.remove(first!.id);
    lab.region.listeners.update(second!.id, { port: 9999 });
    lab.region.securityGroups.update(own().id, { tags: new Map([...own().tags, ['team', 'x']]) });
    await ensure(whole);
    expect(JSON.stringify([letIn(own()), nodes(), listeners(), groups().map(({ name }) => name).toSorted()])).to.equal(before);
    expect([balancer().attributes.get('load_balancing.cross_zone.enabled'), group().healthCheck.intervalSeconds]).to.deep.equal(['true', 20]);
    expect(registered()).to.have.length(3);
    // All but the balancer itself is gone.
    for (const listener of [...lab.region.listeners.rows()]) lab.region.listeners.remove(listener.id);
    for (const { id } of groups()) await api.elb(new DeleteTargetGroupCommand({ TargetGroupArn: id }), signal);
    expect((await failure(lab.balancers.updateTargets({ ...whole, targets: lab.targets.slice(1) }, signal))).reason).to.equal('NotFound');
    await ensure(whole);
    expect(listeners()).to.deep.equal(['TCP 443', 'TCP 80']);
    expect(registered()).to.have.length(3);
  });

  it('makes another load balancer where one cannot be changed, of the same name, and leaves nothing of the former', async () => {
    await start({ delays: {} });
    const first = await ensure();
    const second = await ensure(request({ internal: 'true' }));
    expect(balancer().scheme).to.equal('internal');
    expect(second.ingress).not.to.deep.equal(first.ingress);
    await ensure(request({ internal: 'true', name: 'shop' }));
    expect([...lab.region.balancers.rows()].map(({ name, scheme }) => [name, scheme])).to.deep.equal([['shop', 'internal']]);
    expect([listeners(), groups().length, registered().length]).to.deep.equal([['TCP 80'], 1, 3]);
    await ensure(request({ internal: 'true', 'disable-nlb-sg': 'true' }));
    expect([balancer().name, balancer().groupIds]).to.deep.equal([request().name, []]);
    expect(nodes()).to.deep.equal(['tcp 22-22 10.0.0.0/8', 'tcp 30080-30080 0.0.0.0/0', 'tcp 30080-30080 172.31.0.0/20', 'tcp 30080-30080 172.31.16.0/20']);
    await lab.balancers.delete(request().owner, signal);
    expect(lab.things(request().owner)).to.deep.equal([]);
    expect(nodes()).to.deep.equal(['tcp 22-22 10.0.0.0/8']);
  });

  it('serves TLS with several certificates, and to its targets', async () => {
    await start();
    const ports = [{ name: 'http', protocol: 'TCP', port: 80, nodePort: 30_080 }, { name: 'https', protocol: 'TCP', port: 443, nodePort: 30_443 }] as const;
    await ensure(request({ 'ssl-cert': `${certificate(1)}, ${certificate(2)}`, 'ssl-ports': 'https', 'alpn-policy': 'HTTP2Preferred', 'backend-protocol': 'ssl' }, { ports }));
    expect(listeners()).to.deep.equal(['TCP 80', 'TLS 443']);
    const tls = (): { sslPolicy?: string; certificates: readonly string[]; alpn: readonly string[] } => [...lab.region.listeners.rows()].find(({ port }) => port === 443)!;
    expect([tls().sslPolicy, tls().certificates, tls().alpn]).to.deep.equal(['ELBSecurityPolicy-2016-08', [certificate(1), certificate(2)], ['HTTP2Preferred']]);
    expect(groups().map(({ protocol }) => protocol).toSorted()).to.deep.equal(['TCP', 'TLS']);
    const changed = request({ 'ssl-cert': `${certificate(3)},${certificate(2)}`, 'ssl-ports': '443', 'ssl-negotiation-policy': 'ELBSecurityPolicy-TLS13-1-2-2021-06' }, { ports });
    await ensure(changed);
    expect([tls().sslPolicy, tls().certificates, tls().alpn]).to.deep.equal(['ELBSecurityPolicy-TLS13-1-2-2021-06', [certificate(3), certificate(2)], ['None']]);
    expect(groups().map(({ protocol }) => protocol)).to.deep.equal(['TCP', 'TCP']);
    lab.calls();
    await ensure(changed);
    expect(Object.keys(lab.calls()).filter((action) => !action.startsWith('Describe'))).to.deep.equal([]);
    await ensure(request({}, { ports }));
    expect(listeners()).to.deep.equal(['TCP 443', 'TCP 80']);
    const refused = await failure(ensure(request({ 'ssl-cert': 'arn:aws:acm:us-west-2:123456789012:certificate/none' }, { ports })));
    expect([refused.reason, refused.message.includes('aws-load-balancer-ssl-cert'), refused.message.includes('certificate/none')]).to.deep.equal(['Invalid', true, true]);
  });

  it('serves TCP and UDP of one port by one listener', async () => {
    await start();
    const ports = [{ name: 'dns', protocol: 'UDP', port: 53, nodePort: 30_053 }, { name: 'dns-tcp', protocol: 'TCP', port: 53, nodePort: 30_053 }] as const;
    await ensure(request({}, { ports }));
    expect([listeners(), group().protocol]).to.deep.equal([['TCP_UDP 53'], 'TCP_UDP']);
    expect(letIn(own())).to.deep.equal(['tcp 53-53 0.0.0.0/0', 'udp 53-53 0.0.0.0/0']);
    const refused = await failure(ensure(request({}, { ports: [ports[0], { ...ports[1], nodePort: 30_054 }] })));
    expect([refused.reason, refused.message.includes('30053 and 30054')]).to.deep.equal(['Invalid', true]);
  });

  it('sends to pods themselves, in zones of the VPC and beyond', async () => {
    await start();
    const endpoints = [{ port: 'http', address: '172.31.0.77', targetPort: 8080 }, { port: 'http', address: '10.244.1.5', targetPort: 8081 }, { port: 'other', address: '10.244.1.6', targetPort: 1 }];
    const wanted = request({ type: 'nlb-ip' }, { ports: [{ name: 'http', protocol: 'TCP', port: 80 }], endpoints });
    expect(lab.balancers.details(wanted)).to.deep.equal({ endpoints: true, nodeLabels: [] });
    await ensure(wanted);
    expect(balancer().scheme).to.equal('internal');
    expect(group().targets.map(({ id, port, zone }) => [id, port, zone])).to.deep.equal([['172.31.0.77', 8080, undefined], ['10.244.1.5', 8081, 'all']]);
    expect(nodes()).to.include(`tcp 8080-8081 ${own().id}`);
    await lab.balancers.updateTargets({ ...wanted, endpoints: [...endpoints.slice(1), { port: 'http', address: '10.244.1.9', targetPort: 9090 }] }, signal);
    expect(registered()).to.deep.equal(['10.244.1.5 8081', '10.244.1.9 9090']);
    expect(nodes()).to.include(`tcp 8081-9090 ${own().id}`);
    await ensure(request());
    expect([groups().length, group().targetType]).to.deep.equal([1, 'instance']);
  });

  it('has the addresses that are named', async () => {
    await start();
    const allocate = async (): Promise<string> => (await lab.context.api.ec2(new AllocateAddressCommand({ Domain: 'vpc' }), signal)).AllocationId!;
    const [one, two, three] = [await allocate(), await allocate(), await allocate()];
    await ensure(request({ 'eip-allocations': `${one},${two}` }));
    expect(balancer().zones.map(({ allocationId }) => allocationId)).to.deep.equal([one, two]);
    const { id } = balancer();
    await ensure(request({ 'eip-allocations': `${one},${two}` }));
    expect(balancer().id).to.equal(id);
    await ensure(request({ 'eip-allocations': `${one},${three}` }));
    expect(balancer().zones.map(({ allocationId }) => allocationId)).to.deep.equal([one, three]);
    expect((await failure(ensure(request({ 'eip-allocations': one })))).message).to.contain('names 1 addresses for 2 subnets');
    const missing = await failure(ensure(request({ 'eip-allocations': `${one},eipalloc-0123456789abcdef0` })));
    expect([missing.reason, missing.message.includes('eipalloc-0123456789abcdef0, which is no allocation')]).to.deep.equal(['Invalid', true]);
    await lab.balancers.delete(request().owner, signal);
    expect([...lab.region.addresses.rows()].map(({ usedBy }) => usedBy)).to.deep.equal([undefined, undefined, undefined]);
    await ensure(request({ scheme: 'internal', 'private-ipv4-addresses': '172.31.16.9, 172.31.0.9' }));
    expect(balancer().zones.map(({ privateIp }) => privateIp)).to.deep.equal(['172.31.0.9', '172.31.16.9']);
    expect((await failure(ensure(request({ scheme: 'internal', 'private-ipv4-addresses': '172.31.16.9,10.0.0.9' })))).reason).to.equal('Invalid');
  });

  it('adopts nothing that is not its own', async () => {
    await start();
    const [zone] = lab.region.subnets.rows();
    await lab.context.api.elb(new CreateLoadBalancerCommand({ Name: request().name, Type: 'network', Subnets: [zone!.id] }), signal);
    lab.emulator.state.advance(60_000);
    const before = lab.foreign();
    const refused = await failure(ensure());
    expect([refused.reason, refused.message.includes(request().name)]).to.deep.equal(['AlreadyExists', true]);
    await lab.balancers.delete(request().owner, signal);
    expect(lab.foreign()).to.equal(before);
    expect(lab.things(request().owner)).to.deep.equal([]);
  });

  it('knows nothing of another cluster, though the owner be the same', async () => {
    await start();
    const other = new NetworkLoadBalancers(lab.contextWith({ config: { clusterId: 'other', subnetIds: balancerSubnets(), securityGroupIds: [lab.nodesGroupId] } }));
    await other.ensure(request({ name: 'theirs' }), signal);
    expect(await lab.balancers.owners(signal)).to.deep.equal([]);
    const there = lab.things(request().owner);
    await lab.balancers.delete(request().owner, signal);
    expect(lab.things(request().owner)).to.deep.equal(there);
    expect(await other.owners(signal)).to.deep.equal([request().owner]);
  });
  const balancerSubnets = (): string[] => [...lab.region.subnets.rows()].slice(0, 2).map(({ id }) => id);

  it('does not delete what is protected, says so, and goes on when it is no more', async () => {
    await start();
    await ensure(request({ attributes: 'deletion_protection.enabled=true' }));
    const refused = await failure(lab.balancers.delete(request().owner, signal));
    expect([refused.reason, refused.message.includes('deletion protection')]).to.deep.equal(['Unavailable', true]);
    expect([listeners(), groups().length]).to.deep.equal([['TCP 80'], 1]);
    expect((await failure(ensure(request({ attributes: 'deletion_protection.enabled=true', scheme: 'internal' })))).reason).to.equal('Unavailable');
    await ensure(request({ attributes: 'deletion_protection.enabled=false', scheme: 'internal' }));
    await lab.balancers.delete(request().owner, signal);
    expect(lab.things(request().owner)).to.deep.equal([]);
  });

  it('finds what is left by its tags, whatever is missing, and deletes it', async () => {
    await start({ delays: {} });
    await ensure(request({}, { ports: [...request().ports, { name: 'https', protocol: 'TCP', port: 443, nodePort: 30_443 }] }));
    lab.emulator.state.advance(60_000);
    for (const listener of [...lab.region.listeners.rows()]) lab.region.listeners.remove(listener.id);
    lab.region.balancers.remove(balancer().id);
    lab.region.targetGroups.remove(group().id);
    lab.emulator.state.advance(60_000);
    const balancers = lab.restart();
    expect(await balancers.owners(signal)).to.deep.equal([request().owner]);
    await balancers.delete(request().owner, signal);
    expect(lab.things(request().owner)).to.deep.equal([]);
    expect(await balancers.owners(signal)).to.deep.equal([]);
  });

  it('waits for security groups that a deleted load balancer still holds', async () => {
    await start({ delays: { balancerDelete: [40_000, 40_000], consistency: [0, 0] } });
    await ensure();
    lab.emulator.state.advance(60_000);
    lab.calls();
    await lab.balancers.delete(request().owner, signal);
    expect(lab.things(request().owner)).to.deep.equal([]);
    const { DeleteSecurityGroup = 0, ...others } = lab.calls();
    expect(others).to.deep.equal({ DescribeLoadBalancers: 1, DescribeTargetGroups: 1, DescribeTags: 1, DescribeSecurityGroups: 1, DescribeSecurityGroupRules: 1, DeleteLoadBalancer: 1, DeleteTargetGroup: 1, RevokeSecurityGroupIngress: 1 });
    expect(DeleteSecurityGroup).to.be.within(2, 8);
  });

  it('gives up on what somebody holds for long, and says so', async () => {
    await start();
    await ensure();
    await lab.context.api.ec2(new AuthorizeSecurityGroupIngressCommand({ GroupId: lab.nodesGroupId, IpPermissions: [{ IpProtocol: 'tcp', FromPort: 1, ToPort: 1, UserIdGroupPairs: [{ GroupId: own().id }] }] }), signal);
    const refused = await failure(lab.balancers.delete(request().owner, signal));
    expect([refused.reason, refused.message.includes('DependencyViolation')]).to.deep.equal(['Unavailable', true]);
    expect(nodes()).to.deep.equal([`tcp 1-1 ${own().id}`, 'tcp 22-22 10.0.0.0/8']);
  });

  it('leaves out targets that cannot be had, and says which', async () => {
    await start();
    lab.emulator.state.terminate('us-west-2', ids()[1]!);
    const { warnings } = await ensure();
    expect(warnings).to.have.length(1);
    expect(warnings[0]).to.contain(ids()[1]);
    expect(registered()).to.deep.equal([ids()[0], ids()[2]].map((id) => `${id} 30080`).toSorted());
  });

  it('refuses what can never be before anything is made', async () => {
    await start();
    const many = Array.from({ length: 60 }, (_none, index) => ({ name: `p${index}`, protocol: 'TCP', port: 1000 + index, nodePort: 30_000 + index } as const));
    for (const [wanted, said] of [
      [request({}, { ports: many }), 'has 60 ports'],
      [request({}, { ports: [{ name: '', protocol: 'TCP', port: 80 }] }), 'has no node port'],
      [request({}, { sourceRanges: ['10.0.0.0/33'] }), '10.0.0.0/33'],
      [request({ subnets: 'subnet-0123456789abcdef0' }), 'subnet-0123456789abcdef0, which is no subnet'],
      [request({ 'ssl-cert': certificate(1), 'ssl-ports': 'nosuch' }), 'nosuch'],
      [request({ 'listener-attributes.TCP-81': 'a=b' }), 'listener-attributes.TCP-81'],
    ] as const) {
      const refused = await failure(ensure(wanted));
      expect([refused.reason, refused.message.includes(said)], refused.message).to.deep.equal(['Invalid', true]);
    }
    expect(lab.things(request().owner)).to.deep.equal([]);
  });

  it('explains values that only AWS can refuse, by their annotation', async () => {
    await start();
    for (const [annotations, said] of [
      [{ attributes: 'nosuch.attribute=1' }, ['aws-load-balancer-attributes', 'nosuch.attribute=1']],
      [{ 'target-group-attributes': 'deregistration_delay.timeout_seconds=9999' }, ['aws-load-balancer-target-group-attributes', 'timeout_seconds=9999']],
      [{ 'listener-attributes.TCP-80': 'tcp.idle_timeout.seconds=1' }, ['listener-attributes.TCP-80', 'seconds=1']],
      [{ 'security-groups': 'nosuch' }, ['aws-load-balancer-security-groups', 'nosuch']],
      [{ 'extra-security-groups': 'sg-0123456789abcdef0' }, ['aws-load-balancer-extra-security-groups', 'sg-0123456789abcdef0']],
      [{ 'ssl-cert': certificate(1), 'ssl-negotiation-policy': 'Nosuch' }, ['aws-load-balancer-ssl-negotiation-policy', 'Nosuch']],
    ] as const) {
      const refused = await failure(ensure(request(annotations)));
      expect(refused.reason, refused.message).to.equal('Invalid');
      for (const part of said) expect(refused.message).to.contain(part);
    }
    await lab.balancers.delete(request().owner, signal);
    expect(lab.things(request().owner)).to.deep.equal([]);
  });

  it('uses security groups that are given', async () => {
    await start();
    const make = async (name: string): Promise<string> => (await lab.context.api.ec2(new CreateSecurityGroupCommand({
      GroupName: name, Description: name, VpcId: lab.vpcId, TagSpecifications: [{ ResourceType: 'security-group', Tags: [{ Key: 'Name', Value: name }] }],
    }), signal)).GroupId!;
    const [front, more] = [await make('front'), await make('more')];
    await ensure(request({ 'extra-security-groups': 'more' }));
    expect(balancer().groupIds).to.deep.equal([own().id, more]);
    await ensure(request({ 'security-groups': front, 'manage-backend-security-group-rules': 'true' }));
    expect(balancer().groupIds).to.deep.equal([front]);
    expect(own()).to.equal(undefined);
    expect(nodes()).to.include(`tcp 30080-30080 ${front}`);
    await lab.balancers.delete(request().owner, signal);
    expect(nodes()).to.deep.equal(['tcp 22-22 10.0.0.0/8']);
    expect(lab.region.securityGroups.get(front)).not.to.equal(undefined);
  });
});
