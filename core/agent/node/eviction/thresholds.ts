import { Quantity } from '#core/api/quantity.ts';

export const signals = ['memory.available', 'nodefs.available', 'nodefs.inodesFree', 'imagefs.available', 'imagefs.inodesFree', 'pid.available'] as const;
/** What a node may run short of. */
export type Signal = (typeof signals)[number];

/** An amount, or a share of what there is in all. */
export type Amount = { readonly quantity: Quantity } | { readonly percent: number };

export interface Threshold {
  readonly signal: Signal;
  /** Pods are evicted when less than this is left. */
  readonly value: Amount;
  /** For how long it must be so, in milliseconds; 0 for a hard threshold. */
  readonly graceMs: number;
  /** How much more than `value` must be left for the shortage to be over. */
  readonly minReclaim?: Amount;
}

/** As on the kubelet's command line: lists such as `memory.available<100Mi,nodefs.available<10%`, with `=` for grace periods and reclaims. */
export interface ThresholdTexts {
  readonly hard?: string;
  readonly soft?: string;
  /** Durations such as `1m30s`; needed for each soft threshold. */
  readonly softGracePeriod?: string;
  readonly minimumReclaim?: string;
}

/** Upstream's defaults for Linux. */
export const defaultHardThresholds = 'memory.available<100Mi,nodefs.available<10%,nodefs.inodesFree<5%,imagefs.available<15%,imagefs.inodesFree<5%';

/** @throws {RangeError} that names what is wrong */
export function parseThresholds({ hard = defaultHardThresholds, soft = '', softGracePeriod = '', minimumReclaim = '' }: ThresholdTexts = {}): readonly Threshold[] {
  const reclaims = pairsOf(minimumReclaim, '=');
  const graces = pairsOf(softGracePeriod, '=');
  const thresholdsOf = (text: string, graceOf: (signal: Signal) => number): Threshold[] => [...pairsOf(text, '<')].flatMap(([signal, value]) => {
    const reclaim = reclaims.get(signal);
    const amount = amountOf(signal, value);
    // 0 and 100 % turn a threshold off, as upstream.
    if ('percent' in amount && (amount.percent === 0 || amount.percent === 100)) return [];
    return [{ signal, value: amount, graceMs: graceOf(signal), ...(reclaim === undefined ? {} : { minReclaim: amountOf(signal, reclaim) }) }];
  });
  return [
    ...thresholdsOf(hard, () => 0),
    ...thresholdsOf(soft, (signal) => {
      const grace = graces.get(signal);
      if (grace === undefined) throw new RangeError(`the soft eviction threshold of ${signal} needs a grace period`);
      return durationOf(signal, grace);
    }),
  ];
}

/** Of a capacity, in the same unit. */
export function thresholdBytes(value: Amount, capacity: bigint): bigint {
  return 'quantity' in value ? value.quantity.value() : (capacity * BigInt(Math.round(value.percent * 1000))) / 100_000n;
}

function pairsOf(text: string, sign: '<' | '='): ReadonlyMap<Signal, string> {
  const pairs = new Map<Signal, string>();
  for (const part of text.split(',').map((one) => one.trim()).filter((one) => one !== '')) {
    const at = part.indexOf(sign);
    const name = part.slice(0, Math.max(0, at)).trim();
    const signal = signals.find((one) => one === name);
    if (at < 0 || signal === undefined) throw new RangeError(`"${part}" is no eviction threshold: it must be SIGNAL${sign}VALUE with one of ${signals.join(', ')}`);
    if (pairs.has(signal)) throw new RangeError(`the eviction signal ${signal} is given twice`);
    pairs.set(signal, part.slice(at + 1).trim());
  }
  return pairs;
}

function amountOf(signal: Signal, text: string): Amount {
  const [, percent] = /^(\d{1,3}(?:\.\d{1,3})?)%$/.exec(text) ?? [];
  if (percent !== undefined) {
    if (Number(percent) > 100) throw new RangeError(`the eviction threshold of ${signal} is more than 100 %: ${text}`);
    return { percent: Number(percent) };
  }
  if (!Quantity.isValid(text) || Quantity.parse(text).nanos < 0n) throw new RangeError(`the eviction threshold of ${signal} is neither a quantity nor a percentage: ${text}`);
  return { quantity: Quantity.parse(text) };
}

const unitsMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

function durationOf(signal: Signal, text: string): number {
  const parts = [...text.matchAll(/(\d{1,9})(h|ms|m|s)/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) throw new RangeError(`the grace period of ${signal} is no duration such as 1m30s: ${text}`);
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (unitsMs[unit] ?? 0), 0);
}
