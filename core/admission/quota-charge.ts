import { randomUUID } from 'node:crypto';
import { Quantity } from '#core/api/quantity.ts';
import type { Usage } from '#core/api/quota/usage.ts';
import { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import type { KindNames, KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import type { ObjectStore } from '#core/store/object-store.ts';

/** Where charges are kept, by quota: no kind of the API, and shown to nobody. */
const names = { group: 'keelson.internal', plural: 'quotacharges' };

/** A charge whose server died counts for so long: by then its write is stored, or will not be. The servers' clocks may differ by a minute. */
const inForceMs = 120_000;
/** Each time an attempt fails, another server's has succeeded. */
const attempts = 50;

/** What is written: the object that counts more once it is stored. */
export interface Subject {
  readonly kind: Pick<KindNames, 'group' | 'plural'>;
  readonly object: KubernetesObject;
  /** The version that it replaces; undefined when it is new. */
  readonly from: string | undefined;
}

interface Charge {
  readonly atMs: number;
  readonly amounts: Readonly<Record<string, string>>;
  readonly group: string;
  readonly plural: string;
  readonly name: string;
  readonly uid: string;
  readonly from?: string;
}

interface Charges extends KubernetesObject {
  readonly charges: Readonly<Record<string, Charge>>;
}

/**
 * What is on its way into the store, by all servers that write to it: one list for each quota, changed by compare-and-swap. A charge is
 * made before its object is stored and taken off afterwards, so whoever sees it gone has seen the object before. What is stored and what
 * is charged together never fall short of what is used, and a charge does not count beside the object that it was made for.
 */
export class QuotaCharges {
  private readonly objects: ObjectStore;
  private readonly clock: Clock;
  /** Of this server, over, and still listed. */
  private readonly finished = new Set<string>();

  constructor(objects: ObjectStore, clock: Clock) {
    this.objects = objects;
    this.clock = clock;
  }

  /** How much of a name is on its way. */
  underWay(quota: ResourceQuota, name: string): Quantity {
    let total = new Quantity(0n);
    for (const { amounts } of Object.values(this.living(quota, this.listed(quota)))) {
      if (Object.hasOwn(amounts, name)) total = total.plus(Quantity.parse(amounts[name] ?? '0'));
    }
    return total;
  }

  /**
   * Adds a charge and resolves to what takes it off again.
   * @param check throws when it would be too much
   */
  async add(quota: ResourceQuota, more: Usage, subject: Subject, check: () => void): Promise<() => void> {
    const limited = [...more].filter(([each]) => Object.hasOwn(quota.spec.hard ?? {}, each));
    if (limited.length === 0) return () => undefined;
    const id = randomUUID();
    const charge = this.chargeFor(subject, Object.fromEntries(limited.map(([name, amount]) => [name, amount.toString()])));
    const end = (): void => {
      this.finished.add(id);
      // Whoever charges next takes it off as well.
      this.change(quota, (charges) => charges).then(() => this.finished.delete(id), () => undefined);
    };
    try {
      await this.change(quota, (charges) => {
        check();
        return { ...charges, [id]: charge };
      });
    } catch (error) {
      // It may be listed all the same.
      if (!StatusError.is(error, 'Forbidden')) end();
      throw error;
    }
    return end;
  }

  /**
   * The list of a quota that is gone goes as well, and no other one: a list that came and went would look to a server that is behind as
   * if nothing had been stored meanwhile.
   */
  async forget(key: Pick<ResourceQuota['metadata'], 'namespace' | 'name'>): Promise<void> {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const list = this.objects.get(names, key.namespace, key.name);
      if (list === undefined || this.objects.get(ResourceQuota, key.namespace, key.name) !== undefined) return;
      if ((await this.objects.remove(names, list)) !== undefined) return;
      await this.objects.catchUp();
    }
  }

  /** @throws {StatusError} ServiceUnavailable when others are always faster */
  private async change(quota: ResourceQuota, next: (charges: Charges['charges']) => Charges['charges']): Promise<void> {
    const { namespace, name } = quota.metadata;
    await this.objects.inTurn(names, namespace, name, async () => {
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const current = this.listed(quota);
        const before = current?.charges ?? {};
        const after = next(this.living(quota, current));
        if (sameIds(before, after)) return;
        if (await this.put(quota, current, after)) return;
        await this.objects.catchUp();
      }
      throw new StatusError('ServiceUnavailable', `too many requests count towards the quota ${name} at the same time`, { retryAfterSeconds: 1 });
    });
  }

  private async put({ metadata: { namespace, name } }: ResourceQuota, current: Charges | undefined, charges: Charges['charges']): Promise<boolean> {
    const creationTimestamp = rfc3339(this.clock.now());
    const list = { apiVersion: `${names.group}/v1`, kind: 'QuotaCharges', metadata: { namespace, name, uid: '', creationTimestamp }, charges } as Charges;
    if (current !== undefined) return (await this.objects.replace(names, list, current)) !== undefined;
    try {
      await this.objects.create(names, list);
      return true;
    } catch (error) {
      if (StatusError.is(error, 'AlreadyExists')) return false;
      throw error;
    }
  }

  /** Without those that are over. */
  private living({ metadata: { namespace } }: ResourceQuota, list: Charges | undefined): Charges['charges'] {
    const now = this.clock.now();
    return Object.fromEntries(Object.entries(list?.charges ?? {}).filter(([id, charge]) =>
      !this.finished.has(id) && now - charge.atMs <= inForceMs && !this.isStored(namespace, charge)));
  }

  /** Whether what was charged for is stored: what is stored is counted already. */
  private isStored(namespace: string | undefined, { group, plural, name, uid, from }: Charge): boolean {
    const found = this.objects.get({ group, plural }, namespace, name);
    return found?.metadata.uid === uid && found.metadata.resourceVersion !== from;
  }

  private chargeFor({ kind: { group, plural }, object: { metadata: { name, uid } }, from }: Subject, amounts: Charge['amounts']): Charge {
    return { atMs: this.clock.now(), amounts, group, plural, name, uid, ...(from === undefined ? {} : { from }) };
  }

  private listed({ metadata: { namespace, name } }: ResourceQuota): Charges | undefined {
    return this.objects.get(names, namespace, name) as Charges | undefined;
  }
}

const sameIds = (a: Charges['charges'], b: Charges['charges']): boolean =>
  Object.keys(a).length === Object.keys(b).length && Object.keys(a).every((id) => Object.hasOwn(b, id));
