import { resourceName, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import { isObject, own } from '#core/api/value.ts';
import { keyOf, type ObjectKey, type Reader } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { orAborted } from '#core/kernel/or-aborted.ts';

interface Entry {
  readonly object: KubernetesObject;
  readonly readAt: number;
  readonly bytes: number;
}

export interface ApiObjectsOptions {
  /** How old an object may be that a running pod's files are refreshed from, in milliseconds. */
  readonly maxAgeMs?: number;
  /** Most bytes of objects that are kept. */
  readonly maxBytes?: number;
}

/** Pods that are made together share one reading. */
const freshMs = 1000;

/**
 * The objects that volumes on this node refer to, read one by one: a node may neither list nor watch them all. It reads with GET and keeps
 * what it read for a short while, instead of a watch for each object as a kubelet: the pods ask once a minute, so a change comes at most
 * `maxAgeMs` later than it could, and nothing has to be kept open, resumed or counted. Immutable ones are read once.
 */
export class ApiObjects {
  readonly #reader: Reader;
  readonly #clock: Clock;
  readonly #maxAgeMs: number;
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Entry>();
  readonly #readings = new Map<string, Promise<KubernetesObject>>();
  #bytes = 0;

  constructor(reader: Reader, clock: Clock, { maxAgeMs = 20_000, maxBytes = 16 * 2 ** 20 }: ApiObjectsOptions = {}) {
    this.#reader = reader;
    this.#clock = clock;
    this.#maxAgeMs = maxAgeMs;
    this.#maxBytes = maxBytes;
  }

  /** As it is now, give or take a second. @throws {StatusError} NotFound */
  fresh<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, signal: AbortSignal): Promise<T> {
    return this.#get(kind, key, freshMs, signal);
  }

  /** As it was a short while ago. @throws {StatusError} NotFound */
  recent<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, signal: AbortSignal): Promise<T> {
    return this.#get(kind, key, this.#maxAgeMs, signal);
  }

  async #get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, maxAgeMs: number, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    const id = `${resourceName(kind)} ${keyOf({ metadata: key })}`;
    const known = this.#entries.get(id);
    const isValid = known !== undefined && (this.#clock.now() - known.readAt < maxAgeMs || (maxAgeMs > freshMs && isImmutable(known.object)));
    if (isValid) return known.object as T;
    const reading = (this.#readings.get(id) as Promise<T> | undefined) ?? this.#read(kind, key, id);
    return orAborted(reading, signal);
  }

  /** Not under any caller's signal: several wait for it. The client bounds it. */
  #read<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, id: string): Promise<T> {
    const readAt = this.#clock.now();
    const reading = this.#reader.get(kind, key).then((object) => {
      this.#keep(id, object, readAt);
      return object;
    }, (error: unknown) => {
      this.#forget(id);
      throw error;
    }).finally(() => this.#readings.delete(id));
    this.#readings.set(id, reading);
    return reading;
  }

  #keep(id: string, object: KubernetesObject, readAt: number): void {
    this.#forget(id);
    const bytes = sizeOf(object);
    if (bytes > this.#maxBytes) return;
    this.#entries.set(id, { object, readAt, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#forget(oldest);
    }
  }

  #forget(id: string): void {
    this.#bytes -= this.#entries.get(id)?.bytes ?? 0;
    this.#entries.delete(id);
  }
}

const isImmutable = (object: KubernetesObject): boolean => 'immutable' in object && object.immutable === true;

/** Roughly, and cheaply: the data of ConfigMaps and Secrets is what counts. */
function sizeOf(object: KubernetesObject): number {
  let bytes = 2000;
  for (const data of [own({ ...object }, 'data'), own({ ...object }, 'binaryData')]) {
    if (isObject(data)) for (const text of Object.values(data)) if (typeof text === 'string') bytes += text.length * 2;
  }
  return bytes;
}
