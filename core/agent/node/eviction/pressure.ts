import type { Pressures } from '#core/agent/node/conditions.ts';
import type { Observations } from './observations.ts';
import { thresholdBytes, type Signal, type Threshold } from './thresholds.ts';

const pressureOf: Readonly<Record<Signal, keyof Pressures>> = {
  'memory.available': 'memory', 'nodefs.available': 'disk', 'nodefs.inodesFree': 'disk', 'imagefs.available': 'disk', 'imagefs.inodesFree': 'disk', 'pid.available': 'pid',
};

/** Those that are met. With `withReclaim` those that are not yet overcome. */
export const metThresholds = (thresholds: readonly Threshold[], observations: Observations, withReclaim: boolean): Threshold[] => thresholds.filter(({ signal, value, minReclaim }) => {
  const observed = observations.get(signal);
  if (observed === undefined) return false;
  const margin = withReclaim && minReclaim !== undefined ? thresholdBytes(minReclaim, observed.capacity) : 0n;
  return observed.available < thresholdBytes(value, observed.capacity) + margin;
});

/** How long thresholds have been met, and which conditions follow. A condition lasts on for a while, so that it does not go to and fro. */
export class PressureTracker {
  readonly #thresholds: readonly Threshold[];
  readonly #transitionMs: number;
  #met: readonly Threshold[] = [];
  #since = new Map<Threshold, number>();
  readonly #seen = new Map<keyof Pressures, number>();
  #pressures: Pressures = { memory: false, disk: false, pid: false };

  /** @param transitionMs for how long a condition outlasts its cause */
  constructor(thresholds: readonly Threshold[], transitionMs: number) {
    this.#thresholds = thresholds;
    this.#transitionMs = transitionMs;
  }

  get pressures(): Pressures {
    return this.#pressures;
  }

  /** Takes in what was seen, and returns the thresholds for which something must be done now. */
  note(observations: Observations, now: number): readonly Threshold[] {
    const met = new Set([...metThresholds(this.#thresholds, observations, false), ...metThresholds(this.#met, observations, true)]);
    this.#since = new Map([...met].map((threshold) => [threshold, this.#since.get(threshold) ?? now]));
    for (const { signal } of met) this.#seen.set(pressureOf[signal], now);
    const lasts = (pressure: keyof Pressures): boolean => now - (this.#seen.get(pressure) ?? Number.NEGATIVE_INFINITY) < this.#transitionMs;
    this.#pressures = { memory: lasts('memory'), disk: lasts('disk'), pid: lasts('pid') };
    this.#met = [...this.#since].filter(([{ graceMs }, since]) => now - since >= graceMs).map(([threshold]) => threshold);
    return this.#met;
  }
}
