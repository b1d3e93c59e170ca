import { randomUUID } from 'node:crypto';
import type { Clock } from '#core/kernel/clock.ts';
import type { PlatformCalls } from '#core/spi/platform-calls.ts';
import { ClientShelf, type ComputeClients } from './clients.ts';
import { GcpError, gcpError, operationError } from './errors.ts';
import type { GcpSettings } from './settings.ts';

/** To be handed on to the client's method: it sends once, since repeating is the matter of `PlatformCalls`. */
export interface SendOptions {
  readonly retry: null;
  readonly timeout: number;
}

/** Where an operation is to be waited for. */
export type OperationPlace = { readonly zone: string } | { readonly region: string } | 'global';

/** What the clients' methods that change something resolve with. */
export type Begun = readonly [{ readonly latestResponse?: unknown }, ...unknown[]];

type MethodOf<Name extends string> = `compute.${Name}.${string}`;

/** The calls of Compute Engine. They reject with a `GcpError`, which is a `ProviderError`. */
export interface GcpApi {
  /**
   * A call that changes nothing: `const [disk] = await api.read('compute.disks.get', (disks, options) => disks.get({ project, zone, disk: name }, options), signal)`.
   * Lists go through their pages inside one call.
   */
  read<Name extends keyof ComputeClients, T>(method: MethodOf<Name>, send: (client: ComputeClients[Name], options: SendOptions) => Promise<T>, signal: AbortSignal): Promise<T>;
  /**
   * A call that changes something. Resolves when its operation is done; rejects with what the operation says. One that is not done after five minutes is
   * `Unknown`. `requestId` is to be sent along: the platform does once what it is asked twice with it.
   */
  change<Name extends keyof ComputeClients>(method: MethodOf<Name>, place: OperationPlace, send: (client: ComputeClients[Name], options: SendOptions, requestId: string) => Promise<Begun>, signal: AbortSignal): Promise<void>;
}

/** The platform answers a wait after two minutes at the latest. */
const waitTimeoutMs = 150_000;
const sendTimeoutMs = 60_000;
const operationMs = 5 * 60_000;
const closeMs = 2_000;

interface Operation {
  readonly name?: string | null;
  readonly status?: string | number | null;
  readonly error?: { readonly errors?: readonly { readonly code?: string | null; readonly message?: string | null }[] | null } | null;
}

export interface SdkGcpApiOptions {
  readonly settings: Pick<GcpSettings, 'endpoint' | 'keyFile'>;
  readonly project: (signal: AbortSignal) => Promise<string>;
  readonly calls: PlatformCalls;
  readonly clock: Clock;
  /** Of somebody who closes them; its own by default. */
  readonly clients?: ClientShelf;
}

/** By the vendor's clients, over REST. */
export class SdkGcpApi implements GcpApi {
  readonly #options: SdkGcpApiOptions;
  readonly #clients: ClientShelf;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(options: SdkGcpApiOptions) {
    this.#options = options;
    this.#clients = options.clients ?? new ClientShelf(options.settings);
  }

  read<Name extends keyof ComputeClients, T>(method: MethodOf<Name>, send: (client: ComputeClients[Name], options: SendOptions) => Promise<T>, signal: AbortSignal): Promise<T> {
    return this.#call(method, true, (client: ComputeClients[Name]) => send(client, { retry: null, timeout: sendTimeoutMs }), signal);
  }

  async change<Name extends keyof ComputeClients>(
    method: MethodOf<Name>, place: OperationPlace, send: (client: ComputeClients[Name], options: SendOptions, requestId: string) => Promise<Begun>, signal: AbortSignal,
  ): Promise<void> {
    const requestId = randomUUID();
    const [begun] = await this.#call(method, false, (client: ComputeClients[Name]) => send(client, { retry: null, timeout: sendTimeoutMs }, requestId), signal);
    await this.#end(method, place, begun.latestResponse as Operation, signal);
  }

  /** Waits a moment for answers: the clients do not take it well to be closed before. */
  async close(): Promise<void> {
    await Promise.race([Promise.allSettled(this.#underWay), this.#options.clock.sleep(closeMs)]);
    if (this.#options.clients === undefined && this.#underWay.size === 0) await this.#clients.close();
  }

  async #end(method: string, place: OperationPlace, begun: Operation, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const deadline = clock.now() + operationMs;
    let operation = begun;
    while (!isDone(operation)) {
      if (clock.now() >= deadline) throw new GcpError('Unknown', `${method} was begun and is not done after five minutes (operation ${operation.name ?? ''})`, {});
      try {
        operation = await this.#wait(place, operation.name ?? '', signal);
      } catch (error) {
        signal.throwIfAborted();
        // What was begun goes on, whatever hinders looking at it.
        throw new GcpError('Unknown', `${method} was begun, and how it ends cannot be seen: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    }
    const errors = operation.error?.errors ?? [];
    if (errors.length > 0) throw operationError(method, errors);
  }

  async #wait(place: OperationPlace, operation: string, signal: AbortSignal): Promise<Operation> {
    const project = await this.#options.project(signal);
    const options = { retry: null, timeout: waitTimeoutMs };
    if (place === 'global') return (await this.#call('compute.globalOperations.wait', true, (client: ComputeClients['globalOperations']) => client.wait({ project, operation }, options), signal))[0];
    if ('region' in place) return (await this.#call('compute.regionOperations.wait', true, (client: ComputeClients['regionOperations']) => client.wait({ project, operation, ...place }, options), signal))[0];
    return (await this.#call('compute.zoneOperations.wait', true, (client: ComputeClients['zoneOperations']) => client.wait({ project, operation, ...place }, options), signal))[0];
  }

  async #call<Name extends keyof ComputeClients, T>(method: MethodOf<Name>, isRead: boolean, send: (client: ComputeClients[Name]) => Promise<T>, signal: AbortSignal): Promise<T> {
    const scope = await this.#options.project(signal);
    // With a request id every call can be repeated.
    return this.#options.calls.run({ name: `gcp:${method}`, scope, isRepeatable: true }, async (attempt) => {
      try {
        const client = await this.#clients.get(method.split('.', 2)[1] as Name);
        return await orAborted(this.#tracked(send(client)), attempt);
      } catch (error) {
        attempt.throwIfAborted();
        throw gcpError(method, error, isRead);
      }
    }, signal);
  }

  #tracked<T>(sent: Promise<T>): Promise<T> {
    this.#underWay.add(sent);
    const ended = (): void => void this.#underWay.delete(sent);
    sent.then(ended, ended);
    return sent;
  }
}

/** Over REST the clients give words, and numbers where they know the word. */
const isDone = ({ status }: Operation): boolean => status === 'DONE' || status === 2104194;

/** The clients know no signals; some of their promises can be cancelled. */
function orAborted<T>(sent: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      (sent as { cancel?: () => void }).cancel?.();
      reject(signal.reason);
    };
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    sent.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
