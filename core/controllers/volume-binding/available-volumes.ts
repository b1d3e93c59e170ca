import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { LabelSelector } from '#core/api/label-selector.ts';
import { capacityOf, classOfClaim, classOfVolume, isDeleting, requestOf } from '#core/controllers/storage/claims.ts';
import type { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import { mismatch } from './fit.ts';

/** Nobody's volume, for any claim that it suits. */
export const isAvailable = (volume: PersistentVolume): boolean =>
  volume.status.phase === 'Available' && volume.spec.claimRef === undefined && !isDeleting(volume);

/** Volumes that offer the same access modes, by capacity and name. */
interface Shelf {
  readonly modes: readonly string[];
  readonly volumes: PersistentVolume[];
}

/** All available volumes, sorted so that the best one for a claim is found without looking at all of them. */
export class AvailableVolumes {
  readonly #classes = new Map<string, Map<string, Shelf>>();
  /** Versions of volumes that are being given away: the cache shows them as available until it has seen the write. */
  readonly #given = new Map<string, string>();
  readonly #volumes: Informer<PersistentVolume>;
  readonly #own: OwnWrites<PersistentVolume>;

  constructor(volumes: Informer<PersistentVolume>, own: OwnWrites<PersistentVolume>) {
    this.#volumes = volumes;
    this.#own = own;
    volumes.subscribe((volume, previous) => {
      if (previous !== undefined && isAvailable(previous)) this.#remove(previous);
      if (volume !== undefined && isAvailable(volume)) this.#insert(volume);
      const name = (volume ?? previous)?.metadata.name ?? '';
      if (this.#given.get(name) !== volume?.metadata.resourceVersion) this.#given.delete(name);
    });
  }

  /** The smallest of those volumes that offer the fewest further access modes. */
  bestFor(claim: PersistentVolumeClaim): PersistentVolume | undefined {
    const shelves = this.#classes.get(classOfClaim(claim) ?? '');
    if (shelves === undefined) return undefined;
    const wanted = claim.spec.accessModes ?? [];
    const selector = LabelSelector.of(claim.spec.selector);
    const candidates = [...shelves.values()].filter(({ modes }) => wanted.every((mode) => modes.includes(mode)));
    for (const { volumes } of candidates.toSorted((a, b) => a.modes.length - b.modes.length)) {
      for (let at = lowerBound(volumes, requestOf(claim), ''); at < volumes.length; at++) {
        const volume = volumes[at];
        if (volume !== undefined && this.isFree(volume) && mismatch(volume, claim) === undefined && selector.matches(volume.metadata.labels)) return volume;
      }
    }
    return undefined;
  }

  /** Keeps this version of the volume from other claims. Returns the way to take that back. */
  give(volume: PersistentVolume): () => void {
    this.#given.set(volume.metadata.name, volume.metadata.resourceVersion);
    this.#remove(volume);
    return () => {
      if (!this.#isGiven(volume)) return;
      this.#given.delete(volume.metadata.name);
      if (this.#volumes.get(volume.metadata.name) === volume) this.#insert(volume);
    };
  }

  /** Neither given away nor on the way to a claim. */
  isFree(volume: PersistentVolume): boolean {
    return !this.#isGiven(volume) && isAvailable(this.#own.newest(volume));
  }

  #isGiven(volume: PersistentVolume): boolean {
    return this.#given.get(volume.metadata.name) === volume.metadata.resourceVersion;
  }

  #shelfOf(volume: PersistentVolume): Shelf {
    const name = classOfVolume(volume);
    const shelves = this.#classes.get(name) ?? new Map<string, Shelf>();
    this.#classes.set(name, shelves);
    const modes = [...new Set(volume.spec.accessModes)].toSorted();
    const shelf = shelves.get(modes.join()) ?? { modes, volumes: [] };
    shelves.set(modes.join(), shelf);
    return shelf;
  }

  #insert(volume: PersistentVolume): void {
    const { volumes } = this.#shelfOf(volume);
    volumes.splice(lowerBound(volumes, capacityOf(volume), volume.metadata.name), 0, volume);
  }

  #remove(volume: PersistentVolume): void {
    const { modes, volumes } = this.#shelfOf(volume);
    const at = lowerBound(volumes, capacityOf(volume), volume.metadata.name);
    if (volumes[at]?.metadata.name === volume.metadata.name) volumes.splice(at, 1);
    if (volumes.length > 0) return;
    const shelves = this.#classes.get(classOfVolume(volume));
    shelves?.delete(modes.join());
    if (shelves?.size === 0) this.#classes.delete(classOfVolume(volume));
  }
}

/** The first place whose volume does not come before this capacity and name. */
function lowerBound(volumes: readonly PersistentVolume[], capacity: bigint, name: string): number {
  let low = 0;
  let high = volumes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const volume = volumes[middle];
    if (volume === undefined) break;
    const held = capacityOf(volume);
    if (held < capacity || (held === capacity && volume.metadata.name < name)) low = middle + 1;
    else high = middle;
  }
  return low;
}
