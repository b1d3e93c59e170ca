import { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import { isKindOf, type KindNames, type KubernetesObject } from '#core/api/schema/kind.ts';
import { Quantity } from '#core/api/quantity.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { Change } from '#core/store/resource-cache.ts';
import { isCovered, usageOf, type Usage } from '#core/api/quota/usage.ts';

const zero = new Quantity(0n, 'DecimalSI');

/** What the objects of a namespace take of one quota: what is stored, and what is on its way into the store. */
export interface Account {
  readonly quota: ResourceQuota;
  readonly stored: Map<string, Quantity>;
  readonly reserved: Map<string, Quantity>;
}

/**
 * Keeps count for quotas, exactly: stored objects are followed change by change, and what admission let through is reserved until
 * its write is over. A namespace without a quota costs nothing.
 */
export class QuotaLedger {
  private readonly objects: ObjectStore;
  private readonly resources: readonly AnyResource[];
  /** By namespace, then by the quota's name. */
  private readonly accounts = new Map<string, Map<string, Account>>();

  constructor(objects: ObjectStore, resources: readonly AnyResource[]) {
    this.objects = objects;
    this.resources = resources.filter(({ kind, storedAs }) => kind.namespaced && storedAs === undefined);
    for (const { kind } of this.resources) {
      objects.cache(kind).subscribe((change) => {
        // Without quotas nobody needs to know what the change says, and finding out takes time.
        if (this.accounts.size > 0) this.follow(kind, change);
      });
    }
  }

  /** The accounts of the namespace's quotas that take the object in. */
  accountsFor(kind: KindNames, namespace: string, object: KubernetesObject): readonly Account[] {
    const found: Account[] = [];
    for (const [, candidate] of this.objects.cache(ResourceQuota).range(`${namespace}/`)) {
      if (isKindOf(candidate, ResourceQuota) && isCovered(candidate, kind, object)) found.push(this.account(namespace, candidate));
    }
    return found;
  }

  used({ stored, reserved }: Account, name: string): Quantity {
    return (stored.get(name) ?? zero).plus(reserved.get(name) ?? zero);
  }

  /** Counts `amounts` as used until the returned function is called. */
  reserve(accounts: readonly Account[], amounts: Usage): () => void {
    for (const { reserved } of accounts) add(reserved, amounts);
    return () => {
      for (const { reserved } of accounts) subtract(reserved, amounts);
    };
  }

  private account(namespace: string, quota: ResourceQuota): Account {
    const known = this.accounts.get(namespace)?.get(quota.metadata.name);
    if (known?.quota.metadata.uid === quota.metadata.uid && JSON.stringify(known.quota.spec) === JSON.stringify(quota.spec)) return known;
    const stored = new Map<string, Quantity>();
    for (const { kind } of this.resources) {
      for (const [, object] of this.objects.cache(kind).range(`${namespace}/`)) if (isCovered(quota, kind, object)) add(stored, usageOf(kind, object));
    }
    // Reservations are of the objects on their way, whatever became of the quota meanwhile.
    const account = { quota, stored, reserved: known?.reserved ?? new Map<string, Quantity>() };
    const accounts = this.accounts.get(namespace) ?? new Map<string, Account>();
    this.accounts.set(namespace, accounts.set(quota.metadata.name, account));
    return account;
  }

  private follow(kind: KindNames, { object, previous, deleted }: Change): void {
    const namespace = object.metadata.namespace ?? '';
    const accounts = this.accounts.get(namespace);
    if (accounts === undefined) return;
    if (kind.plural === ResourceQuota.plural && kind.group === '' && deleted) accounts.delete(object.metadata.name);
    for (const { quota, stored } of accounts.values()) {
      if (previous !== undefined && isCovered(quota, kind, previous)) subtract(stored, usageOf(kind, previous));
      if (!deleted && isCovered(quota, kind, object)) add(stored, usageOf(kind, object));
    }
    if (accounts.size === 0) this.accounts.delete(namespace);
  }
}

function add(total: Map<string, Quantity>, amounts: Usage): void {
  for (const [name, amount] of amounts) total.set(name, (total.get(name) ?? zero).plus(amount));
}

function subtract(total: Map<string, Quantity>, amounts: Usage): void {
  for (const [name, amount] of amounts) total.set(name, (total.get(name) ?? zero).minus(amount));
}
