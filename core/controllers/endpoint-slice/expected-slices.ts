import type { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { isOlderVersion } from '#core/controllers/storage/own-writes.ts';

/** A cache that has not caught up by then has missed something that undid the write. */
const patienceMs = 5000;

interface Expected {
  /** Undefined when the slice was removed. */
  readonly version: string | undefined;
  readonly uid: string;
  readonly until: number;
}

/**
 * What was written of each service's slices. New slices get their names from the server, so one who decides again before the cache shows them would
 * make them twice.
 */
export class ExpectedSlices {
  readonly #clock: Clock;
  readonly #expected = new Map<string, Map<string, Expected>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** By the key of their service. */
  wrote(service: string, { metadata: { name, uid, resourceVersion } }: EndpointSlice): void {
    this.#note(service, name, { version: resourceVersion, uid, until: this.#clock.now() + patienceMs });
  }

  removed(service: string, { metadata: { name, uid } }: EndpointSlice): void {
    this.#note(service, name, { version: undefined, uid, until: this.#clock.now() + patienceMs });
  }

  forget(service: string): void {
    this.#expected.delete(service);
  }

  /** Whether these slices, as the cache has them, are older than what was written. */
  isStale(service: string, cached: readonly EndpointSlice[]): boolean {
    const expected = this.#expected.get(service);
    if (expected === undefined) return false;
    const byName = new Map(cached.map((slice) => [slice.metadata.name, slice.metadata]));
    for (const [name, { version, uid, until }] of expected) {
      const found = byName.get(name);
      const isThere = version === undefined ? found?.uid !== uid : found !== undefined && !isOlderVersion(found.resourceVersion, version);
      if (isThere || this.#clock.now() >= until) expected.delete(name);
    }
    if (expected.size === 0) this.#expected.delete(service);
    return expected.size > 0;
  }

  #note(service: string, name: string, expected: Expected): void {
    const known = this.#expected.get(service) ?? new Map<string, Expected>();
    this.#expected.set(service, known.set(name, expected));
  }
}
