import { Node } from '#core/api/schema/core-v1/node.ts';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { CSINode, type CSINodeDriver } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { reportsTopology, type NodeTopology, type NodeVolumeDriver } from '#core/spi/volume-driver.ts';
import { Operations } from './operations.ts';
import { messageOf } from './system/error-code.ts';

export interface CsiNodeOptions {
  readonly nodeName: string;
  /** How often it is looked at again, when all is well. */
  readonly periodMs?: number;
}

export interface CsiNodeParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly drivers: readonly NodeVolumeDriver[];
}

interface Report extends NodeTopology {
  readonly driver: string;
}

const nodeIds = 'csi.volume.kubernetes.io/nodeid';
const driverDeadlineMs = 30_000;
const firstPauseMs = 1000;

/**
 * Tells the cluster which drivers this node has: its `CSINode` (node ids, topology keys, how many volumes), the node's topology labels, and the
 * annotation with the ids. What other agents registered there stays.
 */
export class CsiNodeKeeper implements Component {
  readonly name = 'CSINode';
  readonly #parts: CsiNodeParts;
  readonly #nodeName: string;
  readonly #periodMs: number;
  readonly #operations: Operations;
  readonly #ending = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(parts: CsiNodeParts, { nodeName, periodMs = 5 * 60_000 }: CsiNodeOptions) {
    this.#parts = parts;
    this.#nodeName = nodeName;
    this.#periodMs = periodMs;
    this.#operations = new Operations(parts.clock, driverDeadlineMs);
  }

  /** Does not wait: the node's object may not be there yet. */
  async start(): Promise<void> {
    if (this.#parts.drivers.length > 0) this.#running = this.#run(this.#ending.signal);
  }

  async stop(): Promise<void> {
    this.#ending.abort(new Error('the agent stops'));
    await this.#running;
  }

  /** One look, and what must be written. @throws {StatusError} NotFound as long as there is no Node */
  async sync(signal: AbortSignal): Promise<void> {
    const node = await this.#parts.client.get(Node, { name: this.#nodeName }, signal);
    const reports = (await Promise.all(this.#parts.drivers.map((driver) => this.#ask(driver, signal)))).filter((report) => report !== undefined);
    const fitting = reports.filter((report) => this.#fits(report, node));
    await this.#label(node, fitting, signal);
    await this.#register(node, fitting, signal);
  }

  async #run(signal: AbortSignal): Promise<void> {
    let pause = firstPauseMs;
    while (!signal.aborted) {
      try {
        await this.sync(signal);
        pause = this.#periodMs;
      } catch (error) {
        if (signal.aborted) return;
        pause = Math.min(this.#periodMs, pause * 2);
        this.#parts.logger.debug('the drivers of this node could not be told', { error });
      }
      await this.#parts.clock.sleep(pause, signal).catch(() => undefined);
    }
  }

  /** A driver that cannot tell about itself yet is left out until it can. */
  async #ask(driver: NodeVolumeDriver, signal: AbortSignal): Promise<Report | undefined> {
    if (!reportsTopology(driver)) return { driver: driver.name, nodeId: this.#nodeName, topology: {} };
    try {
      return { driver: driver.name, ...(await this.#operations.run(driver.name, signal, (bounded) => driver.nodeTopology(bounded))) };
    } catch (error) {
      signal.throwIfAborted();
      this.#parts.logger.warn('a volume driver does not tell where this node is', { driver: driver.name, error: messageOf(error) });
      return undefined;
    }
  }

  /** A label with another value would make volumes be put where this node cannot reach them. */
  #fits({ driver, topology }: Report, { metadata: { labels = {} } }: Node): boolean {
    for (const [key, value] of Object.entries(topology)) {
      const existing = Object.hasOwn(labels, key) ? labels[key] : undefined;
      if (existing === undefined || existing === value) continue;
      this.#parts.logger.warn(`detected topology value collision: driver reported "${key}":"${value}" but existing label is "${key}":"${existing}"`, { driver });
      return false;
    }
    return true;
  }

  async #label({ metadata }: Node, reports: readonly Report[], signal: AbortSignal): Promise<void> {
    const labels = Object.assign({}, ...reports.map(({ topology }) => topology)) as Record<string, string>;
    const ids = JSON.stringify(Object.fromEntries(reports.map(({ driver, nodeId }) => [driver, nodeId])));
    const isTold = Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value) && metadata.annotations?.[nodeIds] === ids;
    if (isTold) return;
    await this.#parts.client.patch(Node, { name: metadata.name }, { type: 'merge', document: { metadata: { labels, annotations: { [nodeIds]: ids } } } }, {}, signal);
  }

  async #register(node: Node, reports: readonly Report[], signal: AbortSignal): Promise<void> {
    const { client } = this.#parts;
    const drivers = reports.map(entryOf);
    const key = { name: this.#nodeName };
    const found = await client.get(CSINode, key, signal).catch((error: unknown) => {
      if (StatusError.is(error, 'NotFound')) return undefined;
      throw error;
    });
    if (found === undefined) {
      const owner = { apiVersion: apiVersionOf(Node), kind: Node.kind, name: node.metadata.name, uid: node.metadata.uid };
      await client.create(CSINode, { metadata: { name: this.#nodeName, ownerReferences: [owner] }, spec: { drivers } }, {}, signal);
      return;
    }
    // Of drivers that say nothing now, what they said before still holds.
    const others = found.spec.drivers.filter(({ name }) => !drivers.some((driver) => driver.name === name));
    const wanted = byName([...others, ...drivers]);
    if (deepEqual(wanted, byName(found.spec.drivers))) return;
    const isNewOrSame = (driver: CSINodeDriver): boolean => found.spec.drivers.every((old) => old.name !== driver.name || deepEqual(old, driver));
    // What an entry says cannot change: it goes first, and comes again.
    const kept = wanted.every(isNewOrSame) ? found : await client.update(CSINode, { ...found, spec: { drivers: wanted.filter(isNewOrSame) } }, {}, signal);
    await client.update(CSINode, { ...kept, spec: { drivers: wanted } }, {}, signal);
  }
}

const byName = (drivers: readonly CSINodeDriver[]): CSINodeDriver[] => drivers.toSorted((a, b) => (a.name < b.name ? -1 : 1));

const entryOf = ({ driver, nodeId, topology, maxVolumes }: Report): CSINodeDriver => ({
  name: driver, nodeID: nodeId, topologyKeys: Object.keys(topology).toSorted(), ...(maxVolumes === undefined ? {} : { allocatable: { count: maxVolumes } }),
});
