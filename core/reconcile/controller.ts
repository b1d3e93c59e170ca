import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { token } from '#core/kernel/token.ts';
import type { Informer } from './informer.ts';

/** Come back to this key later although nothing failed. */
export interface ReconcileResult {
  /** Milliseconds from now. */
  readonly requeueAfterMs: number;
}

/** From which changes a controller takes its keys. */
export interface Source {
  readonly informer: Informer<KubernetesObject>;
  /** Keys to look at after a change; `object` is undefined when it was deleted, `previous` when it is new. */
  keys(object: KubernetesObject | undefined, previous: KubernetesObject | undefined): Iterable<string>;
}

/** Writes a source down with its object type. */
export const source = <T extends KubernetesObject>(
  informer: Informer<T>,
  keys: (object: T | undefined, previous: T | undefined) => Iterable<string>,
): Source => ({ informer, keys });

/**
 * A control loop. `reconcile(key)` reads the world and takes one step towards what is wanted; it knows nothing of what changed.
 *
 * - It resolves: the key is forgotten until something changes, or until `requeueAfterMs` has passed.
 * - It rejects: the key comes again with exponential back-off and jitter; a `TerminalError` only when something changes.
 * - A Conflict or NotFound from a write made from a stale cache is retried quietly.
 * - The same key never runs twice at once. It never sleeps; the signal ends it.
 */
export interface Controller {
  readonly name: string;
  /** How many keys at once; 1 by default. */
  readonly workers?: number;
  readonly sources: readonly Source[];
  /** For sources that come and go while it runs. Called once, before the first key is worked on; `add` returns what takes the source away. */
  followSources?(add: (source: Source) => () => void): void;
  reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void>;
}
export const Controller = token<Controller>('Controller');

const terminal = Symbol.for('keelson/TerminalError');

/** Trying again cannot help until the object or the world changes. */
export class TerminalError extends Error {
  readonly [terminal] = true;

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'TerminalError';
  }

  static is(error: unknown): error is TerminalError {
    return typeof error === 'object' && error !== null && terminal in error;
  }
}
