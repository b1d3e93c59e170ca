import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { isActive } from './active-pod.ts';
import { ClaimedPods } from './claimed-pods.ts';
import { podsToDelete } from './deletion-order.ts';
import { Expectations } from './expectations.ts';
import { OwnPods } from './own-pods.ts';
import { templateOf, wantedReplicas, type PodSet, type PodSetKind } from './pod-set.ts';
import { Scaler } from './scaler.ts';
import { isSameStatus, statusOf, untilAvailable, type Outcome } from './status.ts';

export interface ReplicaSetOptions<T extends PodSet> {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  /** The controller's name. */
  readonly name: string;
  /** ReplicaSets or ReplicationControllers. */
  readonly kind: PodSetKind<T>;
}

/** Pods made or deleted before the cache is looked at again. */
const burst = 500;
/** How soon a cache that is behind is looked at again, if it says nothing itself. */
const staleMs = 1000;

/** Keeps as many pods of each set as it wants. Keys are sets. */
export class ReplicaSetController<T extends PodSet> implements Controller {
  readonly name: string;
  readonly workers = 5;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #kind: PodSetKind<T>;
  readonly #sets: Informer<T>;
  readonly #own: OwnPods<T>;
  readonly #claimed: ClaimedPods<T>;
  readonly #written: OwnWrites<T>;
  readonly #expectations: Expectations;
  readonly #scaler: Scaler;

  constructor({ client, informers, clock, recorder, name, kind }: ReplicaSetOptions<T>) {
    this.name = name;
    this.#client = client;
    this.#clock = clock;
    this.#kind = kind;
    const sets = (this.#sets = informers.for(kind.kind));
    const pods = informers.for(Pod);
    this.#own = new OwnPods(kind, sets, pods);
    this.#written = new OwnWrites(sets);
    this.#expectations = new Expectations(pods, clock);
    this.#claimed = new ClaimedPods({ client, owners: kind, own: this.#own, expectations: this.#expectations });
    this.#scaler = new Scaler({ client, recorder, expectations: this.#expectations });
    this.sources = [
      source(sets, (set, previous) => this.#noted(set, previous)),
      source(pods, (pod, previous) => this.#own.affected(pod, previous)),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const cached = this.#sets.get(key);
    if (cached === undefined) return;
    const set = this.#written.newest(cached);
    const { uid } = set.metadata;
    const standing = this.#expectations.standing(uid);
    const pods = await this.#claimed.of(set, standing, signal);
    if (pods === undefined) return { requeueAfterMs: staleMs };
    const outcome = standing === 'behind' || isDeleting(set) ? undefined : { failure: await this.#scale(set, pods.filter(isActive), signal) };
    signal.throwIfAborted();
    // Gone meanwhile: nobody will ask for what it expected.
    if (this.#sets.get(key)?.metadata.uid !== uid) this.#expectations.forget(uid);
    await this.#report(set, pods, outcome, signal);
    if (outcome?.failure !== undefined) throw outcome.failure;
    const waits = [untilAvailable(set, pods, this.#clock.now()), standing === 'behind' ? this.#expectations.patienceMs(uid) : undefined].filter((ms) => ms !== undefined);
    if (waits.length > 0) return { requeueAfterMs: Math.min(...waits) };
  }

  #noted(set: T | undefined, previous: T | undefined): string[] {
    if (previous !== undefined && set?.metadata.uid !== previous.metadata.uid) this.#expectations.forget(previous.metadata.uid);
    return set === undefined ? [] : [keyOf(set)];
  }

  /** @returns why it could not be done */
  async #scale(set: T, active: readonly Pod[], signal: AbortSignal): Promise<Error | undefined> {
    const missing = wantedReplicas(set) - active.length;
    const template = templateOf(set);
    if (missing > 0 && template !== undefined) return this.#scaler.create(this.#kind.kind, set, template, Math.min(missing, burst), signal);
    if (missing < 0) return this.#scaler.delete(set, podsToDelete(active, this.#own.related(set), Math.min(-missing, burst), this.#clock.now()), signal);
    return undefined;
  }

  async #report(set: T, pods: readonly Pod[], outcome: Outcome | undefined, signal: AbortSignal): Promise<void> {
    const { countsTerminating, kind } = this.#kind;
    const status = statusOf(set, { pods, countsTerminating, outcome, now: this.#clock.now() });
    if (isSameStatus(set.status, status)) return;
    this.#written.note(await this.#client.updateStatus(kind, { ...set, status }, {}, signal));
  }
}
