import { Lease } from '#core/api/schema/coordination-v1.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { rfc3339Micro, type Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { BackOff } from '#core/reconcile/back-off.ts';
import { within } from './deadline.ts';

export interface NodeLeaseOptions {
  readonly nodeName: string;
  /** The Node object, once it is there: the lease goes with it. */
  readonly node: () => Node | undefined;
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** In [0, 1). */
  readonly random?: () => number;
}

const leaseNamespace = 'kube-node-lease';
const durationSeconds = 40;
const renewMs = 10_000;

/** The node's heartbeat: a lease of its name, renewed every ten seconds. A cluster of nodes writes these small objects instead of their status. */
export class NodeLease implements Component {
  readonly name = 'node lease';
  readonly #options: NodeLeaseOptions;
  readonly #end = new AbortController();
  readonly #backOff: BackOff;
  #lease: Lease | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: NodeLeaseOptions) {
    this.#options = options;
    this.#backOff = new BackOff({ clock: options.clock, baseMs: 200, maxMs: 7000, random: options.random ?? Math.random });
  }

  /** Resolves at once: the API may be away. */
  async start(): Promise<void> {
    this.#running = this.#run(this.#end.signal);
  }

  async stop(): Promise<void> {
    this.#end.abort(new Error('the agent stops'));
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    let wasLost = false;
    while (!signal.aborted) {
      try {
        // A connection that hangs must not take the time of the next attempts.
        await within(clock, renewMs, signal, 'the API server', (limited) => this.#renew(limited));
        if (wasLost) logger.info('the lease of the node is renewed again');
        wasLost = false;
        this.#backOff.reset();
        await clock.sleep(renewMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#lease = undefined;
        // Another writer, or a lease that went with its node, is no trouble.
        if (!wasLost && !StatusError.is(error, 'Conflict', 'NotFound', 'AlreadyExists')) {
          logger.warn('the lease of the node could not be renewed; trying again', { error });
          wasLost = true;
        }
        await this.#backOff.wait(signal);
      }
    }
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { client, nodeName } = this.#options;
    const found = this.#lease ?? await client.get(Lease, { namespace: leaseNamespace, name: nodeName }, signal).catch((error: unknown) => {
      if (StatusError.is(error, 'NotFound')) return undefined;
      throw error;
    });
    const owner = this.#owner();
    const metadata = { namespace: leaseNamespace, name: nodeName, ...(owner === undefined ? {} : { ownerReferences: [owner] }) };
    this.#lease = found === undefined
      ? await client.create(Lease, { metadata, spec: this.#spec() }, {}, signal)
      : await client.update(Lease, { ...found, metadata: { ...found.metadata, ...metadata }, spec: { ...found.spec, ...this.#spec() } }, {}, signal);
  }

  #spec() {
    return { holderIdentity: this.#options.nodeName, leaseDurationSeconds: durationSeconds, renewTime: rfc3339Micro(this.#options.clock.now()) };
  }

  #owner() {
    const node = this.#options.node();
    return node && { apiVersion: apiVersionOf(Node), kind: Node.kind, name: node.metadata.name, uid: node.metadata.uid };
  }
}
