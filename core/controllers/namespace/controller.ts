import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Kind } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import type { ServedKinds } from '#core/client/served-kinds.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { conditionsOf } from './conditions.ts';
import { emptyOf, type Remains } from './content.ts';

export interface NamespaceOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly kinds: ServedKinds;
  readonly workers?: number;
}

/** In `spec.finalizers`: stands for the namespace's content. */
const contentFinalizer = 'kubernetes';
const shortestWaitMs = 100;
const longestWaitMs = 10_000;

/** Empties a namespace that is being deleted, says what holds it up, and lets it go when nothing is left. */
export class NamespaceController implements Controller {
  readonly name = 'namespace';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #namespaces: Informer<Namespace>;
  readonly #kinds: ServedKinds;

  constructor({ client, informers, clock, kinds, workers = 4 }: NamespaceOptions) {
    this.workers = workers;
    this.#client = client;
    this.#clock = clock;
    this.#kinds = kinds;
    const namespaces = (this.#namespaces = informers.for(Namespace));
    this.sources = [source(namespaces, (namespace, previous) =>
      (namespace === undefined || !hasWork(namespace) || (previous !== undefined && hasWork(previous)) ? [] : [namespace.metadata.name]))];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const namespace = this.#namespaces.get(key);
    if (namespace === undefined || !hasWork(namespace)) return;
    const remains = await this.#empty(key, signal);
    if (remains.objects.size === 0 && remains.failures.length === 0) return this.#finalize(key, signal);
    await this.#report(namespace, remains, signal);
    if (remains.failures.length > 0) throw new AggregateError(remains.failures, `not everything in namespace ${key} could be deleted`);
    // Finalizers mostly take an instant; the longer something has taken, the longer it may still take.
    const age = this.#clock.now() - Date.parse(namespace.metadata.deletionTimestamp ?? '');
    return { requeueAfterMs: Math.min(longestWaitMs, Math.max(shortestWaitMs, age / 4)) };
  }

  /** Pods go first: what they run must not see its configuration vanish. */
  async #empty(namespace: string, signal: AbortSignal): Promise<Remains> {
    const isPod = ({ group, plural }: Kind): boolean => group === Pod.group && plural === Pod.plural;
    const kinds = this.#kinds.all.filter(({ kind, verbs }) => kind.namespaced && verbs.includes('list') && verbs.includes('delete')).map(({ kind }) => kind);
    const pods = await emptyOf(this.#client, kinds.filter(isPod), namespace, signal);
    if (pods.objects.size > 0 || pods.failures.length > 0) return pods;
    return emptyOf(this.#client, kinds.filter((kind) => !isPod(kind)), namespace, signal);
  }

  async #report(cached: Namespace, remains: Remains, signal: AbortSignal): Promise<void> {
    const conditions = conditionsOf(cached.status.conditions ?? [], remains, rfc3339(this.#clock.now()));
    if (conditions === undefined && cached.status.phase === 'Terminating') return;
    const patch = metadataPatch(cached, {}, { status: { phase: 'Terminating', ...(conditions === undefined ? {} : { conditions }) } });
    await this.#client.patchStatus(Namespace, cached.metadata, patch, {}, signal);
  }

  async #finalize(name: string, signal: AbortSignal): Promise<void> {
    try {
      const namespace = await this.#client.get(Namespace, { name }, signal);
      if (!hasWork(namespace)) return;
      const finalizers = (namespace.spec.finalizers ?? []).filter((known) => known !== contentFinalizer);
      await this.#client.update(Namespace, { ...namespace, spec: { ...namespace.spec, finalizers } }, { subresource: 'finalize' }, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }
}

const hasWork = (namespace: Namespace): boolean => isDeleting(namespace) && namespace.spec.finalizers?.includes(contentFinalizer) === true;
