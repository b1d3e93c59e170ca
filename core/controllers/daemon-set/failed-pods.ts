import type { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';

/** As in Kubernetes. */
const baseMs = 1000;
const maxMs = 15 * 60_000;
const sweepMs = 60_000;

interface Failure {
  readonly at: number;
  readonly delayMs: number;
}

/** A node that ends a daemon's pod at once would get the next one at once; so each takes longer than the one before. */
export class FailedPods {
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #failures = new Map<string, Failure>();
  #swept = 0;

  constructor({ clock, recorder }: { readonly clock: Clock; readonly recorder: EventRecorder }) {
    this.#clock = clock;
    this.#recorder = recorder;
  }

  /** Whether a pod that has ended may be deleted now. `later` is told how many milliseconds are left when not. */
  mayReplace(set: DaemonSet, { metadata, status }: Pod, node: string, later: (ms: number) => void): boolean {
    const where = `daemon pod ${metadata.namespace}/${metadata.name} on node ${node}`;
    if (status.phase === 'Succeeded') {
      this.#recorder.normal(set, 'SucceededDaemonPod', `Found succeeded ${where}, will try to delete it`);
      return true;
    }
    const leftMs = this.#noteUnlessWaiting(`${set.metadata.uid}/${set.status.observedGeneration ?? 0}/${node}`);
    if (leftMs > 0) {
      later(leftMs);
      return false;
    }
    this.#recorder.warning(set, 'FailedDaemonPod', `Found failed ${where}, will try to kill it`);
    return true;
  }

  #noteUnlessWaiting(key: string): number {
    const now = this.#clock.now();
    this.#sweep(now);
    const known = this.#failures.get(key);
    const failure = known === undefined || isOver(known, now) ? undefined : known;
    const leftMs = failure === undefined ? 0 : failure.at + failure.delayMs - now;
    if (leftMs <= 0) this.#failures.set(key, { at: now, delayMs: failure === undefined ? baseMs : Math.min(maxMs, failure.delayMs * 2) });
    return Math.max(0, leftMs);
  }

  #sweep(now: number): void {
    if (now - this.#swept < sweepMs) return;
    this.#swept = now;
    for (const [key, failure] of this.#failures) if (isOver(failure, now)) this.#failures.delete(key);
  }
}

/** So long ago that it does not count any more. */
const isOver = ({ at }: Failure, now: number): boolean => now - at > 2 * maxMs;
