import { Quantity } from '#core/api/quantity.ts';
import type { Container } from '#core/api/schema/core-v1/container.ts';
import type { ResourceFieldSelector } from '#core/api/schema/core-v1/references.ts';

export type Amounts = Readonly<Record<string, string>> | undefined;

const one = 1_000_000_000n;

/** An amount by name; undefined when it is not given or zero. */
export function amountIn(amounts: Amounts, name: string): Quantity | undefined {
  const text = amounts !== undefined && Object.hasOwn(amounts, name) ? amounts[name] : undefined;
  const amount = text === undefined ? undefined : Quantity.parse(text);
  return amount === undefined || amount.nanos === 0n ? undefined : amount;
}

/**
 * The value of a `resourceFieldRef`: the amount in units of the divisor, rounded up. A limit that is not set is what the node has to give.
 * @throws {Error} for a resource that cannot be referred to
 */
export function resourceValue({ resource, divisor = '0' }: ResourceFieldSelector, { resources }: Pick<Container, 'resources'>, allocatable: Amounts): string {
  const dot = resource.indexOf('.');
  const [sort, name] = [resource.slice(0, dot), resource.slice(dot + 1)];
  if (sort !== 'limits' && sort !== 'requests') throw new Error(`unsupported container resource : ${resource}`);
  const amount = amountIn(resources[sort], name) ?? (sort === 'limits' ? amountIn(allocatable, name) : undefined);
  if (amount === undefined) return '0';
  const unit = Quantity.parse(divisor).nanos;
  const by = unit === 0n ? one : unit;
  return String((amount.nanos + by - 1n) / by);
}
