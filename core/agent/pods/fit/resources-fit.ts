import { podTotal } from '#core/api/quota/pod-usage.ts';
import { Quantity } from '#core/api/quantity.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Refusal } from './refusal.ts';

const none = new Quantity(0n);

/** Processors in thousandths, everything else in whole units: as the events of a kubelet give them. */
const amountText = (name: string, { nanos }: Quantity): string => String(name === 'cpu' ? (nanos + 999_999n) / 1_000_000n : (nanos + 999_999_999n) / 1_000_000_000n);

/** Whether the node has what the pod requests besides what the others do. */
export function resourceRefusal(pod: Pod, others: readonly Pod[], allocatable: Readonly<Record<string, string>>): Refusal | undefined {
  const most = Number(allocatable['pods'] ?? Infinity);
  if (others.length + 1 > most) return lacking('pods', '1', String(others.length), String(most));
  const requested = [...podTotal(pod, 'requests')].filter(([, amount]) => amount.nanos > 0n);
  if (requested.length === 0) return undefined;
  const totals = others.map((other) => podTotal(other, 'requests'));
  for (const [name, wanted] of requested) {
    const has = Object.hasOwn(allocatable, name) ? Quantity.parse(allocatable[name] ?? '0') : none;
    const used = totals.reduce((sum, total) => sum.plus(total.get(name) ?? none), none);
    if (used.plus(wanted).compare(has) > 0) return lacking(name, amountText(name, wanted), amountText(name, used), amountText(name, has));
  }
  return undefined;
}

const lacking = (name: string, requested: string, used: string, capacity: string): Refusal =>
  ({ reason: `OutOf${name}`, message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}` });
