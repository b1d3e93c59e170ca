import type { PodSpec } from '#core/api/schema/core-v1/pod.ts';
import { Quantity } from '#core/api/quantity.ts';
import { amountOf, type Amounts } from './amounts.ts';

const computed = ['cpu', 'memory'] as const;
const zero = new Quantity(0n);

function add(totals: Map<string, Quantity>, amounts: Amounts): void {
  for (const name of computed) {
    const amount = amountOf(amounts, name);
    if (amount !== undefined && amount.compare(zero) > 0) totals.set(name, (totals.get(name) ?? zero).plus(amount));
  }
}

const isSet = (amounts: Amounts, name: string): boolean => (amountOf(amounts, name) ?? zero).compare(zero) > 0;

/** Who goes first when a node runs short: pods without requests, then those that may use more than they requested. */
export function qosClassOf(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const all = spec.resources === undefined ? [...spec.containers, ...(spec.initContainers ?? [])].map(({ resources }) => resources) : [spec.resources];
  const requests = new Map<string, Quantity>();
  const limits = new Map<string, Quantity>();
  for (const resources of all) {
    add(requests, resources.requests);
    add(limits, resources.limits);
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  const limited = all.every((resources) => computed.every((name) => isSet(resources.limits, name)));
  const equal = computed.every((name) => limits.get(name)?.nanos === requests.get(name)?.nanos);
  return limited && equal ? 'Guaranteed' : 'Burstable';
}
