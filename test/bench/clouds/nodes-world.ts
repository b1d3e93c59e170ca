import { Node } from '#core/api/schema/core-v1/node.ts';
import { CloudNodeController } from '#core/controllers/cloud-node/controller.ts';
import { InstanceDirectory } from '#core/controllers/cloud-node/instance-directory.ts';
import { CloudNodeLifecycleController } from '#core/controllers/cloud-node-lifecycle/controller.ts';
import { RouteController } from '#core/controllers/route/controller.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import type { Instances } from '#core/spi/instances.ts';
import type { PlatformCalls } from '#core/spi/platform-calls.ts';
import type { Routes } from '#core/spi/routes.ts';
import { Outside } from '#test/fixtures/cloud-campaign/platform-gate.ts';
import { uninitialized } from '#test/fixtures/cloud-world.ts';
import { ClusterNodes } from '#test/fixtures/cluster-nodes.ts';
import { ControllerHarness } from '#test/fixtures/controller-harness.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { inMemoryApi, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import type { Traffic } from './bench-cloud.ts';

/** An emulated cloud with machines that run. */
export interface Machines {
  readonly names: readonly string[];
  now(): number;
  advance(ms: number): void;
  traffic(): Traffic;
  /** A process's providers. */
  parts(options: { readonly calls: PlatformCalls; readonly clock: Clock }): { readonly instances: Instances; readonly routes: Routes };
  stop(): Promise<void>;
}

/** Moves the cloud's time with its own. */
class CloudClock extends FakeClock {
  readonly #cloud: Machines;

  constructor(cloud: Machines) {
    super(cloud.now());
    this.#cloud = cloud;
  }

  override async advance(ms: number): Promise<void> {
    this.#cloud.advance(ms);
    await super.advance(ms);
  }
}

const clusterCidr = '10.0.0.0/8';

/** An API in memory, and the controllers of nodes between it and a cloud. */
export class NodesWorld {
  readonly machines: Machines;
  readonly clock: FakeClock;
  readonly #api: InMemoryApi;
  readonly #harness: ControllerHarness;

  private constructor(machines: Machines, clock: FakeClock, api: InMemoryApi, harness: ControllerHarness) {
    this.machines = machines;
    this.clock = clock;
    this.#api = api;
    this.#harness = harness;
  }

  /** @param around what stands between the providers and the platform */
  static async begin(machines: Machines, { oneByOne }: { readonly oneByOne: boolean }, around: (clock: Clock, inner: PlatformCalls) => PlatformCalls): Promise<NodesWorld> {
    const clock = new CloudClock(machines);
    const api = await inMemoryApi(clock);
    const outside = new Outside();
    const { instances, routes } = machines.parts({ clock, calls: around(clock, { run: (_call, send, signal) => outside.run(() => send(signal)) }) });
    const asked: Instances = oneByOne ? singly(instances) : instances;
    const harness = new ControllerHarness({
      world: api, clock, seed: 1, gatheringMs: Number.POSITIVE_INFINITY, outside: outside.idle,
      controllers: (parts) => {
        const directory = new InstanceDirectory({ instances: [asked], clock, logger: silentLogger });
        return [new CloudNodeController({ ...parts, directory }), new CloudNodeLifecycleController({ ...parts, directory }), new RouteController({ ...parts, routes: [routes], clusterCidrs: [clusterCidr] })];
      },
    });
    await harness.start();
    return new NodesWorld(machines, clock, api, harness);
  }

  /** Their agents report all at once. */
  async join(names: readonly string[], { routed }: { readonly routed: boolean }): Promise<void> {
    const agents = new ClusterNodes({ client: this.#api.client, clock: this.clock });
    for (const [index, name] of names.entries()) {
      const podCIDR = `10.${128 + Math.floor(index / 256)}.${index % 256}.0/24`;
      await agents.join(name, { spec: { taints: [uninitialized], ...(routed ? { podCIDR, podCIDRs: [podCIDR] } : {}) } });
    }
  }

  async pass(ms: number): Promise<void> {
    const until = this.clock.now() + ms;
    await this.#harness.settle(ms);
    await this.clock.advance(Math.max(0, until - this.clock.now()));
  }

  async nodes(): Promise<readonly Node[]> {
    return (await this.#api.client.list(Node)).items;
  }

  async stop(): Promise<void> {
    this.#harness.end();
    await this.#api.stop();
    await this.machines.stop();
  }
}

const singly = (instances: Instances): Instances => new Proxy(instances, {
  get: (target, key) => {
    if (key === 'mostPerCall') return 1;
    const value: unknown = Reflect.get(target, key, target);
    return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
  },
});
