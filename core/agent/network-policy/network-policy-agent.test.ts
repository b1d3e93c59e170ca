import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { NetworkPolicy } from '#core/api/schema/networking-v1.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import type { AttachedPod, NetworkPolicyEnforcer, PodPolicy } from '#core/spi/network-plugin.ts';
import type { FakePodNetwork } from '#test/fixtures/fake-pod-network.ts';
import { nodeName, PodLab } from '#test/fixtures/pod-lab.ts';
import { NetworkPolicyAgent } from './network-policy-agent.ts';

/** What the node's packet filter has: it outlives agents. */
class FakeFilter implements NetworkPolicyEnforcer {
  readonly #network: FakePodNetwork;
  readonly #clock: Clock;
  rules: readonly PodPolicy[] = [];
  /** Why it cannot be written now. */
  failure: Error | undefined;
  writes = 0;

  constructor({ network, clock }: PodLab) {
    this.#network = network;
    this.#clock = clock;
  }

  async enforce(policies: readonly PodPolicy[]): Promise<void> {
    this.writes++;
    await this.#clock.sleep(1000);
    if (this.failure !== undefined) throw this.failure;
    this.rules = policies;
  }

  async attachedPods(): Promise<readonly AttachedPod[]> {
    return [...this.#network.attached.values()].map(({ pod, ip }) => ({ pod, addresses: [ip] }));
  }

  /** Whether everything that selects pods holds for all attached pods of this name. */
  denies(name: string): boolean {
    const attached = [...this.#network.attached.values()].filter(({ pod }) => pod.name === name);
    return attached.length > 0 && attached.every(({ ip }) => this.rules.some(({ addresses, ingress, egress }) => addresses.includes(ip) && ingress?.length === 0 && egress?.length === 0));
  }
}

describe('network policies of a node', function () {
  this.timeout(20_000);
  let lab: PodLab;
  let filter: FakeFilter;
  let agent: NetworkPolicyAgent;
  let over: AbortController;

  /** Containers that ran, at some moment, while the filter did not hold their pod in. */
  let escaped: string[];

  let told: string[];
  let node: Node;
  const tell = (about: KubernetesObject, reason: string, message: string): void => void told.push(`${about.metadata.name} ${reason} ${message}`);

  const startAgent = async (): Promise<NetworkPolicyAgent> => {
    over = new AbortController();
    const informers = new SharedInformers({ reader: lab.client, clock: lab.clock, logger: lab.logger, random: () => 0 });
    const started = new NetworkPolicyAgent({ enforcer: filter, informers, node: () => node, events: { normal: tell, warning: tell }, clock: lab.clock, logger: lab.logger, random: () => 0 });
    void informers.run(over.signal);
    await started.start(over.signal);
    return started;
  };
  const stopAgent = async (): Promise<void> => {
    over.abort(new Error('over'));
    let stopped = false;
    const stopping = agent.stop().finally(() => {
      stopped = true;
    });
    while (!stopped) await lab.pass(200);
    await stopping;
  };

  beforeEach(async () => {
    [escaped, told] = [[], []];
    lab = await PodLab.start({ policies: { changed: (pod) => agent.changed(pod), enforced: (pod, signal) => agent.enforced(pod, signal) } });
    filter = new FakeFilter(lab);
    const start = lab.runtime.startContainer.bind(lab.runtime);
    lab.runtime.startContainer = async (id, signal) => {
      const { sandboxId } = await lab.runtime.containerStatus(id, signal);
      const { name = '' } = lab.network.attached.get(sandboxId)?.pod ?? {};
      if (name.startsWith('held') && !filter.denies(name)) escaped.push(name);
      await start(id, signal);
    };
    node = await lab.client.get(Node, { name: nodeName });
    agent = await startAgent();
    await lab.client.create(NetworkPolicy, { metadata: { name: 'deny', namespace: 'default' }, spec: { podSelector: { matchLabels: { held: 'yes' } }, policyTypes: ['Ingress', 'Egress'] } });
    await lab.pass(3000);
  });
  afterEach(async () => {
    await stopAgent();
    await lab.stop();
  });

  const held = (name: string, spec = {}) => lab.create(name, spec, { labels: { held: 'yes' } });

  it('hold before the first container of a pod starts, init containers included', async () => {
    await held('held-1', { initContainers: [{ name: 'init', image: 'busybox:1' }] });
    await Promise.all([held('held-2'), lab.create('free')]);
    await lab.untilPhase('held-2', 'Running');
    await lab.untilPhase('free', 'Running');
    await lab.until(() => lab.runtime.find('init') !== undefined, 'an init container');
    expect(escaped).to.deep.equal([]);
    expect(filter.denies('held-1')).to.equal(true);
    expect(filter.denies('held-2')).to.equal(true);
    expect(filter.denies('free')).to.equal(false);
  });

  it('keep a pod waiting while they cannot be enforced, and say so; pods that none selects do not wait', async () => {
    filter.failure = new Error('the lock is held by another program');
    const before = filter.writes;
    await Promise.all([held('held-1'), lab.create('free')]);
    await lab.untilPhase('free', 'Running');
    await lab.pass(60_000);
    expect((await lab.get('held-1')).status.phase).to.equal('Pending');
    expect(lab.eventsOf('held-1').filter((event) => event.includes('NetworkPolicyNotReady')).length).to.be.within(2, 6);
    expect(filter.writes - before).to.be.below(20);
    expect(told).to.deep.equal(['node-1 NetworkPolicyFailed network policies are out of date: the lock is held by another program']);
    filter.failure = undefined;
    await lab.untilPhase('held-1', 'Running');
    expect(told.slice(1)).to.deep.equal(['node-1 NetworkPolicyRecovered network policies are enforced again']);
    expect(escaped).to.deep.equal([]);
  });

  it('stay while an agent is away, and hold for what the next one starts before its first look', async () => {
    await held('held-1');
    await lab.untilPhase('held-1', 'Running');
    await stopAgent();
    expect(filter.denies('held-1')).to.equal(true);
    const writes = filter.writes;
    agent = await startAgent();
    await lab.restart();
    await held('held-2');
    await lab.untilPhase('held-2', 'Running');
    expect(filter.writes).to.be.above(writes);
    expect(filter.denies('held-1') && filter.denies('held-2')).to.equal(true);
    expect(escaped).to.deep.equal([]);
  });

  it('hold for a pod that is gone from the API until it has left the network, and not for the next of its address', async () => {
    await held('held-1', { terminationGracePeriodSeconds: 5 });
    const { metadata: { uid } } = await lab.untilPhase('held-1', 'Running');
    const finish = lab.network.del.bind(lab.network);
    let isLetGo = false;
    lab.network.del = async (attachment) => {
      if (!isLetGo) throw new Error('not yet');
      await finish(attachment);
    };
    await lab.client.delete(Pod, { namespace: 'default', name: 'held-1' }, { gracePeriodSeconds: 0, preconditions: { uid } });
    await lab.pass(5000);
    expect(await lab.find('held-1')).to.equal(undefined);
    expect(filter.denies('held-1')).to.equal(true);
    isLetGo = true;
    await lab.until(() => filter.rules.length === 0, 'no rules');
  });
});
