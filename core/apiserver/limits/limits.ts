import type { Clock } from '#core/kernel/clock.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { BodyBudget } from './body-budget.ts';
import { FlowControl } from './flow-control.ts';
import { StreamLimit } from './stream-limit.ts';

/** What the server takes at a time. Everything has a default that ordinary use does not meet. */
export interface LimitOptions {
  /** Requests being served, which the priority levels share; 600, as upstream's reads and writes together. */
  readonly requests?: number;
  /** How long a request waits for its turn; 15 s, a quarter of what it may take. */
  readonly waitMs?: number;
  /** Watches and other streams that are open; 20,000 in all, 5,000 of one user. */
  readonly streams?: number;
  readonly streamsPerUser?: number;
  /** Bytes of request bodies that are being received or worked on; 256 MiB. */
  readonly bodyBytes?: number;
  /** How long a body may take to arrive; 60 s. */
  readonly bodyMs?: number;
  /** Connections of one client address; 10,000. */
  readonly connectionsPerAddress?: number;
  /** A client that reads nothing of its answer for so long is cut off; 60 s. */
  readonly stallMs?: number;
  /** For a TLS handshake; 10 s. */
  readonly handshakeMs?: number;
}

/** What every request passes on its way. */
export interface Limits {
  readonly flows: FlowControl;
  readonly streams: StreamLimit;
  readonly bodies: BodyBudget;
  readonly bodyMs: number;
}

export const limitsOf = (objects: ObjectStore, clock: Clock, { requests = 600, waitMs = 15_000, streams = 20_000, streamsPerUser = 5000, bodyBytes = 256 * 1024 * 1024, bodyMs = 60_000 }: LimitOptions): Limits => ({
  flows: new FlowControl({ objects, clock, seats: requests, waitLimitMs: waitMs }),
  streams: new StreamLimit(streamsPerUser, streams), bodies: new BodyBudget(bodyBytes), bodyMs,
});
