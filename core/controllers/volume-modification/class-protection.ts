import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { VolumeAttributesClass } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { finalizers } from '#core/api/storage/names.ts';
import type { Client, Reader } from '#core/client/client.ts';
import { hasFinalizer, isDeleting } from '#core/controllers/storage/claims.ts';
import { metadataPatch, withFinalizer, withoutFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { currentClass, uncertainTarget, wantedClass } from './modify-status.ts';

export interface AttributesClassProtectionOptions {
  readonly client: Client;
  readonly informers: Informers;
}

const namesOfClaim = (claim: PersistentVolumeClaim): string[] => [...new Set([wantedClass(claim), currentClass(claim), uncertainTarget(claim) ?? ''])].filter((name) => name !== '');
const namesOfVolume = ({ spec: { volumeAttributesClassName: name = '' } }: PersistentVolume): string[] => (name === '' ? [] : [name]);
const users = 'users-of-attributes-class';
const lookAgainMs = 1000;

/** Keeps a VolumeAttributesClass that is being deleted until no claim and no volume names it. */
export class AttributesClassProtectionController implements Controller {
  readonly name = 'volume-attributes-class-protection';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #classes: Informer<VolumeAttributesClass>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #volumes: Informer<PersistentVolume>;

  constructor({ client, informers }: AttributesClassProtectionOptions) {
    this.#client = client;
    this.#classes = informers.for(VolumeAttributesClass);
    this.#claims = informers.for(PersistentVolumeClaim);
    this.#claims.addIndex(users, namesOfClaim);
    this.#volumes = informers.for(PersistentVolume);
    this.#volumes.addIndex(users, namesOfVolume);
    this.sources = [
      source(this.#classes, (found) => (found !== undefined && hasWork(found) ? [found.metadata.name] : [])),
      source(this.#claims, (claim, previous) => dropped(claim, previous, namesOfClaim)),
      source(this.#volumes, (volume, previous) => dropped(volume, previous, namesOfVolume)),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const found = this.#classes.get(key);
    if (found === undefined || !hasWork(found)) return;
    if (!isDeleting(found)) return this.#setFinalizers(found, withFinalizer(found, finalizers.attributesClassProtection), signal);
    if (this.#claims.byIndex(users, key).length > 0 || this.#volumes.byIndex(users, key).length > 0) return;
    // Of a user that the cache has not seen, the end may go unnoticed too. Classes are deleted rarely.
    if (await isUsed(this.#client, key, signal)) return { requeueAfterMs: lookAgainMs };
    await this.#setFinalizers(found, withoutFinalizer(found, finalizers.attributesClassProtection), signal);
  }

  async #setFinalizers(found: VolumeAttributesClass, names: readonly string[], signal: AbortSignal): Promise<void> {
    try {
      await this.#client.patch(VolumeAttributesClass, found.metadata, metadataPatch(found, { finalizers: names }), {}, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }
}

async function isUsed(reader: Reader, name: string, signal: AbortSignal): Promise<boolean> {
  const [claims, volumes] = await Promise.all([reader.list(PersistentVolumeClaim, {}, signal), reader.list(PersistentVolume, {}, signal)]);
  return claims.items.some((claim) => namesOfClaim(claim).includes(name)) || volumes.items.some((volume) => namesOfVolume(volume).includes(name));
}

/** Names that an object had before a change and does not have after it. */
function dropped<T>(object: T | undefined, previous: T | undefined, namesOf: (object: T) => string[]): string[] {
  if (previous === undefined) return [];
  const left = object === undefined ? [] : namesOf(object);
  return namesOf(previous).filter((name) => !left.includes(name));
}

/** One that is being deleted has the finalizer to lose, any other one lacks it: admission gives it to new classes. */
const hasWork = (found: VolumeAttributesClass): boolean => isDeleting(found) === hasFinalizer(found, finalizers.attributesClassProtection);
