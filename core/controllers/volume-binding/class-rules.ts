import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import type { Reader } from '#core/client/client.ts';
import { annotationOf, classOfClaim } from '#core/controllers/storage/claims.ts';
import { defaultClass } from '#core/controllers/storage/default-class.ts';
import { live } from '#core/controllers/storage/live.ts';
import { annotations } from '#core/controllers/storage/names.ts';
import type { Informer } from '#core/reconcile/informer.ts';

/** What a claim's class says about its binding. */
export interface ClassRule {
  /** '' for a claim without a class. */
  readonly name: string;
  /** Undefined when there is no such class. */
  readonly found: StorageClass | undefined;
  /** The claim's volume is not chosen before its first pod has a node. */
  readonly waitsForConsumer: boolean;
}

/** Looks up the classes of claims. */
export class ClassRules {
  readonly #classes: Informer<StorageClass>;
  readonly #reader: Reader;

  constructor(classes: Informer<StorageClass>, reader: Reader) {
    this.#classes = classes;
    this.#reader = reader;
  }

  async of(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<ClassRule> {
    const name = classOfClaim(claim) ?? '';
    if (name === '') return { name, found: undefined, waitsForConsumer: false };
    // Class and claim are often applied together, and their caches are filled apart.
    const found = this.#classes.get(name) ?? (await live(this.#reader, StorageClass, { name }, signal));
    return { name, found, waitsForConsumer: found?.volumeBindingMode === 'WaitForFirstConsumer' };
  }

  /** The class for claims that leave the choice open. */
  get default(): StorageClass | undefined {
    return defaultClass(this.#classes.values());
  }

  isScheduled(claim: PersistentVolumeClaim): boolean {
    return (annotationOf(claim, annotations.selectedNode) ?? '') !== '';
  }
}
