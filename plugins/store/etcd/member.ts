import type { ChannelCredentials, Client, ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import { NotSentError, type CallFailure } from './failures.ts';
import type { Request, Response, UnaryName } from './messages.ts';
import type { Rpc } from './rpc.ts';

export type WatchCall = ClientDuplexStream<Request<'Watch'>, Response<'Watch'>>;

const idle = 0;
const ready = 2;

const channelOptions = {
  // etcd ends connections that are pinged more often than every 5 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // What may be repeated is decided here, not in the library.
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  'grpc.enable_http_proxy': 0,
  // Two stores in one process have two connections: closing one leaves the other alone.
  'grpc.use_local_subchannel_pool': 1,
};

/** One member of the etcd cluster: its connection, and whether it can be relied on. */
export class Member {
  readonly address: string;
  /** It answered when it was last asked to. */
  healthy = true;
  /** When it was last heard of, as `performance.now()`. */
  heard = performance.now();
  readonly #rpc: Rpc;
  readonly #client: Client;
  readonly #channel: ReturnType<Client['getChannel']>;
  /** Ends the calls under way that may be repeated elsewhere. */
  readonly #abandon = new Set<() => void>();
  #open = 0;

  constructor(rpc: Rpc, address: string, credentials: ChannelCredentials) {
    this.#rpc = rpc;
    this.address = address;
    this.#client = new rpc.grpc.Client(address, credentials, channelOptions);
    this.#channel = this.#client.getChannel();
  }

  /** Calls and watches wait for it. */
  get busy(): boolean {
    return this.#open > 0;
  }

  /** There is a connection, or there was no reason yet to make one. */
  get promising(): boolean {
    const state = this.#channel.getConnectivityState(false);
    return this.healthy && (state === ready || state === idle);
  }

  /** Rejects when there is no connection within the time, or the attempt failed. */
  async connected(timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (let state = this.#channel.getConnectivityState(true); state !== ready; state = this.#channel.getConnectivityState(true)) {
      if (state > ready || Date.now() >= deadline) throw new NotSentError(`there is no connection to ${this.address}`);
      await this.#change(state, deadline);
    }
  }

  /** @throws {CallFailure} */
  async call<Method extends UnaryName>(method: Method, request: Request<Method>, options: { metadata: Metadata; timeoutMs: number; repeatable: boolean }): Promise<Response<Method>> {
    const codec = this.#rpc.codec(method);
    return new Promise((resolve, reject) => {
      const end = this.#begin(options.repeatable ? () => call.cancel() : undefined);
      const call = this.#client.makeUnaryRequest(codec.path, codec.requestSerialize, codec.responseDeserialize, request, options.metadata, { deadline: Date.now() + options.timeoutMs }, (error, value) => {
        end(error);
        if (value === undefined) reject(error ?? new Error(`${method} was answered with nothing`));
        else resolve(value);
      });
    });
  }

  /** The stream emits `error` exactly once, when it ends for whatever reason. */
  watch(metadata: Metadata): WatchCall {
    const codec = this.#rpc.codec('Watch');
    const call = this.#client.makeBidiStreamRequest(codec.path, codec.requestSerialize, codec.responseDeserialize, metadata);
    const end = this.#begin(() => call.cancel());
    call.on('data', () => this.#hear()).on('status', (status) => end(status));
    return call;
  }

  /** Ends what may be had elsewhere: reads and watches. Writes go on waiting for their answer. */
  abandon(): void {
    for (const cancel of [...this.#abandon]) cancel();
  }

  /** Why there is no connection; undefined when there is one. */
  async trouble(metadata: Metadata): Promise<string | undefined> {
    try {
      await this.call('Status', {}, { metadata, timeoutMs: 1000, repeatable: true });
      return undefined;
    } catch (error) {
      const { details } = error as CallFailure;
      // The library's sentence about the connection, without its time and its newlines.
      return (/Last error: (?:Error: )?(.*)\. Resolution note/s.exec(details)?.[1] ?? details).replace(/\s*\(\d{4}-\S+\)$/, '').trim();
    }
  }

  close(): void {
    this.#client.close();
  }

  #begin(cancel: (() => void) | undefined): (failure: CallFailure | null | undefined) => void {
    this.#open++;
    if (cancel) this.#abandon.add(cancel);
    return (failure) => {
      this.#open--;
      if (cancel) this.#abandon.delete(cancel);
      if (!failure || failure.code === 0) this.#hear();
    };
  }

  #hear(): void {
    this.heard = performance.now();
  }

  #change(from: number, deadline: number): Promise<void> {
    return new Promise((resolve) => this.#channel.watchConnectivityState(from, deadline, () => resolve()));
  }
}
