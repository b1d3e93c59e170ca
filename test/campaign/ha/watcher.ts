import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '#test/conformance/key-value-store-model.ts';
import type { Workload } from './clients.ts';
import { listOf } from './lists.ts';
import type { Operation, Segment, Watched } from './history.ts';
import type { HaServer } from './server.ts';

interface Event {
  readonly type: Watched['type'];
  readonly object: { readonly metadata: { readonly name?: string; readonly resourceVersion: string }; readonly data?: { readonly value?: string } };
}

interface ErrorEvent {
  readonly type: 'ERROR';
  readonly object: { readonly code: number };
}

/** The answer to a watch that is refused as a whole. */
interface Failure {
  readonly type: undefined;
  readonly code: number;
}

/** Follows a namespace's ConfigMaps for as long as it may, going on at another server where the last one broke off. */
export class HaWatcher {
  readonly segments: Segment[] = [];
  /** How often it was told that its version is too old. */
  expired = 0;
  readonly #name: string;
  readonly #random: Random;
  readonly #servers: readonly HaServer[];
  readonly #path: string;
  readonly #operations: Operation[];

  constructor(name: string, random: Random, { servers, namespace, operations }: Pick<Workload, 'servers' | 'namespace' | 'operations'>) {
    this.#name = name;
    this.#random = random;
    this.#servers = servers;
    this.#operations = operations;
    this.#path = `/api/v1/namespaces/${namespace}/configmaps`;
  }

  /** The newest version that it has heard of. */
  get reached(): number {
    const segment = this.segments.at(-1);
    return segment?.events.at(-1)?.revision ?? segment?.from ?? 0;
  }

  async run(signal: AbortSignal): Promise<void> {
    let segment: Segment | undefined;
    while (!signal.aborted) {
      const server = this.#servers[this.#random.below(this.#servers.length)];
      if (server === undefined) return;
      segment ??= await this.#begin(server);
      // A watch ends now and then without a fault, too.
      const breakOff = AbortSignal.any([signal, AbortSignal.timeout(500 + this.#random.below(6000))]);
      if (segment !== undefined && await this.#follow(segment, server, breakOff)) segment = undefined;
      // Who is away for long comes back with a version that may be gone.
      await delay(this.#random.chance(25) ? 1000 + this.#random.below(4000) : 50, undefined, { signal }).catch(() => undefined);
    }
  }

  async #begin(server: HaServer): Promise<Segment | undefined> {
    const begun = performance.now();
    const operation = { client: this.#name, server: server.index, verb: 'list' as const, key: '', begun, ...listOf(await server.request('GET', this.#path)), ended: performance.now() };
    this.#operations.push(operation);
    if (operation.revision === undefined) return undefined;
    const segment = { watcher: this.#name, from: operation.revision, events: [] };
    this.segments.push(segment);
    return segment;
  }

  /** Resolves to whether it has to list again. */
  async #follow(segment: Segment, server: HaServer, signal: AbortSignal): Promise<boolean> {
    let gone = false;
    const from = segment.events.at(-1)?.revision ?? segment.from;
    await server.watch(`${this.#path}?watch=true&allowWatchBookmarks=true&resourceVersion=${from}`, signal, (line) => {
      const event = JSON.parse(line) as Event | ErrorEvent | Failure;
      if (event.type === undefined) gone ||= event.code === 410;
      else if (event.type === 'ERROR') gone ||= event.object.code === 410;
      else if (event.object.metadata.name !== 'kube-root-ca.crt') segment.events.push(watched(event));
    });
    if (gone) this.expired++;
    return gone;
  }
}

const watched = ({ type, object }: Event): Watched => ({
  type, key: object.metadata.name ?? '', revision: Number(object.metadata.resourceVersion), value: object.data?.value ?? '', at: performance.now(),
});
