import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { Holding } from './ledger.ts';

/** Where claims are kept: no kind of the API, and shown to nobody. */
const names = { group: 'keelson.internal', plural: 'serviceclaims' };

/** A claim without a service is in force for so long: by then its service is stored, or will not be. The servers' clocks may differ by less. */
const inForceMs = 60_000;

interface Claim extends KubernetesObject {
  /** `namespace/name` of the service. */
  readonly owner: string;
}

/**
 * What services hold, one key for each value, so that of several servers over one store only one can give it out. A claim is made
 * before its service is stored and dropped when no service holds the value any more; one whose server died in between is taken over.
 */
export class ServiceClaims {
  private readonly objects: ObjectStore;
  private readonly clock: Clock;
  private readonly isStored: (value: Holding) => boolean;
  /** Claimed for services of which this process does not know whether they will be stored. */
  private doubtful: { readonly value: Holding; readonly atMs: number }[] = [];

  /** @param isStored whether a stored service holds the value */
  constructor(objects: ObjectStore, clock: Clock, isStored: (value: Holding) => boolean) {
    this.objects = objects;
    this.clock = clock;
    this.isStored = isStored;
  }

  /** Resolves to whether the value is the owner's now. */
  async claim(value: Holding, owner: string): Promise<boolean> {
    const name = String(value);
    const now = this.clock.now();
    const claim = { apiVersion: `${names.group}/v1`, kind: 'ServiceClaim', metadata: { name, uid: '', creationTimestamp: rfc3339(now) }, owner } as Claim;
    try {
      if (this.find(name) === undefined) return (await this.objects.create(names, claim)) !== undefined;
    } catch (error) {
      if (!StatusError.is(error, 'AlreadyExists')) throw error;
    }
    // What stood in the way was seen here before the store refused.
    await this.objects.catchUp();
    const known = this.find(name);
    if (known === undefined) return false;
    const isOld = now - Date.parse(known.metadata.creationTimestamp ?? '') > inForceMs;
    if (this.isStored(value) || (known.owner !== owner && !isOld)) return false;
    return (await this.objects.replace(names, claim, known)) !== undefined;
  }

  /** Drops claims that no service holds. */
  async drop(values: Iterable<Holding>): Promise<void> {
    for (const value of values) {
      const known = this.isStored(value) ? undefined : this.find(String(value));
      if (known !== undefined) await this.objects.remove(names, known);
    }
  }

  /** Remembers values whose services may still come, and drops those for which none has come in time. */
  async doubt(values: Iterable<Holding>): Promise<void> {
    const atMs = this.clock.now();
    const over = this.doubtful.filter((each) => atMs - each.atMs > inForceMs);
    this.doubtful = [...this.doubtful.filter((each) => atMs - each.atMs <= inForceMs), ...[...values].filter((value) => !this.isStored(value)).map((value) => ({ value, atMs }))];
    await this.drop(over.map(({ value }) => value));
  }

  private find(name: string): Claim | undefined {
    return this.objects.get(names, undefined, name) as Claim | undefined;
  }
}
