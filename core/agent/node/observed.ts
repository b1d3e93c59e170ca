import type { NodeStatus } from '#core/api/schema/core-v1/node.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { ContainerRuntime } from '#core/spi/container-runtime.ts';
import type { NetworkPlugin } from '#core/spi/network-plugin.ts';
import { readAddresses } from './addresses.ts';
import type { Health, Pressures } from './conditions.ts';
import { within } from './deadline.ts';
import { thresholdBytes, type Threshold } from './eviction/thresholds.ts';
import { imagesOf } from './images.ts';
import type { Machine } from './machine.ts';
import { readHugePages, readMemory } from './memory.ts';
import { readNodeInfo } from './node-info.ts';
import { ReadinessProbe } from './readiness.ts';
import { allocatableOf, capacityOf, textsOf } from './resources.ts';
import type { NodeSettings } from './settings.ts';

export interface NodeObserverOptions {
  readonly settings: NodeSettings;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly runtime: Pick<ContainerRuntime, 'version' | 'listImages'>;
  readonly network: Pick<NetworkPlugin, 'status'>;
  /** Thresholds below which pods are evicted: what is left then is not for pods. */
  readonly thresholds: readonly Threshold[];
  readonly pressures: () => Pressures;
  readonly networkUnavailable: () => Health['networkUnavailable'];
  readonly volumesInUse: () => readonly string[];
}

/** What a node's status says but for its conditions, and what these come from. */
export interface Observed {
  readonly status: Omit<NodeStatus, 'conditions'>;
  readonly health: Health;
}

const listMs = 10_000;

/** Looks at the machine, its runtime and its network. */
export class NodeObserver {
  readonly #options: NodeObserverOptions;
  readonly #readiness: ReadinessProbe;
  /** As last listed: a runtime that does not answer has lost none. */
  #images: NodeStatus['images'];

  constructor(options: NodeObserverOptions) {
    this.#options = options;
    this.#readiness = new ReadinessProbe(options);
  }

  /** At this moment: what is written of it later must not be older than what others wrote meanwhile. */
  volumesInUse(): Pick<NodeStatus, 'volumesInUse'> {
    const inUse = this.#options.volumesInUse();
    return inUse.length === 0 ? {} : { volumesInUse: [...inUse].toSorted() };
  }

  /** @throws {Error} when the machine cannot be read */
  async observe(signal: AbortSignal): Promise<Observed> {
    const { settings, machine, pressures, networkUnavailable } = this.#options;
    const [{ version, problems }, memory, hugePages, fileSystem, addresses] = await Promise.all([
      this.#readiness.check(signal), readMemory(machine), readHugePages(machine), machine.fileSystem(settings.dir),
      readAddresses(machine, settings.name, settings.addresses), this.#listImages(signal),
    ]);
    const capacity = capacityOf({
      processors: machine.processors(), memory: memory.total, hugePages, ephemeralStorage: fileSystem.capacity, pods: settings.maxPods ?? 110,
    });
    const eviction = {
      memory: this.#margin('memory.available', memory.total), 'ephemeral-storage': this.#margin('nodefs.available', fileSystem.capacity),
    };
    const { systemReserved: system = {}, kubeReserved: kubernetes = {} } = settings;
    const unavailable = networkUnavailable();
    return {
      status: {
        capacity: textsOf(capacity), allocatable: textsOf(allocatableOf(capacity, { system, kubernetes, eviction })),
        addresses: [...addresses], daemonEndpoints: { kubeletEndpoint: { Port: settings.port } },
        nodeInfo: await readNodeInfo(machine, { kubeletVersion: settings.kubeletVersion, runtime: version, swap: memory.swap }),
        ...(this.#images === undefined ? {} : { images: this.#images }),
      },
      health: { problems: addresses.length > 1 ? problems : [...problems, 'no IP address of the node was found'], pressures: pressures(), ...(unavailable ? { networkUnavailable: unavailable } : {}) },
    };
  }

  async #listImages(signal: AbortSignal): Promise<void> {
    const { clock, runtime } = this.#options;
    const images = await within(clock, listMs, signal, 'the container runtime', (limited) => runtime.listImages(limited)).catch(() => undefined);
    if (images !== undefined) this.#images = imagesOf(images);
  }

  #margin(signal: Threshold['signal'], capacity: bigint): bigint {
    const hard = this.#options.thresholds.filter((threshold) => threshold.signal === signal && threshold.graceMs === 0);
    return hard.reduce((most, { value }) => (thresholdBytes(value, capacity) > most ? thresholdBytes(value, capacity) : most), 0n);
  }
}
