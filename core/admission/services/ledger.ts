import { Service, type ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import { isKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { clusterIPsOf } from '#core/api/service-addresses.ts';
import type { ObjectStore } from '#core/store/object-store.ts';

/** What services hold that nobody else may have: addresses in canonical text, and ports of the nodes. */
export type Holding = string | number;

/** What one service holds. The same port counts once, whatever protocols it is for. */
export function holdingsOf({ clusterIPs = [], ports = [], healthCheckNodePort = 0 }: ServiceSpec): ReadonlySet<Holding> {
  const held = new Set<Holding>(clusterIPsOf({ clusterIPs }));
  for (const port of [...ports.map(({ nodePort = 0 }) => nodePort), healthCheckNodePort]) if (port !== 0) held.add(port);
  return held;
}

/**
 * Knows what is taken, exactly: stored services are followed change by change, and what admission let through is reserved until its
 * write is over. It speaks for this process; `ServiceTitles` speak for all that write to the store.
 */
export class ServiceLedger {
  /** How many stored services hold it; more than one only where an older store was not so strict. */
  private readonly stored = new Map<Holding, number>();
  private readonly reserved = new Set<Holding>();

  constructor(objects: ObjectStore) {
    const cache = objects.cache(Service);
    for (const [, service] of cache.range('')) this.add(service);
    cache.subscribe(({ object, previous, deleted }) => {
      this.remove(previous);
      if (!deleted) this.add(object);
    });
  }

  isStored(value: Holding): boolean {
    return this.stored.has(value);
  }

  isTaken(value: Holding): boolean {
    return this.stored.has(value) || this.reserved.has(value);
  }

  /** Takes all of them until the returned function is called: by then they are stored, or free again. */
  reserve(values: Iterable<Holding>): () => void {
    const mine = [...values];
    for (const value of mine) this.reserved.add(value);
    return () => {
      for (const value of mine) this.reserved.delete(value);
    };
  }

  private add(object: KubernetesObject): void {
    if (!isKindOf(object, Service)) return;
    for (const value of holdingsOf(object.spec)) this.stored.set(value, (this.stored.get(value) ?? 0) + 1);
  }

  private remove(object: KubernetesObject | undefined): void {
    if (object === undefined || !isKindOf(object, Service)) return;
    for (const value of holdingsOf(object.spec)) {
      const left = (this.stored.get(value) ?? 0) - 1;
      if (left > 0) this.stored.set(value, left);
      else this.stored.delete(value);
    }
  }
}
