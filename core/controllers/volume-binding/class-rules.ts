import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import type { Reader } from '#core/client/client.ts';
import { annotationOf, classOfClaim } from '#core/controllers/storage/claims.ts';
import { defaultClass } from '#core/api/storage/default-class.ts';
import { live } from '#core/controllers/storage/live.ts';
import { annotations } from '#core/api/storage/names.ts';
import type { Clock } from '#core/kernel/clock.ts';
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

/** Static volumes often carry the name of a class that does not exist; so long the API server is not asked for it again. */
const missingForMs = 5000;
const mostMissing = 1000;

/** Looks up the classes of claims. */
export class ClassRules {
  readonly #classes: Informer<StorageClass>;
  readonly #reader: Reader;
  readonly #clock: Clock;
  /** When it was found that there is no such class. */
  readonly #missing = new Map<string, number>();

  constructor(classes: Informer<StorageClass>, reader: Reader, clock: Clock) {
    this.#classes = classes;
    this.#reader = reader;
    this.#clock = clock;
  }

  async of(claim: PersistentVolumeClaim, signal: AbortSignal): Promise<ClassRule> {
    const name = classOfClaim(claim) ?? '';
    if (name === '') return { name, found: undefined, waitsForConsumer: false };
    const found = this.#classes.get(name) ?? (await this.#ask(name, signal));
    return { name, found, waitsForConsumer: found?.volumeBindingMode === 'WaitForFirstConsumer' };
  }

  /** Class and claim are often applied together, and their caches are filled apart. */
  async #ask(name: string, signal: AbortSignal): Promise<StorageClass | undefined> {
    const now = this.#clock.now();
    if (now - (this.#missing.get(name) ?? Number.NEGATIVE_INFINITY) < missingForMs) return undefined;
    const found = await live(this.#reader, StorageClass, { name }, signal);
    this.#missing.delete(name);
    if (found !== undefined) return found;
    if (this.#missing.size >= mostMissing) this.#missing.clear();
    this.#missing.set(name, now);
    return undefined;
  }

  /** The class for claims that leave the choice open. */
  get default(): StorageClass | undefined {
    return defaultClass(this.#classes.values());
  }

  isScheduled(claim: PersistentVolumeClaim): boolean {
    return (annotationOf(claim, annotations.selectedNode) ?? '') !== '';
  }
}
