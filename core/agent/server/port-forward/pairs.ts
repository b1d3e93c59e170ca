import type { Clock } from '#core/kernel/clock.ts';
import type { SpdyHeaders } from '#core/agent/server/spdy/header-block.ts';
import type { SpdyStream } from '#core/agent/server/spdy/stream.ts';
import { forward, type ForwardTarget } from './forward.ts';

interface Pair {
  readonly port: number;
  data?: SpdyStream;
  error?: SpdyStream;
  readonly stopWaiting: () => void;
}

/** Whether a client may open such a stream for a forwarded connection. */
export function isForwardStream(headers: SpdyHeaders): boolean {
  const port = headers.get('port') ?? '';
  const type = headers.get('streamtype');
  return /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535 && (type === 'data' || type === 'error');
}

/** Connections of one client at a time; those count that are still being made for streams that it has given up. */
const mostForwards = 1000;

/** Each forwarded connection is two streams with one request id: its data, and what goes wrong. */
export class ForwardPairs {
  readonly #pairs = new Map<string, Pair>();
  readonly #target: ForwardTarget;
  readonly #clock: Clock;
  readonly #creationMs: number;
  #underWay = 0;

  /** @param creationMs how long the second stream may let wait for itself, in milliseconds */
  constructor(target: ForwardTarget, clock: Clock, creationMs: number) {
    this.#target = target;
    this.#clock = clock;
    this.#creationMs = creationMs;
  }

  get hasRoom(): boolean {
    return this.#underWay < mostForwards;
  }

  add(stream: SpdyStream): void {
    const id = requestId(stream);
    const type = stream.headers.get('streamtype') === 'data' ? 'data' : 'error';
    const pair = this.#pairs.get(id) ?? this.#begin(id, Number(stream.headers.get('port')));
    if (pair[type] !== undefined) {
      stream.end(`error processing stream for request ${id}: ${type} stream already assigned`);
      return;
    }
    pair[type] = stream;
    // Nothing is said there, but that it is over.
    if (type === 'error') stream.resume();
    if (pair.data === undefined || pair.error === undefined) return;
    this.#pairs.delete(id);
    pair.stopWaiting();
    this.#underWay++;
    void connect(pair.port, pair.data, pair.error, this.#target).finally(() => this.#underWay--);
  }

  /** The connection is over. */
  close(): void {
    for (const { stopWaiting } of this.#pairs.values()) stopWaiting();
    this.#pairs.clear();
  }

  #begin(id: string, port: number): Pair {
    const pair: Pair = {
      port,
      stopWaiting: this.#clock.after(this.#creationMs, () => {
        this.#pairs.delete(id);
        pair.error?.end(`(request=${id}) timed out waiting for streams`);
        pair.data?.destroy();
      }),
    };
    this.#pairs.set(id, pair);
    return pair;
  }
}

/** Clients without request ids open the two streams one after the other. */
function requestId({ id, headers }: SpdyStream): string {
  return headers.get('requestid') || String(headers.get('streamtype') === 'error' ? id : id - 2);
}

const connect = (port: number, data: SpdyStream, error: SpdyStream, target: ForwardTarget): Promise<void> => forward({
  port, readable: data, writable: data,
  refuse: (why) => {
    error.end(why);
    data.end();
    data.resume();
  },
  end: (isBroken) => {
    // A clean end would make half an answer look like a whole one.
    if (isBroken) data.destroy();
    else data.end();
    error.end();
  },
}, target);
