import { apiVersionOf, resourceName, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { Informer, Informers } from './informer.ts';
import { SharedInformer, type InformerOptions } from './shared-informer.ts';

/** All informers of a process, one per kind. Who asks for one after `run` gets one that runs. */
export class SharedInformers implements Informers {
  readonly #options: InformerOptions;
  readonly #informers = new Map<string, SharedInformer<KubernetesObject>>();
  readonly #running = new Set<Promise<void>>();
  readonly #ends = new Map<string, AbortController>();
  #signal: AbortSignal | undefined;

  constructor(options: InformerOptions) {
    this.#options = options;
  }

  for<T extends KubernetesObject>(kind: Kind<T>): Informer<T> {
    const name = nameOf(kind);
    const known = this.#informers.get(name);
    // The map's key is the kind's name, so what is found under it holds objects of this kind.
    if (known !== undefined) return known as unknown as SharedInformer<T>;
    const informer = new SharedInformer(kind, this.#options);
    const shared = informer as unknown as SharedInformer<KubernetesObject>;
    this.#informers.set(name, shared);
    if (this.#signal !== undefined) this.#start(shared, this.#signal);
    return informer;
  }

  drop(kind: Kind): void {
    const name = nameOf(kind);
    this.#informers.delete(name);
    this.#ends.get(name)?.abort(new Error(`${resourceName(kind)} is not served any more`));
    this.#ends.delete(name);
  }

  /** Runs all informers until the signal aborts; resolves when none is running any more. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#signal !== undefined) throw new Error('the informers were run already');
    this.#signal = signal;
    for (const informer of this.#informers.values()) this.#start(informer, signal);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.all(this.#running);
  }

  /** Waits for all informers that were asked for up to now. */
  async whenSynced(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.whenSynced(signal)));
  }

  /** Names of the resources whose first list is still missing. */
  unsynced(): readonly string[] {
    return [...this.#informers.values()].filter((informer) => !informer.synced).map((informer) => resourceName(informer.kind));
  }

  #start(informer: SharedInformer<KubernetesObject>, signal: AbortSignal): void {
    const end = new AbortController();
    this.#ends.set(nameOf(informer.kind), end);
    const run = informer.run(AbortSignal.any([signal, end.signal]));
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }
}

const nameOf = (kind: Kind): string => `${apiVersionOf(kind)}/${kind.plural}`;
