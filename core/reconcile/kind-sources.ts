import { apiVersionOf, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { ServedKind, ServedKinds } from '#core/client/served-kinds.ts';
import type { Source } from './controller.ts';
import type { Informer, Informers } from './informer.ts';

export interface KindSourcesOptions {
  readonly kinds: ServedKinds;
  readonly informers: Informers;
  /** Which kinds are followed. */
  wanted(served: ServedKind): boolean;
  /** Called for each informer before it runs, for its indexes. */
  prepare?(informer: Informer<KubernetesObject>): void;
  keys(kind: Kind, object: KubernetesObject | undefined, previous: KubernetesObject | undefined): Iterable<string>;
}

interface Followed {
  readonly informer: Informer<KubernetesObject>;
  remove: () => void;
}

const nameOf = (kind: Kind): string => `${apiVersionOf(kind)}/${kind.plural}`;

/** The informers of all wanted kinds, as these come and go: for controllers that look at objects of every kind. */
export class KindSources {
  readonly #options: KindSourcesOptions;
  readonly #followed = new Map<string, Followed>();
  #add: ((source: Source) => () => void) | undefined;

  constructor(options: KindSourcesOptions) {
    this.#options = options;
    this.#follow();
  }

  get informers(): readonly Informer<KubernetesObject>[] {
    return [...this.#followed.values()].map(({ informer }) => informer);
  }

  of(kind: Kind): Informer<KubernetesObject> | undefined {
    return this.#followed.get(nameOf(kind))?.informer;
  }

  /** All copies are complete: what is in none of them is not there, or was made just now. */
  get synced(): boolean {
    return this.informers.every(({ synced }) => synced);
  }

  /** For `Controller.followSources`. */
  follow(add: (source: Source) => () => void): void {
    this.#add = add;
    for (const followed of this.#followed.values()) followed.remove = add(this.#source(followed.informer));
    this.#options.kinds.onChange(() => this.#follow());
    // Kinds that came since this was made are followed too, but not waited for: somebody else may answer for them.
    queueMicrotask(() => this.#follow());
  }

  #follow(): void {
    const { kinds, informers } = this.#options;
    const wanted = new Map(kinds.all.filter((served) => this.#options.wanted(served)).map(({ kind }) => [nameOf(kind), kind]));
    for (const [name, { informer, remove }] of this.#followed) {
      if (wanted.has(name)) continue;
      remove();
      this.#followed.delete(name);
      informers.drop(informer.kind);
    }
    for (const [name, kind] of wanted) {
      if (this.#followed.has(name)) continue;
      const informer = informers.for(kind);
      this.#options.prepare?.(informer);
      this.#followed.set(name, { informer, remove: this.#add?.(this.#source(informer)) ?? (() => undefined) });
    }
  }

  #source(informer: Informer<KubernetesObject>): Source {
    return { informer, keys: (object, previous) => this.#options.keys(informer.kind, object, previous) };
  }
}
