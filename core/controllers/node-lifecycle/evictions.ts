import type { Node } from '#core/api/schema/core-v1/node.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { ReconcileResult } from '#core/reconcile/controller.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import { rateOf, turn, type EvictionRates, type ZoneState } from './disruption.ts';
import type { Heartbeats } from './heartbeats.ts';
import type { NodeWriter } from './node-writer.ts';
import { TokenBucket } from './token-bucket.ts';
import { awaitsEviction, isEvicted, withEviction, withoutEviction } from './wanted-taints.ts';
import { Zones } from './zones.ts';

export interface EvictionsOptions {
  readonly nodes: Informer<Node>;
  readonly writer: NodeWriter;
  readonly heartbeats: Heartbeats;
  readonly clock: Clock;
  readonly rates: EvictionRates;
}

/** Puts the taints on nodes that make their pods leave, as fast as the health of their zones allows. */
export class Evictions {
  readonly #options: EvictionsOptions;
  readonly #zones = new Zones();
  readonly #buckets = new Map<string, TokenBucket>();
  #states: ReadonlyMap<string, ZoneState> = new Map();

  constructor(options: EvictionsOptions) {
    this.#options = options;
  }

  /** True when there may be something to do. */
  note(node: Node | undefined, previous: Node | undefined): boolean {
    if (node !== undefined) return this.#zones.note(node);
    if (previous !== undefined) this.#zones.forget(previous.metadata.name);
    return true;
  }

  /** Takes account of all zones, and goes on with the nodes that wait. */
  async step(signal: AbortSignal): Promise<ReconcileResult | void> {
    const { clock, rates, heartbeats } = this.#options;
    const { states, isCutOff, change } = turn(this.#states, this.#zones.all, rates);
    if (change === 'begins') await this.#callOff(signal);
    if (change === 'ends') heartbeats.forgiveAll();
    this.#states = states;
    for (const zone of this.#buckets.keys()) if (!this.#zones.all.has(zone)) this.#buckets.delete(zone);
    const waits: number[] = [];
    for (const [zone, { size, waiting }] of this.#zones.all) {
      const rate = isCutOff ? 0 : rateOf(states.get(zone) ?? 'Normal', size, rates);
      const bucket = this.#buckets.get(zone) ?? new TokenBucket(rate, clock.now());
      this.#buckets.set(zone, bucket);
      bucket.setRate(rate, clock.now());
      waits.push(await this.#evict(waiting, bucket, signal));
    }
    const requeueAfterMs = Math.min(...waits);
    if (Number.isFinite(requeueAfterMs)) return { requeueAfterMs };
  }

  /** Resolves to the milliseconds after which the next one may be due; Infinity when nobody waits. */
  async #evict(names: Iterable<string>, bucket: TokenBucket, signal: AbortSignal): Promise<number> {
    const { nodes, writer, clock } = this.#options;
    for (const name of names) {
      const cached = nodes.get(name);
      const node = cached && writer.newest(cached);
      if (node === undefined || !awaitsEviction(node)) continue;
      const waitMs = bucket.waitMs(clock.now());
      if (waitMs > 0) return waitMs;
      try {
        await writer.setTaints(node, withEviction(node, clock.now()), signal);
      } catch (error) {
        // Nothing is written over what nobody has judged; of any other failure nobody knows whether it was written.
        if (!StatusError.is(error, 'Conflict', 'NotFound')) bucket.take();
        throw error;
      }
      bucket.take();
    }
    return Number.POSITIVE_INFINITY;
  }

  async #callOff(signal: AbortSignal): Promise<void> {
    const { nodes, writer } = this.#options;
    for (const cached of nodes.values()) {
      const node = writer.newest(cached);
      if (isEvicted(node)) await writer.setTaints(node, withoutEviction(node), signal);
    }
  }
}
