import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import type { ServedKinds } from '#core/client/served-kinds.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import { snapshotGroup, VolumeSnapshot, VolumeSnapshotClass, VolumeSnapshotContent } from '#core/controllers/storage/snapshots.ts';
import type { Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { KindSources, type KindSourcesOptions } from '#core/reconcile/kind-sources.ts';

export interface SnapshotObjectsOptions {
  readonly informers: Informers;
  readonly kinds: ServedKinds;
  readonly keys: KindSourcesOptions['keys'];
}

const plurals: readonly string[] = [VolumeSnapshot, VolumeSnapshotContent, VolumeSnapshotClass].map(({ plural }) => plural);
const ofClaim = { name: 'snapshots-of-claim', of: (object: KubernetesObject): string[] => sourceClaim(object as VolumeSnapshot) };

/** Key of the claim of which a snapshot is taken. */
export function sourceClaim({ metadata: { namespace = '' }, spec }: VolumeSnapshot): string[] {
  const name = spec.source.persistentVolumeClaimName;
  return name === undefined ? [] : [`${namespace}/${name}`];
}

/** Snapshots, contents and classes for as long as they are served, as the cache shows them or as this process has written them since. */
export class SnapshotObjects {
  readonly #kinds: KindSources;
  readonly #own = new Map<string, OwnWrites<KubernetesObject>>();

  constructor({ informers, kinds, keys }: SnapshotObjectsOptions) {
    this.#kinds = new KindSources({
      informers, kinds, keys,
      wanted: ({ kind }) => kind.group === snapshotGroup && kind.version === 'v1' && plurals.includes(kind.plural),
      prepare: (informer) => {
        if (informer.kind.plural === VolumeSnapshot.plural) informer.addIndex(ofClaim.name, ofClaim.of);
        this.#own.set(informer.kind.plural, new OwnWrites(informer));
      },
    });
  }

  follow(add: (source: Source) => () => void): void {
    this.#kinds.follow(add);
  }

  /** What is in none of the copies is not there, or was made just now. */
  get synced(): boolean {
    return this.#kinds.synced;
  }

  get<T extends KubernetesObject>(kind: Kind<T>, key: string): T | undefined {
    const cached = this.#informer(kind)?.get(key);
    return cached && (this.#own.get(kind.plural)?.newest(cached) as T | undefined);
  }

  /** As the cache shows them. */
  all<T extends KubernetesObject>(kind: Kind<T>): readonly T[] {
    return [...(this.#informer(kind)?.values() ?? [])];
  }

  /** Snapshots that are taken of a claim. */
  ofClaim(key: string): readonly VolumeSnapshot[] {
    return this.#informer(VolumeSnapshot)?.byIndex(ofClaim.name, key) ?? [];
  }

  /** What the API server answered to a write. */
  note<T extends KubernetesObject>(written: T, kind: Kind<T>): T {
    this.#own.get(kind.plural)?.note(written);
    return written;
  }

  #informer<T extends KubernetesObject>(kind: Kind<T>): Informer<T> | undefined {
    // The server's kind of this name: what it serves has the type that the definition gives it.
    return this.#kinds.of(kind) as Informer<KubernetesObject> as Informer<T> | undefined;
  }
}
