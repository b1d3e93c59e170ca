/** How long a change takes, in milliseconds: from and to. */
export type Delay = readonly [number, number];

/** Orders of magnitude as published or measured in the field; a balancer takes seconds here, not minutes, and a snapshot too. */
export const usualDelays = {
  instanceStart: [3_000, 9_000],
  instanceStop: [5_000, 15_000],
  instanceTerminate: [5_000, 20_000],
  /** A terminated instance stays in describes so long. */
  instanceForget: [3_600_000, 3_600_000],
  /** Median 1.5 s, 99th percentile 4 s. */
  volumeCreate: [1_000, 3_000],
  volumeAttach: [1_500, 4_000],
  volumeDetach: [2_000, 6_000],
  volumeDelete: [1_000, 3_000],
  volumeModify: [1_000, 5_000],
  volumeOptimize: [30_000, 120_000],
  snapshot: [5_000, 20_000],
  balancerProvision: [8_000, 20_000],
  balancerDelete: [1_000, 5_000],
  targetCheck: [5_000, 15_000],
  /** Until a change shows in reads; half of the changes show at once. */
  consistency: [0, 1_000],
} as const satisfies Readonly<Record<string, Delay>>;

export type DelayName = keyof typeof usualDelays;
export type Delays = Readonly<Record<DelayName, Delay>>;

/** @param changed `none`: everything happens at once, and reads show the truth */
export function delaysFrom(changed: Partial<Delays> | 'none' = {}): Delays {
  if (changed !== 'none') return { ...usualDelays, ...changed };
  const entries = Object.keys(usualDelays).map((name) => [name, name === 'instanceForget' ? usualDelays.instanceForget : [0, 0]]);
  return Object.fromEntries(entries) as Delays;
}
