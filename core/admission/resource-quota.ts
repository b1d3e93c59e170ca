import { Quantity } from '#core/api/quantity.ts';
import { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import { StatusError } from '#core/api/status-error.ts';
import { builtInResources } from '#core/registry/resources.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin, AdmissionRequest, Release } from './admission.ts';
import { systemClock, type Clock } from '#core/kernel/clock.ts';
import { QuotaCharges, type Subject } from './quota-charge.ts';
import { QuotaLedger, type Account } from './quota-ledger.ts';
import { usageOf, type Usage } from '#core/api/quota/usage.ts';

interface Books {
  readonly ledger: QuotaLedger;
  /** Where several servers write to one store: each sees what the others are about to store. */
  readonly charges: QuotaCharges | undefined;
}

/** Refuses what would bring a namespace beyond one of its quotas. */
export class ResourceQuotaAdmission implements AdmissionPlugin {
  readonly name = 'ResourceQuota';
  private readonly clock: Clock;
  private books: Books | undefined;

  constructor(clock: Clock = systemClock) {
    this.clock = clock;
  }

  validate(request: AdmissionRequest, objects: ObjectStore): Release | Promise<Release> {
    const { resource, subresource, namespace, object } = request;
    if (subresource !== '' || namespace === undefined) return;
    // A deletion has no object.
    if (object === undefined) return this.forgetAfter(request, objects);
    const kind = resource.storedAs?.kind ?? resource.kind;
    const books = this.booksOf(objects);
    const accounts = books.ledger.accountsFor(kind, namespace, object);
    if (accounts.length === 0) return;
    const more = growth(usageOf(kind, object), request.old && usageOf(kind, request.old));
    for (const account of accounts) check(books, account, more, request);
    if (request.dryRun) return undefined;
    if (books.charges === undefined) return books.ledger.reserve(accounts, more);
    return take(books, books.charges, accounts, more, request, { kind, object, from: request.old?.metadata.resourceVersion });
  }

  private forgetAfter({ resource, old, dryRun }: AdmissionRequest, objects: ObjectStore): Release {
    const { charges } = this.booksOf(objects);
    if (charges === undefined || dryRun || resource.kind !== ResourceQuota || old === undefined) return;
    return () => charges.forget(old.metadata).catch(() => undefined);
  }

  private booksOf(objects: ObjectStore): Books {
    return (this.books ??= { ledger: new QuotaLedger(objects, builtInResources), charges: objects.shared ? new QuotaCharges(objects, this.clock) : undefined });
  }
}

async function take(books: Books, charges: QuotaCharges, accounts: readonly Account[], more: Usage, request: AdmissionRequest, subject: Subject): Promise<Release> {
  const over: (() => void)[] = [];
  const finish = (): void => over.forEach((end) => end());
  try {
    for (const account of accounts) over.push(await charges.add(account.quota, more, subject, () => check(books, account, more, request)));
  } catch (error) {
    finish();
    throw error;
  }
  return (isUncertain) => {
    if (!isUncertain) finish();
  };
}

/** @throws {StatusError} Forbidden */
function check({ ledger, charges }: Books, account: Account, more: Usage, { resource, name }: AdmissionRequest): void {
  const { quota } = account;
  const usedOf = (each: string): Quantity => (charges === undefined ? ledger.used(account, each) : ledger.used(account, each).plus(charges.underWay(quota, each)));
  const excess = exceeded(quota, more, usedOf);
  if (excess !== undefined) throw StatusError.forbidden(resource.kind, name, excess);
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
