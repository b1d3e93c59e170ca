import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { beginEnding } from './ending.ts';
import { isTerminal, newPodState, type PodSource, type PodState } from './pod-state.ts';
import { fullName, hashOf, mirroredHash } from './sources/pod-annotations.ts';
import type { Clock } from '#core/kernel/clock.ts';

export interface PodTableOptions {
  readonly clock: Clock;
  /** A pod has to be looked at; with `isUrgent`, what is under way for it is no longer what is wanted. */
  readonly wake: (state: PodState, isUrgent: boolean) => void;
}

/** All pods that this node has to do with: those that shall run, and those that have yet to leave. */
export class PodTable {
  readonly #options: PodTableOptions;
  readonly #states = new Map<string, PodState>();
  /** Objects in the API by `namespace/name`: of pods, and those that mirror pods from files. */
  readonly #shown = new Map<string, Pod>();

  constructor(options: PodTableOptions) {
    this.#options = options;
  }

  get(uid: string): PodState | undefined {
    return this.#states.get(uid);
  }

  values(): IterableIterator<PodState> {
    return this.#states.values();
  }

  named(name: string): PodState | undefined {
    let found: PodState | undefined;
    for (const state of this.#states.values()) if (fullName(state.pod) === name && (found === undefined || found.isRemoved)) found = state;
    return found;
  }

  /** The object of that name in the API. */
  shown(name: string): Pod | undefined {
    return this.#shown.get(name);
  }

  /** Objects that mirror pods of files. */
  mirrors(): readonly Pod[] {
    return [...this.#shown.values()].filter((pod) => mirroredHash(pod) !== undefined);
  }

  /** Told of the API's pods of this node. */
  noteApi(pod: Pod | undefined, previous: Pod | undefined): void {
    const about = pod ?? previous;
    if (about === undefined) return;
    if (pod === undefined) this.#shown.delete(fullName(about));
    else this.#shown.set(fullName(pod), pod);
    if (mirroredHash(about) !== undefined) {
      const own = this.named(fullName(about));
      if (own === undefined) return;
      this.#recall(own);
      this.#options.wake(own, false);
    } else if (pod === undefined) {
      this.#remove(about.metadata.uid);
    } else {
      this.#upsert(pod, 'api');
    }
  }

  /** Told of all pods of files. */
  noteStatic(pods: readonly Pod[]): void {
    const present = new Set(pods.map(({ metadata }) => metadata.uid));
    for (const state of this.#states.values()) if (state.source === 'file' && !present.has(state.uid)) this.#remove(state.uid);
    for (const pod of pods) this.#upsert(pod, 'file');
  }

  /** A pod that runs here and that nobody wants to run. */
  addOrphan(pod: Pod): void {
    const state = newPodState(pod, 'api');
    state.isRemoved = true;
    this.#states.set(state.uid, state);
    this.#options.wake(state, true);
  }

  forget(uid: string): void {
    this.#states.delete(uid);
  }

  /** Pods that have been taken in and have not ended. */
  present(but: Pod): readonly Pod[] {
    return [...this.#states.values()].filter((state) => state.isAccepted && !state.isRemoved && !state.isStopped && !isTerminal(state.status) && state.uid !== but.metadata.uid).map(({ pod }) => pod);
  }

  #upsert(pod: Pod, source: PodSource): void {
    const known = this.#states.get(pod.metadata.uid);
    if (known === undefined) {
      const state = newPodState(pod, source);
      if (source === 'file') this.#recall(state);
      this.#states.set(state.uid, state);
      this.#options.wake(state, false);
      return;
    }
    known.pod = pod;
    known.isRemoved = false;
    const isShorter = pod.metadata.deletionTimestamp !== undefined && beginEnding(known, this.#options.clock.now());
    this.#options.wake(known, isShorter);
  }

  /** What an agent before this one said of a pod of a file is on the object that mirrors it. */
  #recall(state: PodState): void {
    const mirror = this.#shown.get(fullName(state.pod));
    const isIts = mirror !== undefined && mirroredHash(mirror) === hashOf(state.pod);
    if (isIts && state.status.startTime === undefined && mirror.status.startTime !== undefined) state.status = mirror.status;
  }

  #remove(uid: string): void {
    const state = this.#states.get(uid);
    if (state === undefined || state.isRemoved) return;
    state.isRemoved = true;
    const isNew = state.ending === undefined;
    beginEnding(state, this.#options.clock.now());
    this.#options.wake(state, isNew);
  }
}
