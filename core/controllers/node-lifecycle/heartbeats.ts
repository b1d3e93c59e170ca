import type { Lease } from '#core/api/schema/coordination-v1.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import { readyOf } from '#core/controllers/nodes/conditions.ts';
import type { Clock } from '#core/kernel/clock.ts';

/** Where nodes renew leases of their own names. */
export const leaseNamespace = 'kube-node-lease';
/** Written for nodes that have never reported: such a condition is no sign of life. */
export const neverUpdated = 'NodeStatusNeverUpdated';

interface Sign {
  /** What it was known by; another value is another sign. */
  readonly mark: string | undefined;
  /** When it was seen, by the clock of this process: those of nodes may be wrong. */
  readonly at: number;
}

/** When nodes were last heard of. */
export class Heartbeats {
  readonly #clock: Clock;
  readonly #reports = new Map<string, Sign>();
  readonly #renewals = new Map<string, Sign>();
  #amnesty = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  noteNode(node: Node): void {
    const { name, creationTimestamp } = node.metadata;
    const mark = reportOf(node);
    const known = this.#reports.get(name);
    // Of the past of a node that has reported nothing is known; of one that has not, that it was there.
    if (known === undefined) this.#reports.set(name, { mark, at: mark === undefined ? Date.parse(creationTimestamp) : this.#clock.now() });
    else if (mark !== undefined && mark !== known.mark) this.#reports.set(name, { mark, at: this.#clock.now() });
  }

  forgetNode(name: string): void {
    this.#reports.delete(name);
  }

  /** True when the lease has been renewed since. */
  noteLease({ metadata: { namespace, name }, spec: { renewTime: mark } }: Lease): boolean {
    if (namespace !== leaseNamespace || this.#renewals.get(name)?.mark === mark) return false;
    this.#renewals.set(name, { mark, at: this.#clock.now() });
    return true;
  }

  forgetLease({ metadata: { namespace, name } }: Lease): void {
    if (namespace === leaseNamespace) this.#renewals.delete(name);
  }

  /** All nodes count as heard of now. */
  forgiveAll(): void {
    this.#amnesty = this.#clock.now();
  }

  /** Milliseconds since the epoch. */
  lastOf(name: string): number {
    const never = Number.NEGATIVE_INFINITY;
    return Math.max(this.#reports.get(name)?.at ?? never, this.#renewals.get(name)?.at ?? never, this.#amnesty);
  }
}

function reportOf(node: Node): string | undefined {
  const ready = readyOf(node);
  return ready === undefined || ready.reason === neverUpdated ? undefined : `${ready.lastHeartbeatTime ?? ''}`;
}
