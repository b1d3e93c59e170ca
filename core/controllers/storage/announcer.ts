import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { dropOldest } from '#core/kernel/oldest.ts';

const repeatMs = 10 * 60_000;
/** Announcements that are remembered; the oldest are forgotten first, and may then be made again. */
const remembered = 5_000;

/**
 * An event recorder for states that last: says the same thing about an object once, and again only after ten minutes.
 * Each event costs a write, and a claim may wait for days.
 */
export class Announcer implements EventRecorder {
  readonly #recorder: EventRecorder;
  readonly #clock: Clock;
  readonly #last = new Map<string, { readonly message: string; readonly at: number }>();

  constructor(recorder: EventRecorder, clock: Clock) {
    this.#recorder = recorder;
    this.#clock = clock;
  }

  normal(about: KubernetesObject, reason: string, message: string, part?: string): void {
    if (this.#isNews(about, reason, message)) this.#recorder.normal(about, reason, message, part);
  }

  warning(about: KubernetesObject, reason: string, message: string, part?: string): void {
    if (this.#isNews(about, reason, message)) this.#recorder.warning(about, reason, message, part);
  }

  #isNews(about: KubernetesObject, reason: string, message: string): boolean {
    const at = this.#clock.now();
    const key = `${about.metadata.uid}/${reason}`;
    const last = this.#last.get(key);
    if (last !== undefined && last.message === message && at - last.at < repeatMs) return false;
    this.#last.delete(key);
    this.#last.set(key, { message, at });
    if (this.#last.size > remembered) dropOldest(this.#last);
    return true;
  }
}
