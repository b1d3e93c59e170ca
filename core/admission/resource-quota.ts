import { Quantity } from '#core/api/quantity.ts';
import { StatusError } from '#core/api/status-error.ts';
import { builtInResources } from '#core/registry/resources.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { QuotaLedger, type Account } from './quota-ledger.ts';
import { usageOf, type Usage } from '#core/api/quota/usage.ts';

/** Refuses what would bring a namespace beyond one of its quotas. */
export class ResourceQuotaAdmission implements AdmissionPlugin {
  readonly name = 'ResourceQuota';
  private ledger: QuotaLedger | undefined;

  validate(request: AdmissionRequest, objects: ObjectStore): (() => void) | void {
    const { resource, subresource, namespace, object } = request;
    // A deletion has no object.
    if (subresource !== '' || namespace === undefined || object === undefined) return;
    const kind = resource.storedAs?.kind ?? resource.kind;
    this.ledger ??= new QuotaLedger(objects, builtInResources);
    const accounts = this.ledger.accountsFor(kind, namespace, object);
    if (accounts.length === 0) return;
    const more = growth(usageOf(kind, object), request.old && usageOf(kind, request.old));
    for (const account of accounts) {
      const excess = exceeded(this.ledger, account, more);
      if (excess !== undefined) throw StatusError.forbidden(resource.kind, request.name, excess);
    }
    return request.dryRun ? undefined : this.ledger.reserve(accounts, more);
  }
}

/** Which limits of a quota would be passed, in upstream's wording. */
function exceeded(ledger: QuotaLedger, account: Account, more: Usage): string | undefined {
  const rows = Object.entries(account.quota.spec.hard ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([name, text]) => {
    const requested = more.get(name);
    if (requested === undefined) return [];
    const used = ledger.used(account, name);
    const limited = Quantity.parse(text);
    return used.plus(requested).compare(limited) > 0 ? [{ name, requested, used, limited }] : [];
  });
  if (rows.length === 0) return undefined;
  const written = (column: 'requested' | 'used' | 'limited'): string => `${column}: ${rows.map((row) => `${row.name}=${row[column].toString()}`).join(',')}`;
  return `exceeded quota: ${account.quota.metadata.name}, ${written('requested')}, ${written('used')}, ${written('limited')}`;
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
