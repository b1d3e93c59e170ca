import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { ControllerHarness, type CallFault } from '#test/fixtures/controller-harness.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { MemoryLoadBalancers, type BalancerPart, type MemoryLoadBalancersOptions } from '#test/fixtures/memory-load-balancers.ts';
import { cleanupFinalizer, providerAnnotation, ServiceLoadBalancerController } from './controller.ts';

const minute = 60_000;

interface WorldOptions {
  readonly seed?: number;
  readonly stale?: boolean;
  readonly platforms?: readonly MemoryLoadBalancersOptions[];
  readonly leavesUnclassed?: boolean;
}

class World {
  readonly clock = new FakeClock();
  /** Of each platform, by its name. */
  readonly parts = new Map<string, Map<string, BalancerPart>>();
  platforms: readonly MemoryLoadBalancers[] = [];
  api!: InMemoryApi;
  harness!: ControllerHarness;

  static async make({ seed = 1, stale = false, platforms = [{}], leavesUnclassed = false }: WorldOptions = {}): Promise<World> {
    const world = new World();
    world.api = await inMemoryApi(world.clock);
    world.harness = new ControllerHarness({
      world: world.api, clock: world.clock, seed, stale,
      controllers: ({ client, informers, recorder, clock, gate }) => {
        world.platforms = platforms.map((options) => {
          const { provider = 'memory' } = options;
          const parts = world.parts.get(provider) ?? new Map<string, BalancerPart>();
          world.parts.set(provider, parts);
          return new MemoryLoadBalancers({ ...options, gate }, parts);
        });
        return [new ServiceLoadBalancerController({ client, informers, clock, recorder, balancers: world.platforms, leavesUnclassed })];
      },
    });
    await world.node('n1', '10.0.0.1');
    return world;
  }

  async run(withinMs?: number): Promise<void> {
    await this.harness.start();
    await this.harness.settle(withinMs);
  }

  async stop(): Promise<void> {
    this.harness.end();
    await this.api.stop();
  }

  async node(name: string, address: string, more: Partial<Draft<Node>> = {}): Promise<void> {
    const node = await this.api.client.create(Node, { ...more, metadata: { ...more.metadata, name } });
    await this.api.client.patchStatus(Node, node.metadata, { type: 'merge', document: { status: { addresses: [{ type: 'InternalIP', address }] } } });
  }

  create(spec: Draft<Service>['spec'] = {}, metadata: Partial<Draft<Service>['metadata']> = {}): Promise<Service> {
    return this.api.client.create(Service, { metadata: { namespace: 'default', name: 'web', ...metadata }, spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec } });
  }

  get(): Promise<Service> {
    return this.api.client.get(Service, { namespace: 'default', name: 'web' });
  }

  async patch(document: Readonly<Record<string, unknown>>): Promise<void> {
    await this.api.client.patch(Service, { namespace: 'default', name: 'web' }, { type: 'merge', document });
  }

  async delete(): Promise<void> {
    await this.api.client.delete(Service, { namespace: 'default', name: 'web' }).catch((error: unknown) => {
      if (!StatusError.is(error, 'NotFound')) throw error;
    });
  }

  async exists(): Promise<boolean> {
    return this.get().then(() => true, () => false);
  }

  kinds(provider = 'memory'): string[] {
    return [...(this.parts.get(provider)?.values() ?? [])].map(({ kind }) => kind).toSorted();
  }

  settings(kind: BalancerPart['kind']): unknown {
    return [...(this.parts.get('memory')?.values() ?? [])].find((part) => part.kind === kind)?.settings;
  }

  reasons(): string[] {
    return this.harness.events.map(({ reason }) => reason);
  }
}

describe('ServiceLoadBalancerController', () => {
  let world: World;
  afterEach(() => world.stop());

  it('has a load balancer made, says so on the service, and has it deleted before the service goes', async () => {
    world = await World.make();
    const { metadata: { uid } } = await world.create();
    await world.run();
    const service = await world.get();
    expect(service.metadata.finalizers).to.deep.equal([cleanupFinalizer]);
    expect(service.metadata.annotations?.[providerAnnotation]).to.equal('memory');
    expect(service.status.loadBalancer.ingress?.[0]?.ip).to.match(/^198\.51\.100\./);
    expect(world.kinds()).to.deep.equal(['balancer', 'group', 'rule']);
    expect(world.settings('group')).to.deep.equal({ nodePort: service.spec.ports?.[0]?.nodePort, targets: ['10.0.0.1'] });
    expect([...world.parts.get('memory')?.values() ?? []][0]?.owner).to.deep.equal({ namespace: 'default', name: 'web', uid });
    expect(world.reasons()).to.deep.equal(['EnsuringLoadBalancer', 'EnsuredLoadBalancer']);
    await world.delete();
    await world.harness.settle();
    expect(await world.exists()).to.equal(false);
    expect(world.kinds()).to.deep.equal([]);
    expect(world.reasons().slice(2)).to.deep.equal(['DeletingLoadBalancer', 'DeletedLoadBalancer']);
  });

  it('takes it back when the service wants none any more', async () => {
    world = await World.make();
    await world.create();
    await world.run();
    await world.patch({ spec: { type: 'ClusterIP' } });
    await world.harness.settle();
    const service = await world.get();
    expect([service.metadata.finalizers, service.metadata.annotations, service.status.loadBalancer.ingress]).to.deep.equal([undefined, undefined, undefined]);
    expect(world.kinds()).to.deep.equal([]);
  });

  it('follows changes of the service, and of the targets alone without making the rest again', async () => {
    world = await World.make();
    await world.create();
    await world.run(minute);
    await world.patch({ spec: { loadBalancerSourceRanges: ['192.0.2.0/24'], ports: [{ port: 80 }] } });
    await world.harness.settle(minute);
    expect(world.settings('rule')).to.equal('192.0.2.0/24');
    await world.node('n2', '10.0.0.2');
    await world.harness.settle(minute);
    expect(world.settings('group')).to.have.deep.property('targets', ['10.0.0.1', '10.0.0.2']);
    expect(world.platforms[0]?.calls).to.deep.equal(['ensure web', 'ensure web', 'update web']);
  });

  it('leaves out nodes that are excluded or about to go, and takes those that are not ready', async () => {
    world = await World.make();
    await world.create();
    await world.node('gone', '10.0.0.3', { spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] } });
    await world.node('out', '10.0.0.4', { metadata: { name: '', labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } } });
    await world.node('in', '10.0.0.5', { metadata: { name: '', labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': 'false' } } });
    await world.run(minute);
    expect(world.settings('group')).to.have.deep.property('targets', ['10.0.0.5', '10.0.0.1']);
    await world.api.client.patch(Node, { name: 'out' }, { type: 'merge', document: { metadata: { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': null } } } });
    await world.harness.settle(minute);
    expect(world.settings('group')).to.have.deep.property('targets', ['10.0.0.5', '10.0.0.1', '10.0.0.4']);
  });

  it('asks targets of services with the policy Local for their health', async () => {
    world = await World.make();
    const { spec } = await world.create({ externalTrafficPolicy: 'Local' });
    await world.run();
    expect(world.settings('balancer')).to.have.deep.property('health', { port: spec.healthCheckNodePort, path: '/healthz' });
  });

  it('puts right every ten minutes what was changed behind its back', async () => {
    world = await World.make();
    await world.create();
    await world.run(minute);
    world.parts.get('memory')?.clear();
    await world.harness.settle(9 * minute);
    expect(world.kinds()).to.deep.equal([]);
    await world.harness.settle(11 * minute);
    expect(world.kinds()).to.deep.equal(['balancer', 'group', 'rule']);
  });

  it('makes it anew when the targets of one that is gone were to be changed', async () => {
    world = await World.make();
    await world.create();
    await world.run(minute);
    world.parts.get('memory')?.clear();
    await world.node('n2', '10.0.0.2');
    await world.harness.settle(minute);
    expect(world.kinds()).to.deep.equal(['balancer', 'group', 'rule']);
  });

  it('comes back for an address that takes its time', async () => {
    world = await World.make({ platforms: [{ addressAfter: 2 }] });
    await world.create();
    await world.run(9000);
    expect((await world.get()).status.loadBalancer.ingress).to.equal(undefined);
    await world.harness.settle(minute);
    expect((await world.get()).status.loadBalancer.ingress).to.have.length(1);
  });

  describe('with several providers', () => {
    const platforms = [{ provider: 'one', classes: ['one.test/lb'] }, { provider: 'two', classes: ['two.test/lb'] }];

    it('goes by the class, without one to the first, and leaves other classes alone', async () => {
      world = await World.make({ platforms });
      await world.create();
      await world.create({ loadBalancerClass: 'two.test/lb' }, { name: 'classed' });
      await world.create({ loadBalancerClass: 'three.test/lb' }, { name: 'foreign', finalizers: [cleanupFinalizer] });
      await world.run();
      const owners = ['one', 'two'].map((name) => [...new Set([...world.parts.get(name)?.values() ?? []].map(({ owner }) => owner.name))]);
      expect(owners).to.deep.equal([['web'], ['classed']]);
      await world.api.client.delete(Service, { namespace: 'default', name: 'foreign' });
      await world.harness.settle();
      const foreign = await world.api.client.get(Service, { namespace: 'default', name: 'foreign' });
      expect(foreign.metadata.finalizers).to.deep.equal([cleanupFinalizer]);
      expect(foreign.metadata.annotations).to.equal(undefined);
    });

    it('leaves services without a class to the cluster beside which it runs', async () => {
      world = await World.make({ platforms, leavesUnclassed: true });
      await world.create();
      await world.create({ loadBalancerClass: 'one.test/lb' }, { name: 'classed' });
      await world.run();
      expect((await world.get()).metadata.finalizers).to.equal(undefined);
      expect([...world.parts.get('one')?.values() ?? []].map(({ owner }) => owner.name)).to.include('classed').and.not.to.include('web');
    });

    it('keeps a service with the provider that has it', async () => {
      world = await World.make({ platforms });
      await world.create({}, { annotations: { [providerAnnotation]: 'two' } });
      await world.run();
      expect([world.kinds('one').length, world.kinds('two').length]).to.deep.equal([0, 3]);
    });

    it('cannot delete what another process made, says so, and keeps the service', async () => {
      world = await World.make({ platforms });
      await world.create({}, { annotations: { [providerAnnotation]: 'three' }, finalizers: [cleanupFinalizer] });
      await world.delete();
      await world.run();
      expect(await world.exists()).to.equal(true);
      expect(world.harness.events[0]).to.include({ reason: 'DeleteLoadBalancerFailed', message: 'its load balancer is one of the provider "three", which is not loaded here' });
    });
  });

  describe('when the platform refuses', () => {
    const attempts = (): number => world.platforms[0]?.calls.length ?? 0;
    const failWith = async (error: ProviderError): Promise<void> => {
      world = await World.make();
      await world.harness.start();
      world.platforms[0]?.fail(error);
      await world.create();
      await world.harness.settle(3 * minute);
    };

    it('tries what can never succeed once, and again when the service changes', async () => {
      await failWith(new ProviderError('Invalid', 'SCTP is not forwarded'));
      expect(attempts()).to.equal(1);
      expect(world.harness.events.at(-1)).to.include({ type: 'Warning', reason: 'SyncLoadBalancerFailed', message: 'Error syncing load balancer: SCTP is not forwarded' });
      await world.patch({ spec: { loadBalancerSourceRanges: ['192.0.2.0/24'] } });
      await world.harness.settle(3 * minute);
      expect(attempts()).to.equal(2);
    });

    it('asks slowly for what there is no room for, and says it once', async () => {
      await failWith(new ProviderError('Exhausted', 'no address is free'));
      expect(attempts()).to.equal(4);
      expect(world.reasons().filter((reason) => reason === 'SyncLoadBalancerFailed')).to.have.length(1);
      world.platforms[0]?.fail(undefined);
      await world.harness.settle(minute);
      expect((await world.get()).status.loadBalancer.ingress).to.have.length(1);
    });

    it('leaves nothing of what was begun when the service is deleted', async () => {
      await failWith(new ProviderError('Exhausted', 'no address is free'));
      expect(world.kinds()).to.deep.equal(['rule']);
      await world.delete();
      await world.harness.settle();
      expect([await world.exists(), world.kinds()]).to.deep.equal([false, []]);
    });

    it('hands on what the platform warns of', async () => {
      world = await World.make();
      await world.create({}, { annotations: { 'memory.test/unknown': 'x' } });
      await world.run();
      expect(world.harness.events.find(({ reason }) => reason === 'LoadBalancerWarning')?.message).to.equal('memory.test/unknown is no annotation that is known');
    });
  });
});

interface Trouble {
  readonly at: number;
  readonly fault: CallFault;
}

/** A service is made, has a node come and a port added, and is deleted; one thing goes wrong on the way. Resolves to how many calls went out. */
async function live(stale: boolean, seed: number, deleteAfter: number, trouble?: Trouble): Promise<number> {
  const world = await World.make({ stale, seed });
  const { harness } = world;
  let calls = 0;
  let isDeleted = false;
  harness.faults = () => (calls++ === trouble?.at ? trouble.fault : undefined);
  harness.onStep = async () => {
    if (isDeleted || calls < deleteAfter) return;
    isDeleted = true;
    await world.delete();
  };
  const settle = async (): Promise<void> => {
    await harness.settle();
    for (let lives = 0; harness.crashed && lives < 3; lives++) await world.run();
  };
  try {
    await world.create();
    await harness.start();
    await settle();
    await world.node('n2', '10.0.0.2');
    if (!isDeleted) await world.patch({ spec: { ports: [{ name: 'a', port: 80 }, { name: 'b', port: 81 }] } }).catch(() => undefined);
    await settle();
    if (!isDeleted) {
      expect(world.kinds(), 'the whole balancer').to.deep.equal(['balancer', 'group', 'group', 'rule']);
      expect((await world.get()).status.loadBalancer.ingress).to.have.length(1);
      for (const part of world.parts.get('memory')?.values() ?? []) if (part.kind === 'group') expect(part.settings).to.have.deep.property('targets', ['10.0.0.1', '10.0.0.2']);
      isDeleted = true;
      await world.delete();
      await settle();
    }
    expect(await world.exists(), 'the service is gone').to.equal(false);
    expect(world.kinds(), 'parts that are left').to.deep.equal([]);
  } catch (error) {
    const story = JSON.stringify({ stale, seed, deleteAfter, trouble, effects: harness.effects, failures: harness.failures.map(String).slice(-5) });
    throw new Error(`${error instanceof Error ? error.message : String(error)} in ${story}`, { cause: error });
  } finally {
    await world.stop();
  }
  return calls;
}

describe('a load balancer\'s life with a process that ends at any call', function () {
  this.timeout(120_000);

  for (const stale of [false, true]) {
    const faults: readonly CallFault[] = ['crash-before', 'crash-after', 'lose', 'refuse'];

    it(`ends with nothing left, after all was made: ${stale ? 'stale' : 'fresh'} caches`, async () => {
      const calls = await live(stale, 1, 10_000);
      expect(calls).to.be.greaterThan(12);
      for (const fault of faults) for (let at = 0; at < calls; at++) await live(stale, 10 + at, 10_000, { at, fault });
    });

    it(`ends with nothing left, deleted at any moment: ${stale ? 'stale' : 'fresh'} caches`, async () => {
      for (let deleteAfter = 0; deleteAfter < 12; deleteAfter++) {
        const calls = await live(stale, 1, deleteAfter);
        for (const fault of faults) for (let at = 0; at < calls; at++) await live(stale, 1000 + deleteAfter * 50 + at, deleteAfter, { at, fault });
      }
    });
  }
});
