import { Pod, type PodStatus } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { StatusWriter as StatusClient } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { BackOff } from '#core/reconcile/back-off.ts';
import { Slots } from '#core/agent/pods/slots.ts';
import { statusPatch } from './status-patch.ts';

export interface StatusWriterOptions {
  readonly client: Pick<StatusClient, 'patchStatus'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
}

/** The object that shows a pod in the API, as it was last seen there; undefined while there is none. */
export type Shown = () => Pod | undefined;

interface Entry {
  shown: Shown;
  wanted: PodStatus;
  /** The API's last answer, which may be newer than what was seen. */
  answered: Pod | undefined;
  isWanted: boolean;
  writing: Promise<void> | undefined;
}

const atOnce = 16;

/** Brings the statuses of pods to the API: the newest one of each, only what has changed, as long as it takes. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #slots = new Slots(atOnce);
  readonly #stop = new AbortController();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  set(uid: string, shown: Shown, wanted: PodStatus): void {
    const entry = this.#entries.get(uid) ?? { shown, wanted, answered: undefined, isWanted: true, writing: undefined };
    this.#entries.set(uid, entry);
    entry.shown = shown;
    entry.wanted = wanted;
    entry.isWanted = true;
    entry.writing ??= this.#write(entry);
  }

  /** Resolves when the pod's last status is in the API, or the pod is not. @throws the signal's reason */
  async settled(uid: string, signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    try {
      signal.throwIfAborted();
      await Promise.race([this.#entries.get(uid)?.writing, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    await Promise.all([...this.#entries.values()].map(async ({ writing }) => writing));
  }

  async #write(entry: Entry): Promise<void> {
    const { clock, random, logger } = this.#options;
    const { signal } = this.#stop;
    const backOff = new BackOff({ clock, baseMs: 200, maxMs: 30_000, random });
    // Until the first turn of the loop is over, the entry does not know of this writing.
    await Promise.resolve();
    while (entry.isWanted && !signal.aborted) {
      entry.isWanted = false;
      try {
        await this.#slots.run(() => this.#once(entry, signal), signal);
        backOff.reset();
      } catch (error) {
        if (signal.aborted || StatusError.is(error, 'NotFound')) break;
        entry.isWanted = true;
        const level = StatusError.is(error, 'Invalid', 'Forbidden', 'BadRequest') ? 'warn' : 'debug';
        logger[level]('the status of a pod could not be written; trying again', { pod: entry.shown()?.metadata.name, error });
        await backOff.wait(signal);
      }
    }
    entry.writing = undefined;
  }

  async #once(entry: Entry, signal: AbortSignal): Promise<void> {
    const seen = entry.shown();
    if (seen === undefined) return;
    const { answered } = entry;
    const present = answered?.metadata.uid === seen.metadata.uid && isNewer(answered, seen) ? answered : seen;
    const status = statusPatch(present.status ?? {}, entry.wanted);
    if (status === undefined) return;
    const { namespace, name, uid } = seen.metadata;
    try {
      entry.answered = await this.#options.client.patchStatus(Pod, { namespace, name }, { type: 'strategic', document: { metadata: { uid }, status } }, {}, signal);
    } catch (error) {
      // Another pod has its name: there is nobody to tell.
      if (!StatusError.is(error, 'Conflict')) throw error;
    }
  }
}

/** Versions of one store are numbers, as clients of Kubernetes 1.35 take them to be. */
function isNewer({ metadata: { resourceVersion: a } }: Pod, { metadata: { resourceVersion: b } }: Pod): boolean {
  return /^\d+$/.test(a) && /^\d+$/.test(b) ? BigInt(a) > BigInt(b) : false;
}
