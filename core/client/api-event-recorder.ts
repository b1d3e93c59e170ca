import { Event } from '#core/api/schema/core-v1/event.ts';
import type { ObjectReference } from '#core/api/schema/core-v1/references.ts';
import type { Draft, KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { dropOldest } from '#core/kernel/oldest.ts';
import type { Writer } from './client.ts';
import { EventCorrelator, type Occurrence, type Occurrences } from './event-correlator.ts';
import type { EventRecorder, EventRecorders } from './event-recorder.ts';

export interface ApiEventRecordersOptions {
  readonly writer: Pick<Writer, 'create' | 'patch'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The node on which this process runs; `source.host` of its events. */
  readonly host?: string;
  /** Events that may wait to be stored; 1000 by default. Beyond it the oldest are dropped. */
  readonly bufferSize?: number;
  /** How long `stop` may take to store what waits, in milliseconds. 1 s by default. */
  readonly flushMs?: number;
  /** In [0, 1). */
  readonly random?: () => number;
}

/** An Event object, and whether the server has it. */
interface Stored {
  name: string;
  stored: boolean;
}

const attempts = 3;
const firstRetryMs = 200;
const atOnce = 16;

/**
 * Stores events through the API as core/v1 Events. Takes them from the beginning, stores them between `start` and the end of `stop`.
 * An event that cannot be stored is lost: events are for people, and nothing may depend on them.
 */
export class ApiEventRecorders implements EventRecorders, Component {
  readonly name = 'event recorder';
  readonly #options: ApiEventRecordersOptions;
  readonly #correlator: EventCorrelator;
  readonly #objects = new WeakMap<Occurrences, Stored>();
  readonly #waiting = new Set<Occurrences>();
  readonly #abort = new AbortController();
  #sequence: number;
  #dropped = 0;
  #state: 'new' | 'running' | 'stopped' = 'new';
  #storing: Promise<void> | undefined;

  constructor(options: ApiEventRecordersOptions) {
    this.#options = options;
    this.#correlator = new EventCorrelator(options.clock);
    this.#sequence = Math.floor((options.random ?? Math.random)() * 1_000_000);
  }

  for(component: string): EventRecorder {
    return {
      normal: (about, reason, message, part) => this.#record({ component, about: referenceTo(about, part), type: 'Normal', reason, message }),
      warning: (about, reason, message, part) => this.#record({ component, about: referenceTo(about, part), type: 'Warning', reason, message }),
    };
  }

  async start(): Promise<void> {
    this.#state = 'running';
    this.#storeSoon();
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    const late = Promise.withResolvers<void>();
    const cancel = this.#options.clock.after(this.#options.flushMs ?? 1000, () => {
      this.#abort.abort(new Error('the time to store events is over'));
      late.resolve();
    });
    await Promise.race([this.#storing, late.promise]);
    cancel();
    if (this.#waiting.size > 0) this.#options.logger.warn('events were lost because the process stops', { events: this.#waiting.size });
    this.#waiting.clear();
  }

  #record(occurrence: Occurrence): void {
    if (this.#state === 'stopped') return;
    const occurrences = this.#correlator.note(occurrence);
    if (occurrences === undefined) {
      const { about: { kind, namespace, name }, reason } = occurrence;
      this.#options.logger.debug('an object makes too many events; this one is not stored', { kind, namespace, name, reason });
      return;
    }
    this.#waiting.add(occurrences);
    if (this.#waiting.size > (this.#options.bufferSize ?? 1000)) this.#dropOldest();
    this.#storeSoon();
  }

  #dropOldest(): void {
    dropOldest(this.#waiting);
    if (this.#dropped++ === 0) this.#options.logger.warn('events come faster than the server takes them; the oldest are dropped');
  }

  #storeSoon(): void {
    if (this.#state !== 'running' || this.#storing !== undefined || this.#waiting.size === 0) return;
    this.#storing = this.#storeWaiting();
  }

  async #storeWaiting(): Promise<void> {
    // Lets a burst come together first, so that repetitions cost one write.
    await Promise.resolve();
    while (this.#waiting.size > 0 && !this.#abort.signal.aborted) {
      const batch = [...this.#waiting].slice(0, atOnce);
      for (const occurrences of batch) this.#waiting.delete(occurrences);
      await Promise.all(batch.map((occurrences) => this.#store(occurrences)));
    }
    if (this.#dropped > 0) this.#options.logger.debug('events are stored in time again', { dropped: this.#dropped });
    this.#dropped = 0;
    // In the same breath as the last look at what waits: who comes later starts anew.
    this.#storing = undefined;
  }

  async #store(occurrences: Occurrences): Promise<void> {
    const { clock, logger } = this.#options;
    const { signal } = this.#abort;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#write(occurrences, attempt === 1);
        return;
      } catch (error) {
        if (attempt >= attempts || signal.aborted || hopeless(error)) {
          logger.debug('an event could not be stored', { reason: occurrences.first.reason, object: occurrences.first.about.name, error });
          return;
        }
      }
      await clock.sleep(firstRetryMs * 2 ** attempt, signal).catch(() => undefined);
    }
  }

  async #write(occurrences: Occurrences, firstAttempt: boolean): Promise<void> {
    const { writer } = this.#options;
    const namespace = occurrences.first.about.namespace ?? 'default';
    const object = this.#objectOf(occurrences);
    const { message, count } = occurrences;
    const lastTimestamp = rfc3339(occurrences.lastMs);
    if (object.stored) {
      try {
        await writer.patch(Event, { namespace, name: object.name }, { type: 'merge', document: { count, message, lastTimestamp } }, {}, this.#abort.signal);
        return;
      } catch (error) {
        // The server keeps events for a while only.
        if (!StatusError.is(error, 'NotFound')) throw error;
        object.stored = false;
      }
    }
    try {
      await writer.create(Event, this.#draft(occurrences, namespace, object.name), {}, this.#abort.signal);
    } catch (error) {
      if (!StatusError.is(error, 'AlreadyExists')) throw error;
      // After an attempt whose answer was lost it is this one; otherwise somebody else came upon the same name.
      if (firstAttempt) {
        object.name = this.#newName(occurrences);
        throw error;
      }
    }
    object.stored = true;
  }

  #objectOf(occurrences: Occurrences): Stored {
    const known = this.#objects.get(occurrences);
    if (known !== undefined) return known;
    const object = { name: this.#newName(occurrences), stored: false };
    this.#objects.set(occurrences, object);
    return object;
  }

  #draft({ first, message, count, firstMs, lastMs }: Occurrences, namespace: string, name: string): Draft<Event> {
    const { host } = this.#options;
    return {
      metadata: { namespace, name },
      involvedObject: first.about,
      type: first.type, reason: first.reason, message, count,
      source: { component: first.component, ...(host === undefined ? {} : { host }) },
      firstTimestamp: rfc3339(firstMs), lastTimestamp: rfc3339(lastMs),
      reportingComponent: first.component, reportingInstance: host ?? '',
    };
  }

  /** `<object>.<nanoseconds in hexadecimal>`, of which the clock knows the milliseconds. */
  #newName({ first, firstMs }: Occurrences): string {
    const sequence = this.#sequence++ % 1_000_000;
    const suffix = (BigInt(firstMs) * 1_000_000n + BigInt(sequence)).toString(16).padStart(16, '0');
    const object = (first.about.name ?? '').slice(0, 253 - suffix.length - 1).replace(/[-.]+$/, '');
    return `${object}.${suffix}`;
  }
}

function referenceTo({ apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } }: KubernetesObject, part: string | undefined): ObjectReference {
  return { apiVersion, kind, name, uid, resourceVersion, ...(namespace === undefined ? {} : { namespace }), ...(part === undefined ? {} : { fieldPath: part }) };
}

const hopeless = (error: unknown): boolean => StatusError.is(error, 'Forbidden', 'NotFound', 'Invalid', 'BadRequest', 'Unauthorized', 'MethodNotAllowed');
