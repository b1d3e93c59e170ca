import { Quantity } from '#core/api/quantity.ts';

export type Quantities = Readonly<Record<string, string>> | undefined;

/** Resources of a pod or node as numbers: processors in thousandths, everything else in whole units, rounded up. */
export class Resources {
  cpu = 0;
  memory = 0;
  storage = 0;
  /** All others, by name; undefined when there are none. */
  others: Map<string, number> | undefined;

  static of(quantities: Quantities): Resources {
    const resources = new Resources();
    for (const name in quantities) resources.set(name, amountOf(name, quantities[name] ?? '0'));
    return resources;
  }

  get(name: string): number {
    switch (name) {
      case 'cpu': return this.cpu;
      case 'memory': return this.memory;
      case 'ephemeral-storage': return this.storage;
      default: return this.others?.get(name) ?? 0;
    }
  }

  set(name: string, amount: number): void {
    switch (name) {
      case 'cpu':
        this.cpu = amount;
        break;
      case 'memory':
        this.memory = amount;
        break;
      case 'ephemeral-storage':
        this.storage = amount;
        break;
      default: (this.others ??= new Map()).set(name, amount);
    }
  }

  add(other: Resources, sign: 1 | -1 = 1): void {
    this.cpu += sign * other.cpu;
    this.memory += sign * other.memory;
    this.storage += sign * other.storage;
    if (other.others === undefined) return;
    const others = (this.others ??= new Map<string, number>());
    for (const [name, amount] of other.others) {
      const sum = (others.get(name) ?? 0) + sign * amount;
      if (sum === 0) others.delete(name);
      else others.set(name, sum);
    }
  }

  /** Raises each amount to that of the other. */
  raise(other: Resources): void {
    this.cpu = Math.max(this.cpu, other.cpu);
    this.memory = Math.max(this.memory, other.memory);
    this.storage = Math.max(this.storage, other.storage);
    for (const [name, amount] of other.others ?? []) this.set(name, Math.max(this.get(name), amount));
  }
}

/** Pods repeat the same few texts, and exact arithmetic is slow. */
const known = new Map<string, number>();
const mostKnown = 4096;
/** Sums of amounts up to this stay exact, whatever somebody asks for. */
const largest = 2 ** 50;

function amountOf(name: string, text: string): number {
  const key = name === 'cpu' ? `cpu ${text}` : text;
  const before = known.get(key);
  if (before !== undefined) return before;
  const { nanos } = Quantity.parse(text);
  const unit = name === 'cpu' ? 1_000_000n : 1_000_000_000n;
  const amount = Math.min(largest, Number(nanos / unit) + (nanos % unit > 0n ? 1 : 0));
  if (known.size >= mostKnown) known.clear();
  known.set(key, amount);
  return amount;
}
