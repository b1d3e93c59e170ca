/** How a zone is doing, by upstream's names. */
export type ZoneState = 'Initial' | 'Normal' | 'PartialDisruption' | 'FullDisruption';

/** How fast nodes that are not ready lose their pods, by zone. The more nodes fail together, the less likely it is they that failed. */
export interface EvictionRates {
  /** Nodes per second in a zone; 0.1 by default. */
  readonly perSecond: number;
  /** Nodes per second in a large zone of which most nodes are not ready; 0.01 by default. In a small one it is 0 then. */
  readonly secondaryPerSecond: number;
  /** A zone with more nodes is large; 50 by default. */
  readonly largeZone: number;
  /** Of three or more nodes that are not ready, the share in its zone from which that is disrupted; 0.55 by default. */
  readonly unhealthyShare: number;
}

export const defaultRates: EvictionRates = { perSecond: 0.1, secondaryPerSecond: 0.01, largeZone: 50, unhealthyShare: 0.55 };

/** Nodes of a zone that count. */
export interface ZoneCount {
  readonly size: number;
  readonly unready: number;
}

export function stateOf({ size, unready }: ZoneCount, { unhealthyShare }: Pick<EvictionRates, 'unhealthyShare'>): ZoneState {
  if (unready > 0 && unready === size) return 'FullDisruption';
  return unready > 2 && unready / size >= unhealthyShare ? 'PartialDisruption' : 'Normal';
}

export interface Turn {
  readonly states: ReadonlyMap<string, ZoneState>;
  /** No zone has a ready node: more likely this side is cut off than all of them, and nothing is done to any pod. */
  readonly isCutOff: boolean;
  /** It has just become so, or has just ended. */
  readonly change: 'begins' | 'ends' | undefined;
}

/** From the states before to those that the counts show. */
export function turn(before: ReadonlyMap<string, ZoneState>, counts: ReadonlyMap<string, ZoneCount>, rates: Pick<EvictionRates, 'unhealthyShare'>): Turn {
  const states = new Map([...counts].filter(([, { size }]) => size > 0).map(([zone, count]) => [zone, stateOf(count, rates)]));
  const isCutOff = states.size > 0 && [...states.values()].every((state) => state === 'FullDisruption');
  const wasCutOff = states.size > 0 && [...states.keys()].every((zone) => before.get(zone) === 'FullDisruption');
  return { states, isCutOff, change: isCutOff === wasCutOff ? undefined : isCutOff ? 'begins' : 'ends' };
}

/** Nodes per second. */
export function rateOf(state: ZoneState, size: number, rates: EvictionRates): number {
  if (state !== 'PartialDisruption') return rates.perSecond;
  return size > rates.largeZone ? rates.secondaryPerSecond : 0;
}
