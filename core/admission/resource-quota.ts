import { Quantity } from '#core/api/quantity.ts';
import type { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import { StatusError } from '#core/api/status-error.ts';
import { builtInResources } from '#core/registry/resources.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin, AdmissionRequest, Release } from './admission.ts';
import { charge, chargedOf } from './quota-charge.ts';
import { QuotaLedger, type Account } from './quota-ledger.ts';
import { usageOf, type Usage } from '#core/api/quota/usage.ts';

/**
 * Refuses what would bring a namespace beyond one of its quotas. One process counts for itself; where several servers write to one
 * store, each also charges what it lets through to the quota's status, where the others see it.
 */
export class ResourceQuotaAdmission implements AdmissionPlugin {
  readonly name = 'ResourceQuota';
  private ledger: QuotaLedger | undefined;

  validate(request: AdmissionRequest, objects: ObjectStore): Release | Promise<Release> {
    const { resource, subresource, namespace, object } = request;
    // A deletion has no object.
    if (subresource !== '' || namespace === undefined || object === undefined) return;
    const kind = resource.storedAs?.kind ?? resource.kind;
    this.ledger ??= new QuotaLedger(objects, builtInResources);
    const accounts = this.ledger.accountsFor(kind, namespace, object);
    if (accounts.length === 0) return;
    const more = growth(usageOf(kind, object), request.old && usageOf(kind, request.old));
    for (const account of accounts) check(this.ledger, account, account.quota, more, objects.shared, request);
    if (request.dryRun) return undefined;
    return objects.shared ? this.take(this.ledger, accounts, more, objects, request) : this.ledger.reserve(accounts, more);
  }

  private async take(ledger: QuotaLedger, accounts: readonly Account[], more: Usage, objects: ObjectStore, request: AdmissionRequest): Promise<() => void> {
    for (const account of accounts) {
      await charge(objects, account.quota, more, (quota, name) => usedOf(ledger, account, quota, name, true), (quota) => check(ledger, account, quota, more, true, request));
    }
    return ledger.reserve(accounts, more);
  }
}

/** @throws {StatusError} Forbidden */
function check(ledger: QuotaLedger, account: Account, quota: ResourceQuota, more: Usage, isShared: boolean, { resource, name }: AdmissionRequest): void {
  const excess = exceeded(quota, more, (each) => usedOf(ledger, account, quota, each, isShared));
  if (excess !== undefined) throw StatusError.forbidden(resource.kind, name, excess);
}

/** Other servers have charged what they are about to store; what is stored counts, charged or not. */
function usedOf(ledger: QuotaLedger, account: Account, quota: ResourceQuota, name: string, isShared: boolean): Quantity {
  const counted = ledger.used(account, name);
  const charged = isShared ? chargedOf(quota, name) : undefined;
  return charged === undefined || charged.compare(counted) < 0 ? counted : charged;
}

/** Which limits of a quota would be passed, in upstream's wording. */
function exceeded(quota: ResourceQuota, more: Usage, usedOf: (name: string) => Quantity): string | undefined {
  const rows = Object.entries(quota.spec.hard ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, text]) => {
    const requested = more.get(name);
    if (requested === undefined) return [];
    const used = usedOf(name);
    const limited = Quantity.parse(text);
    return used.plus(requested).compare(limited) > 0 ? [{ name, requested, used, limited }] : [];
  });
  if (rows.length === 0) return undefined;
  const written = (column: 'requested' | 'used' | 'limited'): string => `${column}: ${rows.map((row) => `${row.name}=${row[column].toString()}`).join(',')}`;
  return `exceeded quota: ${quota.metadata.name}, ${written('requested')}, ${written('used')}, ${written('limited')}`;
}

/** What an object takes more than before; an object that shrinks is never refused. */
function growth(after: Usage, before: Usage | undefined): Usage {
  const more = new Map<string, Quantity>();
  for (const [name, amount] of after) {
    const difference = amount.minus(before?.get(name) ?? new Quantity(0n));
    if (difference.nanos > 0n) more.set(name, difference);
  }
  return more;
}
