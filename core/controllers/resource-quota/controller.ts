import { isCovered, concerns, sameUsage, totalUsage, usageOf, type Usage } from '#core/api/quota/usage.ts';
import { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { Quantity } from '#core/api/quantity.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { ServedKinds } from '#core/client/served-kinds.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { KindSources } from '#core/reconcile/kind-sources.ts';

export interface ResourceQuotaOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  /** Objects of the namespaced ones can be counted. */
  readonly kinds: ServedKinds;
}

/** A quota is added up at most this often: thousands of objects may come and go meanwhile. */
const shortestIntervalMs = 500;
const byNamespace = 'by-namespace';
const namespaceOf = ({ metadata }: KubernetesObject): string[] => [metadata.namespace ?? ''];

/** Adds up what is used of each ResourceQuota, for people and clients to see. Admission, which refuses what goes beyond, keeps a count of its own. */
export class ResourceQuotaController implements Controller {
  readonly name = 'resource-quota';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #quotas: Informer<ResourceQuota>;
  readonly #counted: KindSources;
  readonly #lastRuns = new Map<string, number>();

  constructor({ client, informers, clock, kinds }: ResourceQuotaOptions) {
    this.#client = client;
    this.#clock = clock;
    const quotas = (this.#quotas = informers.for(ResourceQuota));
    quotas.addIndex(byNamespace, namespaceOf);
    this.#counted = new KindSources({
      kinds, informers,
      // Events come by the thousand and are gone in an hour: nobody limits their number, and adding them up costs each of them.
      wanted: ({ kind, verbs }) => kind.namespaced && kind.kind !== 'Event' && verbs.includes('list') && verbs.includes('watch'),
      prepare: (informer) => informer.addIndex(byNamespace, namespaceOf),
      keys: (kind, object, previous) => this.#keysFor(kind, object, previous),
    });
    this.sources = [source(quotas, (quota) => (quota === undefined ? [] : [keyOf(quota)]))];
  }

  followSources(add: (source: Source) => () => void): void {
    this.#counted.follow(add);
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const quota = this.#quotas.get(key);
    if (quota === undefined) {
      this.#lastRuns.delete(key);
      return;
    }
    const wait = (this.#lastRuns.get(key) ?? 0) + shortestIntervalMs - this.#clock.now();
    if (wait > 0) return { requeueAfterMs: wait };
    this.#lastRuns.set(key, this.#clock.now());
    const hard = amountsOf(quota.spec.hard);
    const used = this.#usedOf(quota, [...hard.keys()]);
    if (sameUsage(hard, amountsOf(quota.status.hard)) && sameUsage(used, amountsOf(quota.status.used))) return;
    const status = { hard: replaced(quota.status.hard, hard), used: replaced(quota.status.used, used) };
    await this.#client.patchStatus(ResourceQuota, quota.metadata, metadataPatch(quota, {}, { status }), {}, signal);
  }

  #usedOf(quota: ResourceQuota, names: readonly string[]): Usage {
    const usages: Usage[] = [];
    for (const informer of this.#counted.informers) {
      const { kind } = informer;
      if (!concerns(kind, names)) continue;
      for (const object of informer.byIndex(byNamespace, quota.metadata.namespace ?? '')) {
        if (isCovered(quota, kind, object)) usages.push(usageOf(kind, object));
      }
    }
    return totalUsage(names, usages);
  }

  /** All quotas of the namespace, unless the change makes no difference to any. */
  #keysFor(kind: Kind, object: KubernetesObject | undefined, previous: KubernetesObject | undefined): readonly string[] {
    const quotas = this.#quotas.byIndex(byNamespace, (object ?? previous)?.metadata.namespace ?? '');
    if (quotas.length === 0) return [];
    if (object !== undefined && previous !== undefined && sameUsage(usageOf(kind, object), usageOf(kind, previous))) return [];
    return quotas.filter((quota) => concerns(kind, Object.keys(quota.spec.hard ?? {}))).map(keyOf);
  }
}

const amountsOf = (amounts: Readonly<Record<string, string>> | undefined): Usage =>
  new Map(Object.entries(amounts ?? {}).map(([name, text]) => [name, Quantity.parse(text)]));

/** A merge patch that leaves only these amounts. */
const replaced = (before: Readonly<Record<string, string>> | undefined, amounts: Usage): Record<string, string | null> => ({
  ...Object.fromEntries(Object.keys(before ?? {}).map((name) => [name, null])),
  ...Object.fromEntries([...amounts].map(([name, amount]) => [name, amount.toString()])),
});
