import { Agent } from 'node:http';
import { inspect } from 'node:util';
import type Docker from 'dockerode';
import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { toProviderError } from './failures.ts';
import { hostOptions } from './host-options.ts';

export interface EngineOptions {
  /** `unix:///run/docker.sock`, a path, `tcp://HOST:PORT` or `ssh://USER@HOST`. `DOCKER_HOST` when undefined, and then the usual sockets. */
  readonly host?: string;
  /** How long one call may take, unless it is a stream. 120 s by default, as kubelet's. */
  readonly timeoutMs?: number;
}

/** What dockerode adds to each call's options. */
export interface Abortable {
  readonly abortSignal: AbortSignal;
}

interface CallOptions {
  readonly timeoutMs?: number;
  /** Puts what went wrong into the house's terms. */
  readonly raise?: (error: unknown, what: string) => ProviderError;
  /** The call takes no signal: its connection is cut by a timer of its own, so that it does not stay for ever. */
  readonly deaf?: boolean;
}

interface Clients {
  readonly docker: Docker;
  readonly cutting: Docker;
}

/** One call of dockerode. */
export type Call<T> = (docker: Docker, abort: Abortable) => Promise<T>;

/** Calls of the engine that end: with an answer, with the caller's signal, or when their time is up. The library is loaded with the first. */
export class Engine {
  readonly clock: Clock;
  readonly #host: string | undefined;
  readonly #timeoutMs: number;
  #clients: Promise<Clients> | undefined;

  constructor({ host, timeoutMs = 120_000 }: EngineOptions, clock: Clock) {
    this.#host = host;
    this.#timeoutMs = timeoutMs;
    this.clock = clock;
  }

  /**
   * The time limit is for the answer, or for its begin when that is a stream; `signal` ends a stream at any time.
   * @param what begins the sentence of an error: `cannot list containers`
   */
  async call<T>(what: string, signal: AbortSignal, run: Call<T>, { timeoutMs = this.#timeoutMs, raise = toProviderError, deaf = false }: CallOptions = {}): Promise<T> {
    const late = new AbortController();
    const forget = this.clock.after(timeoutMs, () => late.abort(new Error(`no answer within ${timeoutMs / 1000} s`)));
    const abortSignal = AbortSignal.any([signal, late.signal]);
    try {
      const { docker, cutting } = await this.#load();
      abortSignal.throwIfAborted();
      return await raced(run(deaf ? cutting : docker, { abortSignal }), abortSignal);
    } catch (error) {
      if (abortSignal.aborted) throw new ProviderError('Unavailable', `${what}: the container engine gave no answer in time`, { cause: abortSignal.reason });
      throw raise(error, what);
    } finally {
      forget();
    }
  }

  #load(): Promise<Clients> {
    return (this.#clients ??= import('dockerode').then(({ default: Client }) => {
      const options = hostOptions(this.#host);
      return { docker: unpooled(new Client(options)), cutting: unpooled(new Client({ ...options, timeout: this.#timeoutMs })) };
    }));
  }
}

/** A connection for each call: one that was kept would fail the first call after the engine has started again. */
function unpooled(docker: Docker): Docker {
  const modem = docker.modem as unknown as { readonly protocol: string; agent?: Agent };
  if (modem.protocol === 'http') modem.agent = new TerseAgent({ keepAlive: false });
  return docker;
}

/** dockerode describes each call for its debug log, written or not, to the last member of every connection of the agent: a hundred milliseconds with 50 of them. */
class TerseAgent extends Agent {
  [inspect.custom](): string {
    return 'Agent';
  }
}

/** @throws the signal's reason when that comes first */
export async function raced<T>(running: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([running, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
