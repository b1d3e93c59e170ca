import { Quantity } from '#core/api/quantity.ts';
import { StatusError } from '#core/api/status-error.ts';
import { builtInResources } from '#core/registry/resources.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { QuotaLedger } from './quota-ledger.ts';
import { usageOf, type Usage } from './quota-usage.ts';

/** Refuses what would bring a namespace beyond one of its quotas. */
export class ResourceQuotaAdmission implements AdmissionPlugin {
  readonly name = 'ResourceQuota';
  private ledger: QuotaLedger | undefined;

  validate(request: AdmissionRequest, objects: ObjectStore): (() => void) | void {
    const { operation, resource, subresource, namespace, object } = request;
    if (operation === 'DELETE' || subresource !== '' || namespace === undefined || object === undefined) return;
    const kind = resource.storedAs?.kind ?? resource.kind;
    this.ledger ??= new QuotaLedger(objects, builtInResources);
    const accounts = this.ledger.accountsFor(kind, namespace, object);
    if (accounts.length === 0) return;
    const more = growth(usageOf(kind, object), request.old && usageOf(kind, request.old));
    for (const account of accounts) {
      const hard = account.quota.spec.hard ?? {};
      const asked = Object.keys(hard).filter((name) => more.has(name)).sort();
      const used = new Map(asked.map((name) => [name, this.ledger?.used(account, name) ?? new Quantity(0n)]));
      const exceeded = asked.filter((name) => (used.get(name)?.plus(more.get(name) ?? new Quantity(0n)).compare(Quantity.parse(hard[name] ?? '0')) ?? 0) > 0);
      if (exceeded.length === 0) continue;
      const written = (amount: (name: string) => string): string => exceeded.map((name) => `${name}=${amount(name)}`).join(',');
      throw StatusError.forbidden(resource.kind, request.name,
        `exceeded quota: ${account.quota.metadata.name}, requested: ${written((name) => String(more.get(name)))}, ` +
        `used: ${written((name) => String(used.get(name)))}, limited: ${written((name) => Quantity.parse(hard[name] ?? '0').toString())}`);
    }
    return request.dryRun ? undefined : this.ledger.reserve(accounts, more);
  }
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
