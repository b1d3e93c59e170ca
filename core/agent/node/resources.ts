import { Quantity } from '#core/api/quantity.ts';

/** What a machine has. Bytes, but for `processors` and `pods`. */
export interface Hardware {
  readonly processors: number;
  readonly memory: bigint;
  readonly hugePages: ReadonlyMap<string, bigint>;
  /** Of the file system on which the agent keeps its pods' files. */
  readonly ephemeralStorage: bigint;
  readonly pods: number;
}

/** What pods do not get, as quantities by resource name (`cpu`, `memory`, `ephemeral-storage`, `pid`). */
export type Reserved = Readonly<Record<string, string>>;

export interface Reservations {
  /** For the operating system, and for the agent and its runtime. */
  readonly system?: Reserved;
  readonly kubernetes?: Reserved;
  /** Bytes below which pods are evicted at once. */
  readonly eviction?: { readonly memory?: bigint; readonly 'ephemeral-storage'?: bigint };
}

const kibibytes = (bytes: bigint): Quantity => Quantity.parse(`${bytes / 1024n}Ki`);

/** `status.capacity`. */
export function capacityOf({ processors, memory, hugePages, ephemeralStorage, pods }: Hardware): Record<string, Quantity> {
  return {
    cpu: Quantity.parse(processors), memory: kibibytes(memory), 'ephemeral-storage': kibibytes(ephemeralStorage), pods: Quantity.parse(pods),
    ...Object.fromEntries([...hugePages].map(([name, bytes]) => [name, Quantity.ofBytes(bytes)])),
  };
}

/** `status.allocatable`: capacity without what is reserved, and without the margin at which eviction begins. Never below 0. */
export function allocatableOf(capacity: Readonly<Record<string, Quantity>>, { system = {}, kubernetes = {}, eviction = {} }: Reservations): Record<string, Quantity> {
  const pages = Object.entries(capacity).filter(([name]) => name.startsWith('hugepages-')).map(([, quantity]) => quantity);
  return Object.fromEntries(Object.entries(capacity).map(([name, quantity]) => {
    const taken = [...[system, kubernetes].flatMap((reserved) => (Object.hasOwn(reserved, name) ? [Quantity.parse(reserved[name] ?? '0')] : []))];
    if (name === 'memory' || name === 'ephemeral-storage') taken.push(Quantity.ofBytes(eviction[name] ?? 0n));
    // Pages that are reserved for that are no other memory.
    if (name === 'memory') taken.push(...pages);
    const left = taken.reduce((rest, one) => rest.minus(one), quantity);
    return [name, left.nanos < 0n ? new Quantity(0n, quantity.format) : left];
  }));
}

export const textsOf = (quantities: Readonly<Record<string, Quantity>>): Record<string, string> =>
  Object.fromEntries(Object.entries(quantities).map(([name, quantity]) => [name, quantity.toString()]));
