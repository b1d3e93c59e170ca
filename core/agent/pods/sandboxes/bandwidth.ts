import { Quantity } from '#core/api/quantity.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { NetworkAttachment } from '#core/spi/network-plugin.ts';

const keys = { ingressRate: 'kubernetes.io/ingress-bandwidth', egressRate: 'kubernetes.io/egress-bandwidth' } as const;
const [least, most] = [1000, 1e15];

/** Limits from the pod's annotations, in bits a second. @throws {RangeError} for what is no rate between 1k and 1P */
export function bandwidthOf({ metadata: { annotations = {} } }: Pod): Pick<NetworkAttachment, 'bandwidth'> {
  const rates = Object.entries(keys).flatMap(([rate, key]) => {
    const text = Object.hasOwn(annotations, key) ? annotations[key] : undefined;
    return text === undefined ? [] : [[rate, rateOf(text)] as const];
  });
  return rates.length === 0 ? {} : { bandwidth: Object.fromEntries(rates) };
}

function rateOf(text: string): number {
  const rate = Number(Quantity.parse(text).value());
  if (rate < least) throw new RangeError('resource is unreasonably small (< 1kbit)');
  if (rate > most) throw new RangeError('resource is unreasonably large (> 1Pbit)');
  return rate;
}
