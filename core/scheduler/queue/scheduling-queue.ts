import type { Clock } from '#core/kernel/clock.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import type { ClusterEvent } from '#core/scheduler/plugin.ts';
import { Heap } from './heap.ts';
import { MissedEvents } from './missed-events.ts';
import { ownChanges } from './own-changes.ts';
import { goesFirst, isGated, type WaitingPod } from './waiting-pod.ts';
import { withoutNodes, type WakeRules } from './wake-rules.ts';

export interface SchedulingQueueOptions {
  readonly clock: Clock;
  readonly rules: WakeRules;
  /** Called when a pod is ready that could be taken; not for each. */
  readonly onReady: () => void;
  /** Milliseconds after the first failure; doubled with each further one. 1 s by default. */
  readonly firstBackOffMs?: number;
  /** 10 s by default. */
  readonly longestBackOffMs?: number;
}

/** So long a pod waits for an event that helps; then it is tried anyhow. */
const longestWaitMs = 5 * 60_000;
const flushEveryMs = 30_000;

const nobody: ReadonlySet<string> = new Set();

/**
 * Pods without a node. Each stands in one place: ready, by priority and age; backing off, after a failure; unschedulable, until an event
 * that may help it; or gated. Who is worked on comes back by `failed` or `erred`, or leaves by `done`.
 */
export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions;
  readonly #pods = new Map<string, WaitingPod>();
  readonly #ready = new Heap<WaitingPod>(goesFirst);
  readonly #backingOff = new Heap<WaitingPod>((a, b) => a.notBefore < b.notBefore || (a.notBefore === b.notBefore && a.order < b.order));
  /** By the plugin that turned them away. */
  readonly #unschedulable = new Map<string, Set<WaitingPod>>();
  readonly #missed = new MissedEvents<WaitingPod>();
  #order = 0;
  #cancelBackOff: (() => void) | undefined;
  #backOffDue = Infinity;
  #cancelFlush: (() => void) | undefined;
  #closed = false;

  constructor(options: SchedulingQueueOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pods.size;
  }

  get ready(): number {
    return this.#ready.size;
  }

  placeOf(uid: string): WaitingPod['place'] | undefined {
    return this.#pods.get(uid)?.place;
  }

  /** A pod that needs a node, or a newer version of one. */
  set(pod: PodInfo): void {
    const known = this.#pods.get(pod.uid);
    if (known === undefined) {
      const waiting: WaitingPod = { pod, place: 'gated', attempts: 0, since: 0, order: 0, notBefore: 0, refusedBy: nobody };
      this.#pods.set(pod.uid, waiting);
      if (!isGated(pod)) this.#makeReady(waiting);
      return;
    }
    const previous = known.pod;
    known.pod = pod;
    if (known.place === 'gated') {
      if (!isGated(pod)) this.#makeReady(known);
      return;
    }
    if (known.place === 'ready' && pod.priority !== previous.priority) {
      this.#ready.delete(known);
      this.#ready.push(known);
    }
    for (const event of ownChanges(pod.pod, previous.pod)) this.#wakeOwn(known, event);
  }

  /** The pod was deleted, or has a node. */
  delete(uid: string): void {
    const waiting = this.#pods.get(uid);
    if (waiting === undefined) return;
    this.#leave(waiting);
    this.#missed.end(waiting);
    waiting.place = 'gone';
    this.#pods.delete(uid);
  }

  /** The pod that should be scheduled next; from now on it is worked on. */
  take(): WaitingPod | undefined {
    const waiting = this.#ready.pop();
    if (waiting === undefined) return undefined;
    waiting.place = 'working';
    waiting.attempts++;
    this.#missed.begin(waiting);
    return waiting;
  }

  /** A node was found. What happens from now on does not concern the pod any more, unless `erred` follows. */
  found(waiting: WaitingPod): void {
    this.#missed.end(waiting);
  }

  /** No node can have it. It waits for an event that may change that. */
  failed(waiting: WaitingPod, refusedBy: ReadonlySet<string>): void {
    const missed = this.#missed.end(waiting);
    if (waiting.place !== 'working') return;
    waiting.refusedBy = refusedBy.size === 0 ? new Set([withoutNodes]) : refusedBy;
    this.#backOff(waiting);
    const { rules } = this.#options;
    if (missed === undefined || missed.some((event) => rules.helps(waiting.pod, waiting.refusedBy, event))) {
      this.#retry(waiting);
      return;
    }
    waiting.place = 'unschedulable';
    for (const plugin of waiting.refusedBy) {
      const members = this.#unschedulable.get(plugin) ?? new Set();
      this.#unschedulable.set(plugin, members.add(waiting));
    }
    this.#flushLater();
  }

  /** Something went wrong that has nothing to do with the cluster's state. It comes again after its back-off. */
  erred(waiting: WaitingPod): void {
    this.#missed.end(waiting);
    if (waiting.place !== 'working') return;
    waiting.refusedBy = nobody;
    this.#backOff(waiting);
    this.#retry(waiting);
  }

  /** Wakes the pods that the event may help. */
  wake(event: ClusterEvent): void {
    this.#missed.note(event);
    for (const rule of this.#options.rules.on(event.kind)) {
      const members = this.#unschedulable.get(rule.plugin);
      if (members === undefined) continue;
      for (const waiting of [...members]) {
        if (!rule.helps(waiting.pod, event)) continue;
        this.#leave(waiting);
        this.#retry(waiting);
      }
    }
  }

  /** Ends all timers. Nothing gets ready any more. */
  close(): void {
    this.#closed = true;
    this.#cancelBackOff?.();
    this.#cancelFlush?.();
  }

  #wakeOwn(waiting: WaitingPod, event: ClusterEvent): void {
    if (waiting.place === 'working') this.#missed.note(event);
    if (waiting.place !== 'unschedulable' || !this.#options.rules.helps(waiting.pod, waiting.refusedBy, event)) return;
    this.#leave(waiting);
    this.#retry(waiting);
  }

  #backOff(waiting: WaitingPod): void {
    const { clock, firstBackOffMs = 1000, longestBackOffMs = 10_000 } = this.#options;
    waiting.since = clock.now();
    waiting.notBefore = waiting.since + Math.min(longestBackOffMs, firstBackOffMs * 2 ** Math.min(waiting.attempts - 1, 30));
  }

  #retry(waiting: WaitingPod): void {
    if (waiting.notBefore <= this.#options.clock.now()) {
      this.#makeReady(waiting);
      return;
    }
    waiting.place = 'backing-off';
    this.#backingOff.push(waiting);
    this.#setBackOffTimer();
  }

  #makeReady(waiting: WaitingPod): void {
    waiting.place = 'ready';
    waiting.since = this.#options.clock.now();
    waiting.order = this.#order++;
    this.#ready.push(waiting);
    if (!this.#closed) this.#options.onReady();
  }

  /** Out of wherever it stands. */
  #leave(waiting: WaitingPod): void {
    if (waiting.place === 'ready') this.#ready.delete(waiting);
    else if (waiting.place === 'backing-off') this.#backingOff.delete(waiting);
    else if (waiting.place === 'unschedulable') {
      for (const plugin of waiting.refusedBy) {
        const members = this.#unschedulable.get(plugin);
        members?.delete(waiting);
        if (members?.size === 0) this.#unschedulable.delete(plugin);
      }
    }
  }

  #setBackOffTimer(): void {
    const due = this.#backingOff.first?.notBefore ?? Infinity;
    if (due >= this.#backOffDue || this.#closed) return;
    this.#cancelBackOff?.();
    this.#backOffDue = due;
    const { clock } = this.#options;
    this.#cancelBackOff = clock.after(Math.max(0, due - clock.now()), () => this.#endBackOffs());
  }

  #endBackOffs(): void {
    this.#backOffDue = Infinity;
    this.#cancelBackOff = undefined;
    const now = this.#options.clock.now();
    for (let next = this.#backingOff.first; next !== undefined && next.notBefore <= now; next = this.#backingOff.first) {
      this.#backingOff.delete(next);
      this.#makeReady(next);
    }
    this.#setBackOffTimer();
  }

  #flushLater(): void {
    if (this.#cancelFlush !== undefined || this.#closed) return;
    this.#cancelFlush = this.#options.clock.after(flushEveryMs, () => {
      this.#cancelFlush = undefined;
      this.#flush();
    });
  }

  #flush(): void {
    const late = this.#options.clock.now() - longestWaitMs;
    const waiting = new Set([...this.#unschedulable.values()].flatMap((members) => [...members]));
    for (const pod of waiting) {
      if (pod.since > late) continue;
      this.#leave(pod);
      this.#retry(pod);
    }
    if (this.#unschedulable.size > 0) this.#flushLater();
  }
}
