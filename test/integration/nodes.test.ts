import { expect } from 'chai';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ApiEventRecorders } from '#core/client/api-event-recorder.ts';
import type { Client } from '#core/client/client.ts';
import { NodeIpamController } from '#core/controllers/node-ipam/controller.ts';
import { NodeLifecycleController } from '#core/controllers/node-lifecycle/controller.ts';
import { PodGarbageCollectionController } from '#core/controllers/pod-garbage-collection/controller.ts';
import { TaintEvictionController } from '#core/controllers/taint-eviction/controller.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { Manager } from '#core/reconcile/manager.ts';
import { ClusterNodes } from '#test/fixtures/cluster-nodes.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';

const second = 1000;
const seconds = (count: number): number => count * second;

/** Stands in for the agent of a node: reports once, renews its lease, and runs and ends the pods that it is shown. */
class Agent {
  /** UIDs of the pods whose containers run, also while nobody hears of it. */
  readonly running = new Set<string>();
  /** UIDs of all that were ever started here. */
  readonly started: string[] = [];
  isCutOff = false;
  readonly #name: string;
  readonly #client: Client;
  readonly #nodes: ClusterNodes;
  #isKnown = false;

  constructor(name: string, client: Client, nodes: ClusterNodes) {
    this.#name = name;
    this.#client = client;
    this.#nodes = nodes;
  }

  /** What it does every ten seconds. */
  async beat(): Promise<void> {
    if (this.isCutOff) {
      this.#isKnown = false;
      return;
    }
    await this.#nodes.renew(this.#name);
    if (!this.#isKnown) await this.#nodes.report(this.#name);
    const { items } = await this.#client.list(Pod, { fieldSelector: `spec.nodeName=${this.#name}` });
    for (const uid of this.running) if (!items.some(({ metadata }) => metadata.uid === uid)) this.running.delete(uid);
    for (const pod of items) await this.#sync(pod);
    this.#isKnown = true;
  }

  async #sync({ metadata }: Pod): Promise<void> {
    if (metadata.deletionTimestamp !== undefined) {
      this.running.delete(metadata.uid);
      await this.#client.delete(Pod, metadata, { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } });
      return;
    }
    if (!this.running.has(metadata.uid)) this.started.push(metadata.uid);
    const isNew = !this.running.has(metadata.uid);
    this.running.add(metadata.uid);
    if (isNew || !this.#isKnown) await this.#nodes.reportPod(metadata.name, true);
  }
}

/** The controllers of nodes as a process runs them, over the real API in memory. */
describe('nodes that are cut off', function () {
  this.timeout(60_000);

  let api: InMemoryApi;
  let clock: FakeClock;
  let nodes: ClusterNodes;
  let agents: Map<string, Agent>;
  let stopProcess: () => Promise<void>;

  /** One process with its controllers; resolves to what ends it. */
  async function startProcess(): Promise<() => Promise<void>> {
    const { client } = api;
    const informers = new SharedInformers({ reader: client, clock, logger: silentLogger });
    const recorders = new ApiEventRecorders({ writer: client, clock, logger: silentLogger });
    const recorder = recorders.for('node-controller');
    const parts = { client, informers, clock, recorder };
    const manager = new Manager({
      informers, clock, logger: silentLogger,
      controllers: [new NodeLifecycleController(parts), new TaintEvictionController(parts), new PodGarbageCollectionController(parts), new NodeIpamController({ ...parts, clusterCidrs: ['10.244.0.0/16'] })],
    });
    await recorders.start();
    await manager.start(AbortSignal.timeout(10_000));
    return async () => {
      await manager.stop();
      await recorders.stop();
    };
  }

  async function pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += second) {
      if ((clock.now() / second) % 10 === 0) for (const agent of agents.values()) await agent.beat();
      await clock.advance(second);
      await settle(20);
    }
  }

  const agent = (name: string): Agent => {
    const found = agents.get(name);
    if (found === undefined) throw new Error(`no agent ${name}`);
    return found;
  };
  const eventsOf = async (name: string): Promise<string[]> =>
    (await api.client.list(Event)).items.filter(({ involvedObject }) => involvedObject.name === name).map(({ reason, message }) => `${reason}: ${message}`);

  beforeEach(async () => {
    clock = new FakeClock();
    api = await inMemoryApi(clock);
    nodes = new ClusterNodes({ client: api.client, clock });
    stopProcess = await startProcess();
    agents = new Map();
    for (const name of ['n1', 'n2', 'n3']) {
      await api.client.create(Node, { metadata: { name } });
      agents.set(name, new Agent(name, api.client, nodes));
    }
    await pass(seconds(20));
  });
  afterEach(async () => {
    await stopProcess();
    await api.stop();
  });

  const run = async (name: string, nodeName: string, tolerationSeconds?: number): Promise<Pod> => {
    const tolerations = tolerationSeconds === undefined ? [] : ['not-ready', 'unreachable'].map((key) => ({ key: `node.kubernetes.io/${key}`, operator: 'Exists' as const, effect: 'NoExecute' as const, tolerationSeconds }));
    return api.client.create(Pod, { metadata: { namespace: 'default', name }, spec: { nodeName, tolerations, containers: [{ name: 'main', image: 'i' }] } });
  };

  it('have ranges of their own and no taints before that', async () => {
    const { items } = await api.client.list(Node);
    expect(items.map(({ spec }) => spec.podCIDR).toSorted()).to.deep.equal(['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24']);
    for (const { metadata } of items) expect(await nodes.taints(metadata.name)).to.deep.equal([]);
    expect(await eventsOf('n1')).to.deep.equal(['RegisteredNode: Node n1 event: Registered Node n1 in Controller']);
  });

  it('are unknown after 50 s, lose their pods five minutes later, and end them when they come back', async () => {
    const pod = await run('web', 'n1');
    await pass(seconds(20));
    expect(await nodes.isPodReady('web')).to.equal(true);
    agent('n1').isCutOff = true;
    await pass(seconds(35));
    expect(await nodes.conditions('n1')).to.include('Ready True AgentSays');
    await pass(seconds(30));
    expect(await nodes.conditions('n1')).to.include('Ready Unknown NodeStatusUnknown');
    expect(await nodes.taints('n1')).to.deep.equal(['unreachable:NoExecute', 'unreachable:NoSchedule']);
    expect(await nodes.isPodReady('web')).to.equal(false);
    await pass(seconds(270));
    expect(await nodes.pods()).to.deep.equal(['web']);
    await pass(seconds(20));
    expect(await nodes.pods()).to.deep.equal([]);
    const ending = await nodes.pod('web');
    expect(ending.metadata.deletionTimestamp).to.be.a('string');
    expect(ending.status.conditions?.find(({ type }) => type === 'DisruptionTarget')?.reason).to.equal('DeletionByTaintManager');
    expect(await eventsOf('web')).to.have.members(['NodeNotReady: Node is not ready', 'TaintManagerEviction: Marking for deletion Pod default/web']);
    const successor = await run('web-2', 'n2');
    await pass(seconds(60));
    expect(agent('n1').running, 'nobody could tell it').to.deep.equal(new Set([pod.metadata.uid]));

    agent('n1').isCutOff = false;
    await pass(seconds(60));
    expect(await nodes.taints('n1')).to.deep.equal([]);
    expect(await nodes.conditions('n1')).to.include('Ready True AgentSays');
    expect([...agents.values()].flatMap(({ running }) => [...running]), 'nothing runs twice').to.deep.equal([successor.metadata.uid]);
    expect([...agents.values()].flatMap(({ started }) => started), 'nothing was started twice').to.have.members([pod.metadata.uid, successor.metadata.uid]);
    await pass(seconds(400));
    expect(await nodes.pods()).to.deep.equal(['web-2']);
  });

  it('keep their pods when they come back in time', async () => {
    const pod = await run('web', 'n1');
    await pass(seconds(10));
    agent('n1').isCutOff = true;
    await pass(seconds(200));
    agent('n1').isCutOff = false;
    await pass(seconds(400));
    expect(await nodes.pods()).to.deep.equal(['web']);
    expect(await nodes.isPodReady('web')).to.equal(true);
    expect(agent('n1').started).to.deep.equal([pod.metadata.uid]);
    expect(await eventsOf('web')).to.include('TaintManagerEviction: Cancelling deletion of Pod default/web');
  });

  it('lose their pods in time though the controllers are started anew meanwhile', async () => {
    await run('web', 'n1', 120);
    await pass(seconds(10));
    agent('n1').isCutOff = true;
    await pass(seconds(110));
    await stopProcess();
    stopProcess = await startProcess();
    await pass(seconds(40));
    expect(await nodes.pods()).to.deep.equal(['web']);
    await pass(seconds(30));
    expect(await nodes.pods()).to.deep.equal([]);
  });

  it('lose their pods for good when they are deleted', async () => {
    await run('web', 'n1');
    await pass(seconds(10));
    agent('n1').isCutOff = true;
    await api.client.delete(Node, { name: 'n1' });
    await pass(seconds(35));
    expect(await nodes.pods()).to.deep.equal(['web']);
    await pass(seconds(10));
    expect((await api.client.list(Pod)).items).to.deep.equal([]);
    await api.client.create(Node, { metadata: { name: 'n4' } });
    await pass(seconds(5));
    expect((await nodes.node('n4')).spec.podCIDR).to.equal('10.244.3.0/24');
  });
});
