import { expect } from 'chai';

import { startGcpEmulator, type GcpEmulator } from './emulator.ts';
import { instanceBody, RawClient } from './raw-client.ts';

const zone = 'zones/us-central1-a';
const region = 'regions/us-central1';
const path = (rest: string) => `projects/p1/${rest}`;
const link = (rest: string) => `https://www.googleapis.com/compute/v1/projects/p1/${rest}`;

describe('the Compute Engine emulator: networks and load balancing', () => {
  let emulator: GcpEmulator;
  let client: RawClient;

  const refusal = async (verb: string, rest: string, body?: Record<string, unknown>) => {
    const answer = await client.send(verb, rest, body);
    expect(answer.status, `${verb} ${rest} ${JSON.stringify(answer.body)}`).to.be.within(400, 499);
    return { status: answer.status, reason: answer.body.error.errors[0].reason, message: answer.body.error.message };
  };
  const check = (name: string) => client.make('POST', `${region}/healthChecks`, { name, type: 'HTTP', checkIntervalSec: 8, timeoutSec: 1, httpHealthCheck: { port: 10256, requestPath: '/healthz' } });
  const group = (name: string) => client.make('POST', `${zone}/instanceGroups`, { name });
  const service = (name: string, more: object = {}) => client.make('POST', `${region}/backendServices`, { name, loadBalancingScheme: 'EXTERNAL', protocol: 'TCP', healthChecks: [path(`${region}/healthChecks/hc`)], backends: [{ group: path(`${zone}/instanceGroups/ig`) }], ...more });
  const rule = { name: 'fr', loadBalancingScheme: 'EXTERNAL', IPProtocol: 'TCP', ports: ['80', '443'], backendService: path(`${region}/backendServices/bs`) };

  beforeEach(async () => {
    emulator = await startGcpEmulator({ speed: 0 });
    client = new RawClient(emulator);
  });

  afterEach(() => emulator.stop());

  it('balances by a rule over a service over groups, and takes it down in order only', async () => {
    await check('hc');
    await group('ig');
    await client.make('POST', `${zone}/instances`, instanceBody('i1', 'us-central1-a'));
    await client.make('POST', `${zone}/instanceGroups/ig/addInstances`, { instances: [{ instance: path(`${zone}/instances/i1`) }] });
    await service('bs');
    await client.make('POST', `${region}/forwardingRules`, rule);
    const made = await client.get(`${region}/forwardingRules/fr`);
    expect(made).to.deep.include({ ports: ['80', '443'], networkTier: 'PREMIUM', backendService: link(`${region}/backendServices/bs`) });
    expect(made.IPAddress).to.match(/^34\./);
    const health = (await client.send('POST', `${region}/backendServices/bs/getHealth`, { group: path(`${zone}/instanceGroups/ig`) })).body;
    expect(health.healthStatus).to.have.length(1);
    expect(health.healthStatus[0]).to.include({ instance: link(`${zone}/instances/i1`), healthState: 'HEALTHY', forwardingRuleIp: made.IPAddress });
    const inUse = { status: 400, reason: 'resourceInUseByAnotherResource' };
    expect(await refusal('DELETE', `${region}/healthChecks/hc`)).to.include({ ...inUse, message: "The health_check resource 'projects/p1/regions/us-central1/healthChecks/hc' is already being used by 'projects/p1/regions/us-central1/backendServices/bs'" });
    expect(await refusal('DELETE', `${zone}/instanceGroups/ig`)).to.include(inUse);
    expect(await refusal('DELETE', `${region}/backendServices/bs`)).to.include(inUse);
    for (const each of [`${region}/forwardingRules/fr`, `${region}/backendServices/bs`, `${region}/healthChecks/hc`, `${zone}/instanceGroups/ig`, `${zone}/instances/i1`]) await client.make('DELETE', each);
    expect(emulator.state.leftovers()).to.deep.equal([]);
  });

  it('knows the members of a group', async () => {
    await group('ig');
    for (const name of ['i1', 'i2']) await client.make('POST', `${zone}/instances`, instanceBody(name, 'us-central1-a'));
    const members = (...names: string[]) => ({ instances: names.map((name) => ({ instance: path(`${zone}/instances/${name}`) })) });
    await client.make('POST', `${zone}/instanceGroups/ig/addInstances`, members('i1', 'i2'));
    expect(await refusal('POST', `${zone}/instanceGroups/ig/addInstances`, members('i1'))).to.include({ reason: 'memberAlreadyExists' });
    expect(await refusal('POST', `${zone}/instanceGroups/ig/addInstances`, members('i9'))).to.include({ status: 404 });
    expect(await refusal('POST', `${zone}/instanceGroups/ig/addInstances`, { instances: [{ instance: path('zones/us-central1-b/instances/i1') }] })).to.include({ reason: 'invalid' });
    await client.make('POST', `${zone}/instances/i2/stop`);
    const listed = async (instanceState: string) => (await client.send('POST', `${zone}/instanceGroups/ig/listInstances`, { instanceState })).body.items?.map(({ instance, status }: { instance: string; status: string }) => `${instance.split('/').at(-1)} ${status}`);
    expect(await listed('ALL')).to.deep.equal(['i1 RUNNING', 'i2 TERMINATED']);
    expect(await listed('RUNNING')).to.deep.equal(['i1 RUNNING']);
    await client.make('DELETE', `${zone}/instances/i2`);
    await client.make('POST', `${zone}/instanceGroups/ig/removeInstances`, members('i1'));
    expect(await refusal('POST', `${zone}/instanceGroups/ig/removeInstances`, members('i1'))).to.include({ reason: 'memberNotFound' });
    expect((await client.get(`${zone}/instanceGroups/ig`)).size).to.equal(0);
    await client.make('POST', `${zone}/instanceGroups/ig/setNamedPorts`, { namedPorts: [{ name: 'http', port: 80 }] });
    expect(await refusal('POST', `${zone}/instanceGroups/ig/setNamedPorts`, { namedPorts: [], fingerprint: 'stale' })).to.include({ status: 412 });
  });

  it('lets an instance be balanced by one group only', async () => {
    await check('hc');
    for (const name of ['ig', 'ig2']) await group(name);
    await client.make('POST', `${zone}/instances`, instanceBody('i1', 'us-central1-a'));
    await service('bs');
    await service('bs2', { backends: [{ group: path(`${zone}/instanceGroups/ig2`) }] });
    const member = { instances: [{ instance: path(`${zone}/instances/i1`) }] };
    await client.make('POST', `${zone}/instanceGroups/ig/addInstances`, member);
    const second = await client.done('POST', `${zone}/instanceGroups/ig2/addInstances`, member);
    expect(second.error.errors[0].code).to.equal('INSTANCE_IN_MULTIPLE_LOAD_BALANCED_IGS');
    expect((await client.get(`${zone}/instanceGroups/ig2`)).size).to.equal(0);
  });

  it('changes a service for those who know its newest fingerprint', async () => {
    await check('hc');
    await group('ig');
    await service('bs');
    const { fingerprint } = await client.get(`${region}/backendServices/bs`);
    expect(await refusal('PATCH', `${region}/backendServices/bs`, { sessionAffinity: 'CLIENT_IP' })).to.include({ status: 412, reason: 'conditionNotMet' });
    await client.make('PATCH', `${region}/backendServices/bs`, { sessionAffinity: 'CLIENT_IP', fingerprint });
    expect(await refusal('PATCH', `${region}/backendServices/bs`, { sessionAffinity: 'NONE', fingerprint })).to.include({ status: 412 });
    const now = await client.get(`${region}/backendServices/bs`);
    expect(now).to.include({ sessionAffinity: 'CLIENT_IP', protocol: 'TCP', timeoutSec: 30 });
    expect(now.backends[0]).to.include({ balancingMode: 'CONNECTION', group: link(`${zone}/instanceGroups/ig`) });
    await client.make('PUT', `${region}/backendServices/bs`, { name: 'bs', loadBalancingScheme: 'EXTERNAL', protocol: 'TCP', healthChecks: now.healthChecks, fingerprint: now.fingerprint });
    expect(await client.get(`${region}/backendServices/bs`), 'an update replaces').not.to.have.property('backends');
  });

  it('refuses services and rules that do not fit together', async () => {
    await check('hc');
    await group('ig');
    await service('bs');
    const of = (more: object) => ({ name: 'b', loadBalancingScheme: 'INTERNAL', protocol: 'TCP', healthChecks: [path(`${region}/healthChecks/hc`)], ...more });
    expect(await refusal('POST', `${region}/backendServices`, of({ protocol: 'HTTP' }))).to.include({ reason: 'invalid' });
    expect((await refusal('POST', `${region}/backendServices`, of({ backends: [{ group: path(`${zone}/instanceGroups/ig`), balancingMode: 'UTILIZATION' }] }))).message).to.contain("Invalid value for field 'resource.backends[0].balancingMode': 'UTILIZATION'. Balancing mode must be CONNECTION for an INTERNAL backend service.");
    expect(await refusal('POST', `${region}/backendServices`, of({ backends: [{ group: path(`${zone}/instanceGroups/none`) }] }))).to.include({ status: 404 });
    expect(await refusal('POST', `${region}/forwardingRules`, { ...rule, ports: ['1', '2', '3', '4', '5', '6'] })).to.include({ reason: 'invalid' });
    expect(await refusal('POST', `${region}/forwardingRules`, { ...rule, IPProtocol: 'UDP' })).to.include({ reason: 'invalid' });
    expect(await refusal('POST', `${region}/forwardingRules`, { ...rule, loadBalancingScheme: 'INTERNAL' })).to.include({ reason: 'invalid' });
    expect(await refusal('POST', `${region}/forwardingRules`, { ...rule, backendService: undefined })).to.include({ reason: 'required' });
    expect(await refusal('POST', `${region}/forwardingRules`, { ...rule, IPAddress: '203.0.113.9' })).to.include({ reason: 'invalid' });
    expect(await refusal('POST', `${region}/healthChecks`, { name: 'h', type: 'TCP', timeoutSec: 9, checkIntervalSec: 8 })).to.include({ reason: 'invalid' });
    expect(await refusal('POST', `${region}/healthChecks`, { name: 'h', type: 'TCP', httpHealthCheck: {} })).to.include({ reason: 'invalid' });
  });

  it('holds an address for its rule, and gives it to none beside', async () => {
    await check('hc');
    await group('ig');
    await service('bs');
    await client.make('POST', `${region}/addresses`, { name: 'ip' });
    const { address, status } = await client.get(`${region}/addresses/ip`);
    expect(status).to.equal('RESERVED');
    await client.make('POST', `${region}/forwardingRules`, { ...rule, IPAddress: address });
    expect(await client.get(`${region}/addresses/ip`)).to.deep.include({ status: 'IN_USE', users: [link(`${region}/forwardingRules/fr`)] });
    expect(await refusal('DELETE', `${region}/addresses/ip`)).to.include({ reason: 'resourceInUseByAnotherResource' });
    const second = await client.done('POST', `${region}/forwardingRules`, { ...rule, name: 'fr2', IPAddress: address, ports: ['443'] });
    expect(second.error.errors[0]).to.include({ code: 'IP_IN_USE_BY_ANOTHER_RESOURCE' });
    await client.make('POST', `${region}/forwardingRules`, { ...rule, name: 'fr3', IPAddress: link(`${region}/addresses/ip`), ports: ['8080'] });
    for (const name of ['fr', 'fr3']) await client.make('DELETE', `${region}/forwardingRules/${name}`);
    expect((await client.get(`${region}/addresses/ip`)).status).to.equal('RESERVED');
    await client.make('DELETE', `${region}/addresses/ip`);
  });

  it('balances inside a network, and moves a rule to another service', async () => {
    await check('hc');
    await group('ig');
    for (const name of ['in', 'in2']) await service(name, { loadBalancingScheme: 'INTERNAL' });
    const inner = { name: 'fr', loadBalancingScheme: 'INTERNAL', IPProtocol: 'TCP', allPorts: true, network: 'global/networks/default', backendService: path(`${region}/backendServices/in`) };
    await client.make('POST', `${region}/forwardingRules`, inner);
    const made = await client.get(`${region}/forwardingRules/fr`);
    expect(made).to.include({ allPorts: true, subnetwork: link(`${region}/subnetworks/default`) });
    expect(made.IPAddress).to.match(/^10\.128\./);
    await client.make('PATCH', `${region}/forwardingRules/fr`, { allowGlobalAccess: true, fingerprint: made.fingerprint });
    expect(await refusal('PATCH', `${region}/forwardingRules/fr`, { allowGlobalAccess: false, fingerprint: made.fingerprint })).to.include({ status: 412 });
    expect(await refusal('PATCH', `${region}/forwardingRules/fr`, { ports: ['80'] })).to.include({ reason: 'invalid' });
    for (const ip of ['34.1.2.3', '10.200.0.1']) expect(await refusal('POST', `${region}/forwardingRules`, { ...inner, name: 'fr2', IPAddress: ip }), ip).to.include({ reason: 'invalid' });
    expect(await refusal('POST', `${region}/addresses`, { name: 'kept', addressType: 'INTERNAL', address: '34.1.2.3' })).to.include({ reason: 'invalid' });
    await client.make('POST', `${region}/addresses`, { name: 'kept', addressType: 'INTERNAL', address: made.IPAddress });
    expect(await refusal('POST', `${region}/addresses`, { name: 'twice', addressType: 'INTERNAL', address: made.IPAddress })).to.include({ reason: 'invalid' });
    await client.make('POST', `${region}/forwardingRules/fr/setTarget`, { target: path(`${region}/backendServices/in2`) });
    await client.make('POST', `${region}/forwardingRules/fr/setLabels`, { labels: { a: 'b' }, labelFingerprint: made.labelFingerprint });
    expect(await client.get(`${region}/forwardingRules/fr`)).to.deep.include({ backendService: link(`${region}/backendServices/in2`), allowGlobalAccess: true, labels: { a: 'b' }, IPAddress: made.IPAddress });
  });

  it('keeps firewalls of one direction, and merges or replaces them', async () => {
    const firewall = { name: 'fw', network: 'global/networks/default', allowed: [{ IPProtocol: 'TCP', ports: ['80', '1000-2000'] }], targetTags: ['node'] };
    await client.make('POST', 'global/firewalls', firewall);
    expect(await client.get('global/firewalls/fw')).to.deep.include({ direction: 'INGRESS', priority: 1000, disabled: false, sourceRanges: ['0.0.0.0/0'], allowed: [{ IPProtocol: 'tcp', ports: ['80', '1000-2000'] }] });
    await client.make('PATCH', 'global/firewalls/fw', { sourceRanges: ['10.0.0.0/8'] });
    expect(await client.get('global/firewalls/fw')).to.deep.include({ sourceRanges: ['10.0.0.0/8'], targetTags: ['node'] });
    await client.make('PATCH', 'global/firewalls/fw', { destinationRanges: ['34.1.2.3/32'] });
    expect(await client.get('global/firewalls/fw')).to.deep.include({ sourceRanges: ['10.0.0.0/8'], destinationRanges: ['34.1.2.3/32'] });
    await client.make('PUT', 'global/firewalls/fw', { name: 'fw', network: 'global/networks/default', denied: [{ IPProtocol: 'all' }] });
    expect(await client.get('global/firewalls/fw')).to.not.have.any.keys('allowed', 'targetTags');
    for (const wrong of [{ allowed: undefined }, { denied: [{ IPProtocol: 'udp' }] }, { sourceRanges: ['10.0.0.1/8'] }, { allowed: [{ IPProtocol: 'icmp', ports: ['1'] }] }, { allowed: [{ IPProtocol: 'tcp', ports: ['9-1'] }] }, { destinationRanges: ['10.0.0.1/8'] }, { direction: 'EGRESS', sourceTags: ['node'] }, { targetTags: ['No'] }, { priority: 70_000 }]) {
      expect(await refusal('POST', 'global/firewalls', { ...firewall, name: 'fw2', ...wrong }), JSON.stringify(wrong)).to.include({ reason: 'invalid' });
    }
  });

  it('has routes with exactly one next hop, and warns of one that does not forward', async () => {
    await client.make('POST', `${zone}/instances`, instanceBody('i1', 'us-central1-a'));
    const route = { name: 'r1', network: 'global/networks/default', destRange: '10.4.0.0/24', priority: 1000, nextHopInstance: path(`${zone}/instances/i1`), description: 'k8s-node-route' };
    await client.make('POST', 'global/routes', route);
    const made = await client.get('global/routes/r1');
    expect(made).to.include({ description: 'k8s-node-route', nextHopInstance: link(`${zone}/instances/i1`) });
    expect(made.warnings[0].code).to.equal('NEXT_HOP_CANNOT_IP_FORWARD');
    emulator.state.stopInstance(path(`${zone}/instances/i1`));
    expect((await client.get('global/routes/r1')).warnings.map(({ code }: { code: string }) => code)).to.deep.equal(['NEXT_HOP_NOT_RUNNING', 'NEXT_HOP_CANNOT_IP_FORWARD']);
    emulator.state.startInstance(path(`${zone}/instances/i1`));
    const found = await client.get(`global/routes?filter=${encodeURIComponent('(name eq "r.*") AND (network eq ".*/default") AND destRange = 10.4.0.0/24')}`);
    expect(found.items.map(({ name }: { name: string }) => name)).to.deep.equal(['r1']);
    expect(await refusal('POST', 'global/routes', { ...route, name: 'r2', nextHopIp: '10.128.0.2' })).to.include({ reason: 'invalid' });
    expect(await refusal('POST', 'global/routes', { ...route, name: 'r2', destRange: '10.4.0.1/24' })).to.include({ reason: 'invalid' });
    expect(await refusal('POST', 'global/routes', { ...route, name: 'r2', nextHopInstance: path(`${zone}/instances/none`) })).to.include({ status: 404 });
    emulator.state.setQuota('ROUTES', 2);
    expect((await client.done('POST', 'global/routes', { ...route, name: 'r2', destRange: '10.4.1.0/24' })).error.errors[0]).to.include({ code: 'QUOTA_EXCEEDED', message: "Quota 'ROUTES' exceeded.  Limit: 2.0 globally." });
    emulator.state.deleteInstance(path(`${zone}/instances/i1`));
    expect((await client.get('global/routes/r1')).warnings.map(({ code }: { code: string }) => code)).to.deep.equal(['NEXT_HOP_INSTANCE_NOT_FOUND']);
    await client.make('DELETE', 'global/routes/r1');
  });
});
