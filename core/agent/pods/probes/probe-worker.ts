import type { Probe } from '#core/api/schema/core-v1/container.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { ProbeResult } from './probe-results.ts';
import type { Look, Looked, Prober } from './prober.ts';

export interface ProbeWorkerOptions {
  readonly clock: Clock;
  readonly prober: Prober;
  readonly probe: Probe;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** The startup probe has yet to succeed. */
  readonly isHeldBack: () => boolean;
  readonly looked: () => Looked;
  /** A look went wrong. */
  readonly told: (look: Look) => void;
  /** Enough looks in a row agree. @returns whether to go on looking */
  readonly decided: (result: ProbeResult) => boolean;
}

const heldBackMs = 1000;

/** Looks at one container by one probe, again and again. */
export class ProbeWorker {
  readonly #options: ProbeWorkerOptions;
  #last: ProbeResult | undefined;
  #inRow = 0;

  constructor(options: ProbeWorkerOptions) {
    this.#options = options;
  }

  /** Until the signal aborts, or the result is final. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, probe, startedAt, isHeldBack } = this.#options;
    try {
      await clock.sleep(Math.max(0, startedAt + 1000 * (probe.initialDelaySeconds ?? 0) - clock.now()), signal);
      while (!signal.aborted) {
        if (isHeldBack()) {
          await clock.sleep(heldBackMs, signal);
        } else {
          if (!(await this.#turn(signal))) return;
          await clock.sleep(1000 * (probe.periodSeconds ?? 10), signal);
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #turn(signal: AbortSignal): Promise<boolean> {
    const { prober, probe, looked, told, decided } = this.#options;
    const look = await prober.look(looked(), probe, signal);
    if (signal.aborted) return false;
    if (look.result !== 'Success') told(look);
    if (look.result === 'Unknown') return true;
    this.#inRow = look.result === this.#last ? this.#inRow + 1 : 1;
    this.#last = look.result;
    const needed = look.result === 'Success' ? probe.successThreshold ?? 1 : probe.failureThreshold ?? 3;
    return this.#inRow < needed || decided(look.result);
  }
}
