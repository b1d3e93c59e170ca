import { expect } from 'chai';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import { InstanceDirectory } from '#core/controllers/cloud-node/instance-directory.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import type { InstanceAnswer, InstanceQuestion } from '#core/spi/instances.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { instancesConformance } from '#test/conformance/instances.ts';
import type { Fault } from '#test/emulators/gcp/faults.ts';
import type { Json } from '#test/emulators/gcp/json.ts';
import { instanceBody } from '#test/emulators/gcp/raw-client.ts';
import { gcpLab, type GcpLab, type GcpLabOptions } from '#test/fixtures/gcp-lab.ts';
import { GcpInstances } from './instances.ts';
import { clusterLabel } from './context.ts';

const never = new AbortController().signal;
const [project, zone] = ['lab-project', 'us-central1-a'];
const pathOf = (name: string, inZone = zone, inProject = project): string => `projects/${inProject}/zones/${inZone}/instances/${name}`;
const byName = (node: string): InstanceQuestion => ({ node, providerId: '' });
const byId = (name: string, inZone = zone): InstanceQuestion => ({ node: 'of-no-meaning', providerId: `gce://${project}/${inZone}/${name}` });
const mark = { [clusterLabel]: 'lab' };
const states = (answers: readonly InstanceAnswer[]): readonly string[] => answers.map(({ state }) => state);

/** An instance that runs, and that lists show. */
async function launch(lab: GcpLab, name: string, { inZone = zone, ...more }: Json & { readonly inZone?: string } = {}): Promise<void> {
  const place = { project, zone: inZone };
  const instanceResource = instanceBody(name, inZone, { labels: mark, ...more });
  await lab.context.api.change('compute.instances.insert', place, (client, options, requestId) => client.insert({ ...place, requestId, instanceResource }, options), never);
  lab.emulator.state.advance(1_000);
}

/** Copies of an instance, as if they had been there for long. */
function copies(lab: GcpLab, name: string, names: readonly string[], changes: Json = {}): void {
  const { cloud } = lab.emulator.state;
  const original = cloud.read(pathOf(name));
  for (const copy of names) cloud.resources.put(pathOf(copy), { ...original, ...changes, id: cloud.random.id(), name: copy, selfLink: original.selfLink.replace(/[^/]*$/, copy) });
  lab.emulator.state.advance(1_000);
}

const count = (lab: GcpLab): Readonly<Record<string, number>> => Object.fromEntries(lab.emulator.state.cloud.calls);

for (const [title, options] of [['gcp', { delays: 0, speed: 1 }], ['gcp, slow and late', { speed: 0, seed: 3, listLag: 900 }]] as const satisfies readonly (readonly [string, GcpLabOptions])[]) {
  instancesConformance(title, async () => {
    const lab = await gcpLab(options);
    const { state } = lab.emulator;
    return {
      instances: new GcpInstances(lab.context),
      launch: (name) => launch(lab, name),
      terminate: async (name) => {
        state.deleteInstance(pathOf(name));
        state.advance(1_000);
      },
      stop: async (name) => state.stopInstance(pathOf(name)),
      cutOff: async () => state.cloud.faults.plan({ faults: [{ method: 'compute.*', fault: 'cut' }] }),
      cleanup: () => lab.stop(),
    };
  });
}

describe('GcpInstances', () => {
  let lab: GcpLab;
  let instances: GcpInstances;
  const start = async (options: GcpLabOptions = {}): Promise<void> => {
    lab = await gcpLab(options);
    instances = new GcpInstances(lab.context);
  };
  beforeEach(() => start());
  afterEach(() => lab.stop());
  const ask = (...questions: readonly InstanceQuestion[]) => instances.describe(questions, never);

  it('tells type, place, addresses and subnetwork', async () => {
    await launch(lab, 'n1', { networkInterfaces: [{ network: 'global/networks/default', accessConfigs: [{}] }] });
    const { networkInterfaces: [nic] } = lab.emulator.state.cloud.read(pathOf('n1')) as unknown as { networkInterfaces: [{ networkIP: string; accessConfigs: [{ natIP: string }] }] };
    expect(await ask(byName('n1'))).to.deep.equal([{
      state: 'running',
      metadata: {
        providerId: 'gce://lab-project/us-central1-a/n1', instanceType: 'e2-standard-2', zone: 'us-central1-a', region: 'us-central1', labels: { 'cloud.google.com/gke-node-pool-subnet': 'default' },
        addresses: [{ type: 'InternalIP', address: nic.networkIP }, { type: 'ExternalIP', address: nic.accessConfigs[0].natIP }, { type: 'InternalDNS', address: 'n1.us-central1-a.c.lab-project.internal' }],
      },
    }]);
  });

  it('tells addresses of all interfaces, IPv4 before IPv6, and the name that the instance was given', async () => {
    await launch(lab, 'n1');
    lab.emulator.state.cloud.change(pathOf('n1'), (instance) => ({
      ...instance, hostname: 'web.example.com',
      networkInterfaces: [{ networkIP: '10.0.0.1', ipv6Address: 'fd20::1' }, { networkIP: '10.1.0.1', ipv6AccessType: 'EXTERNAL', ipv6AccessConfigs: [{ externalIpv6: '2600:1900::1' }] }],
    }));
    lab.emulator.state.advance(1_000);
    const [answer] = await ask(byName('web.example.com'));
    expect(answer?.state === 'running' ? answer.metadata.addresses.map(({ type, address }) => `${type} ${address}`) : answer).to.deep.equal([
      'InternalIP 10.0.0.1', 'InternalIP 10.1.0.1', 'InternalIP fd20::1', 'InternalIP 2600:1900::1', 'InternalDNS web.example.com', 'Hostname web.example.com',
    ]);
  });

  it('takes an instance for stopped only when it is', async () => {
    await launch(lab, 'n1');
    const found: Record<string, string> = {};
    for (const status of ['PROVISIONING', 'STAGING', 'RUNNING', 'REPAIRING', 'STOPPING', 'PENDING_STOP', 'SUSPENDING', 'SUSPENDED', 'STOPPED', 'TERMINATED']) {
      lab.emulator.state.cloud.change(pathOf('n1'), (instance) => ({ ...instance, status }));
      found[status] = states(await ask(byId('n1')))[0] ?? '';
    }
    expect(found).to.deep.equal({ PROVISIONING: 'running', STAGING: 'running', RUNNING: 'running', REPAIRING: 'running', STOPPING: 'running', PENDING_STOP: 'running', SUSPENDING: 'running', SUSPENDED: 'shut-down', STOPPED: 'shut-down', TERMINATED: 'shut-down' });
  });

  it('finds by name only what carries this cluster\'s mark, by each name that it has', async () => {
    await launch(lab, 'n1');
    await launch(lab, 'n2', { labels: { [clusterLabel]: 'other' } });
    await launch(lab, 'n3', { labels: undefined });
    const names = ['n1', 'n1.c.lab-project.internal', 'n1.us-central1-a.c.lab-project.internal', 'n1.us-central1-b.c.lab-project.internal', 'n1.example.com', 'n2', 'n3'];
    expect(states(await ask(...names.map(byName)))).to.deep.equal(['running', 'running', 'running', 'gone', 'gone', 'gone', 'gone']);
    expect(states(await ask(byId('n2'), byId('n3')))).to.deep.equal(['running', 'running']);
  });

  it('does not choose between two of one name', async () => {
    await launch(lab, 'n1');
    await launch(lab, 'n1', { inZone: 'us-central1-b' });
    expect(await ask(byName('n1'), byId('n1', 'us-central1-b'))).to.deep.include({ state: 'unknown', reason: 'several instances of this cluster are called n1: us-central1-a/n1, us-central1-b/n1' });
    await launch(lab, 'far', { inZone: 'europe-west1-b' });
    expect(await ask(byName('far'))).to.deep.equal([{ state: 'unknown', reason: 'the instance far of this cluster is in europe-west1-b, outside of its region' }]);
  });

  it('knows nothing of what is in another project or region', async () => {
    const ids = ['gce://other-project/us-central1-a/n1', 'gce://lab-project/europe-west1-b/n1', 'gce://lab-project/us-nowhere1-a/n1', 'gce:///us-central1-a/n1', 'gce://lab-project/us-central1-a/n1/x'];
    const answers = await ask(...ids.map((providerId) => ({ node: 'n1', providerId })));
    expect(states(answers)).to.deep.equal(ids.map(() => 'unknown'));
    expect(answers.map((answer) => (answer.state === 'unknown' ? answer.reason : ''))[0]).to.equal('"gce://other-project/us-central1-a/n1" is of the project other-project, and this cluster\'s is lab-project');
    expect(count(lab)).to.deep.equal({ 'compute.zones.list': 1 });
  });

  it('asks for a few one by one, and for many with one list', async () => {
    await launch(lab, 'n0');
    copies(lab, 'n0', Array.from({ length: 99 }, (_, i) => `n${i + 1}`));
    const { calls } = lab.emulator.state.cloud;
    calls.clear();
    await ask(byId('n1'), byId('n2'), byId('n1'));
    expect(count(lab)).to.deep.equal({ 'compute.zones.list': 1, 'compute.instances.get': 2 });
    calls.clear();
    expect(new Set(states(await ask(...Array.from({ length: 100 }, (_, i) => byId(`n${i}`)))))).to.deep.equal(new Set(['running']));
    expect(new Set(states(await ask(...Array.from({ length: 100 }, (_, i) => byName(`n${i}`)))))).to.deep.equal(new Set(['running']));
    expect(count(lab)).to.deep.equal({ 'compute.instances.aggregatedList': 2 });
  });

  it('confirms what a list does not show: it may only be late', async () => {
    await launch(lab, 'n0');
    copies(lab, 'n0', ['n1', 'n2', 'n3', 'n4', 'n5', 'n6']);
    const { state } = lab.emulator;
    state.cloud.listTime = () => state.cloud.clock.now() - 30_000;
    state.deleteInstance(pathOf('n6'));
    state.cloud.calls.clear();
    expect(states(await ask(...['n1', 'n2', 'n3', 'n4', 'n5'].map((name) => byId(name))))).to.deep.equal(Array.from({ length: 5 }, () => 'running'));
    expect(count(lab)['compute.instances.get']).to.equal(5);
    expect(states(await ask(byId('n1'), byId('n2'), byId('n3'), byId('n4'), byId('n6')))).to.deep.equal(['running', 'running', 'running', 'running', 'gone']);
  });

  it('lists many without the mark by their names', async () => {
    await launch(lab, 'n0', { labels: undefined });
    copies(lab, 'n0', Array.from({ length: 100 }, (_, i) => `other-${i}`));
    copies(lab, 'n0', Array.from({ length: 99 }, (_, i) => `n${i + 1}`));
    lab.emulator.state.deleteInstance(pathOf('n7'));
    lab.emulator.state.advance(1_000);
    lab.emulator.state.cloud.calls.clear();
    const answers = await ask(...Array.from({ length: 100 }, (_, i) => byId(`n${i}`)));
    expect(states(answers).flatMap((state, i) => (state === 'running' ? [] : [`n${i} ${state}`]))).to.deep.equal(['n7 gone']);
    expect(count(lab)).to.deep.equal({ 'compute.zones.list': 1, 'compute.instances.aggregatedList': 5, 'compute.instances.get': 1 });
  });

  it('takes nothing for gone in a zone that does not answer', async () => {
    await launch(lab, 'n0');
    await launch(lab, 'm0', { inZone: 'us-central1-b' });
    copies(lab, 'n0', ['n1', 'n2', 'n3', 'n4']);
    lab.emulator.state.run('unreachable', { zone: 'us-central1-b' });
    const answers = await ask(byId('m0', 'us-central1-b'), byId('n0'), byId('n1'), byId('n2'), byId('n3'), byId('n9'), byName('m0'), byName('n4'));
    expect(states(answers)).to.deep.equal(['unknown', 'running', 'running', 'running', 'running', 'gone', 'unknown', 'running']);
    expect(answers[6]).to.deep.equal({ state: 'unknown', reason: 'us-central1-b did not answer, where m0 may be' });
  });

  it('takes nothing for gone when the project is what is not found', async () => {
    await launch(lab, 'n1');
    await ask(byId('n1'));
    Object.defineProperty(lab.emulator.state.cloud, 'projects', { value: new Set(['other-project']) });
    const error = await ask(byId('n1')).catch((thrown: unknown) => thrown);
    expect([ProviderError.is(error, 'NotFound'), String(error)]).to.deep.equal([true, 'ProviderError: compute.instances.get: The resource \'projects/lab-project\' was not found (notFound)']);
  });

  it('says that its region is none', async () => {
    const elsewhere = new GcpInstances(lab.contextWith({ config: { region: 'us-nowhere1' } }));
    const error = await elsewhere.describe([byName('n1')], never).catch((thrown: unknown) => thrown);
    expect([ProviderError.is(error, 'Invalid'), String(error)]).to.deep.equal([true, 'ProviderError: the project lab-project has no zones in a region us-nowhere1']);
  });

  it('passes on why nothing is known, and when to come again', async () => {
    await launch(lab, 'n1');
    lab.emulator.state.run('deny', { permission: 'compute.instances.list' });
    const refused = await ask(byName('n1')).catch((error: unknown) => error);
    expect([ProviderError.is(refused, 'Unavailable'), String(refused)]).to.deep.equal([true, 'ProviderError: the credentials have no permission for compute.instances.aggregatedList: Required \'compute.instances.list\' permission for \'projects/lab-project/aggregated/instances\'']);
    const answers = await ask(byName('n1'), byId('n1'));
    expect(states(answers)).to.deep.equal(['unknown', 'running']);
    lab.emulator.state.run('allow', { permission: 'compute.instances.list' });
    lab.emulator.state.cloud.faults.plan({ faults: [{ method: 'compute.instances.*', fault: 'throttle' }] });
    expect(ProviderError.is(await ask(...Array.from({ length: 50 }, (_, i) => byId(`n${i}`))).catch((error: unknown) => error), 'Throttled')).to.equal(true);
    expect(count(lab)['compute.instances.get'], 'gets when lists fail').to.equal(1);
  });

  it('never takes a running instance for gone, whichever call fails and how', async () => {
    await launch(lab, 'n0');
    copies(lab, 'n0', ['n1', 'n2', 'n3', 'n4', 'n5']);
    copies(lab, 'n0', ['u1', 'u2', 'u3', 'u4', 'u5'], { labels: undefined });
    const questions = [...['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'u1', 'u2', 'u3', 'u4', 'u5', 'no-more'].map((name) => byId(name)), byName('n0')];
    for (const fault of ['before', 'after', 'lose', 'cut', 'throttle'] as const satisfies readonly Fault[]) {
      for (let call = 1; call <= 5; call++) {
        lab.emulator.state.cloud.faults.plan({ faults: [{ method: 'compute.*', call, fault }] });
        const one = new GcpInstances(lab.contextWith({}));
        const first = await one.describe(questions, never).catch(() => []);
        for (const [i, answer] of first.entries()) expect(answer.state, `${fault} ${call} ${questions[i]?.providerId}`).to.be.oneOf(i === 11 ? ['gone', 'unknown'] : ['running', 'unknown']);
        expect(states(await one.describe(questions, never))).to.deep.equal(questions.map((_, i) => (i === 11 ? 'gone' : 'running')));
      }
    }
  });

  describe('asked by the controllers', () => {
    let directory: InstanceDirectory;
    const names = Array.from({ length: 1_000 }, (_, i) => `n${i}`);
    beforeEach(async () => {
      directory = new InstanceDirectory({ instances: [instances], clock: systemClock, logger: silentLogger });
      await launch(lab, 'n0');
      copies(lab, 'n0', names.slice(1));
      await lab.context.zones(never);
    });
    const look = async (asked: readonly string[], providerIdOf: (name: string) => string): Promise<ReadonlySet<string>> =>
      new Set((await Promise.all(asked.map((name) => directory.ask(instances, { metadata: { name }, spec: { providerID: providerIdOf(name) } } as Node, never)))).map(({ state }) => state));

    it('finds 100 nodes that join at once in one call', async () => {
      const requests = countRequests(lab);
      expect(await look(names.slice(0, 100), () => '')).to.deep.equal(new Set(['running']));
      // The list of the cluster's 1,000 instances has two pages.
      expect(requests()).to.equal(2);
    });

    it('compares 1,000 nodes at rest every five minutes in 24 calls an hour', async () => {
      const requests = countRequests(lab);
      for (let minute = 0; minute < 60; minute += 5) expect(await look(names, (name) => `gce://${project}/${zone}/${name}`)).to.deep.equal(new Set(['running']));
      expect(requests()).to.equal(24);
    });
  });
});

/** Requests, each page of a list one. */
function countRequests({ emulator: { state } }: GcpLab): () => number {
  const sum = (): number => [...state.cloud.calls.values()].reduce((all, one) => all + one, 0);
  const before = sum();
  return () => sum() - before;
}
