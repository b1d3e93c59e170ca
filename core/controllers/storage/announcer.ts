import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';

const repeatMs = 10 * 60_000;
/** Objects whose last announcement is remembered; the oldest are forgotten first, and may then hear the same again. */
const remembered = 20_000;

/**
 * An event recorder for states that last: says the same thing about an object once, and again only after ten minutes.
 * Each event costs a write, and a claim may wait for days.
 */
export class Announcer implements EventRecorder {
  readonly #recorder: EventRecorder;
  readonly #clock: Clock;
  readonly #last = new Map<string, { readonly text: string; readonly at: number }>();

  constructor(recorder: EventRecorder, clock: Clock) {
    this.#recorder = recorder;
    this.#clock = clock;
  }

  normal(about: KubernetesObject, reason: string, message: string): void {
    if (this.#isNews(about.metadata.uid, `${reason}: ${message}`)) this.#recorder.normal(about, reason, message);
  }

  warning(about: KubernetesObject, reason: string, message: string): void {
    if (this.#isNews(about.metadata.uid, `${reason}: ${message}`)) this.#recorder.warning(about, reason, message);
  }

  #isNews(uid: string, text: string): boolean {
    const at = this.#clock.now();
    const last = this.#last.get(uid);
    if (last !== undefined && last.text === text && at - last.at < repeatMs) return false;
    this.#last.delete(uid);
    this.#last.set(uid, { text, at });
    if (this.#last.size > remembered) {
      const [oldest = ''] = this.#last.keys();
      this.#last.delete(oldest);
    }
    return true;
  }
}
