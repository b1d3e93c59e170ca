import { Cidr } from '#core/api/ip.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Node, type NodeCondition } from '#core/api/schema/core-v1/node.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { Route, RouteRequest, Routes } from '#core/spi/routes.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { RouteTable } from './route-table.ts';
import { fulfills, isSameToRoutes, isWithin, planOf, requestsOf, type Plan, type Step } from './wanted-routes.ts';

export interface RouteControllerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly routes: readonly Routes[];
  /** Ranges of pod addresses; elsewhere no route is made or touched. */
  readonly clusterCidrs: readonly string[];
  /** How many calls that change something are made to one provider at once; 10 by default. */
  readonly atOnce?: number;
}

/** What somebody changed on the platform is found this often. */
const listMs = 10 * 60_000;
/** Wait before a route is asked for again that was refused for good, or for lack of room. */
const refusedMs = 60_000;
/** A route stays so long when its node is gone: an object that was deleted by mistake comes back. */
const graceMs = 30_000;
const pageSize = 500;

/**
 * Keeps one route for each range of pod addresses of each node of a provider that has routes, and says in the condition `NetworkUnavailable` whether it is there.
 * Nodes are a provider's by their provider id. A route that no node wants goes after half a minute, and only when the API itself, not the cache, knows of no such node.
 * Keys are providers: what changed at about the same time is done in one pass, and routes are listed only at the start, after a failure, and every ten minutes.
 */
export class RouteController implements Controller {
  readonly name = 'route';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #ranges: readonly Cidr[];
  readonly #tables: ReadonlyMap<string, RouteTable>;
  readonly #nodes: Informer<Node>;
  readonly #written: OwnWrites<Node>;
  readonly #atOnce: number;

  /** @throws {RangeError} when a range is none */
  constructor({ client, informers, clock, recorder, routes, clusterCidrs, atOnce = 10 }: RouteControllerOptions) {
    this.workers = Math.max(1, routes.length);
    this.#client = client;
    this.#clock = clock;
    this.#events = new Announcer(recorder, clock);
    this.#ranges = clusterCidrs.map((text) => {
      const range = Cidr.parse(text);
      if (range === undefined) throw new RangeError(`${JSON.stringify(text)} is no range of addresses such as 10.244.0.0/16`);
      return range;
    });
    this.#tables = new Map(routes.map((one) => [one.provider, new RouteTable(one, clock, listMs)]));
    this.#atOnce = atOnce;
    this.#nodes = informers.for(Node);
    this.#written = new OwnWrites(this.#nodes);
    this.sources = routes.length === 0 || clusterCidrs.length === 0 ? [] : [
      source(this.#nodes, (node, previous) => this.#keys(node, previous)),
      // There is no cluster without one, also where there is no node any more.
      source(informers.for(Namespace), (_namespace, previous) => (previous === undefined ? this.#keys(undefined, undefined) : [])),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const table = this.#tables.get(key);
    if (table === undefined) return;
    const nodes = [...this.#nodes.values()].filter((node) => table.owns(node));
    const plan = planOf(this.#requests(nodes), await table.all(signal), this.#ranges);
    const failures = await this.#perform(table, plan, signal);
    await this.#report(nodes, await table.all(signal), signal);
    const waits = [listMs, ...(failures.some(isLasting) ? [refusedMs] : []), ...(await this.#removeOrphans(table, plan.orphans, signal))];
    const failure = failures.find((error) => !isLasting(error));
    if (failure !== undefined) throw failure;
    return { requeueAfterMs: Math.min(...waits) };
  }

  /** A provider looks once although it has no node: routes may be left of nodes that are no more. */
  #keys(node: Node | undefined, previous: Node | undefined): readonly string[] {
    if (node !== undefined && previous !== undefined && isSameToRoutes(node, previous)) return [];
    return [...this.#tables].filter(([, table]) => !table.isKnown || [node, previous].some((one) => one !== undefined && table.owns(one))).map(([provider]) => provider);
  }

  #requests(nodes: readonly Node[]): readonly RouteRequest[] {
    return nodes.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)).filter((node) => !isDeleting(node)).flatMap((node) => {
      const requests = requestsOf(node);
      const outside = requests.filter(({ destination }) => !isWithin(destination, this.#ranges));
      for (const { name, destination } of outside) this.#events.warning(node, 'FailedToCreateRoute', `Could not create route ${name} ${destination} for node ${node.metadata.name}: it is outside of the cluster's ranges ${this.#ranges.join(', ')}`);
      return requests.filter((request) => !outside.includes(request));
    });
  }

  /** Resolves to why some steps failed. */
  async #perform(table: RouteTable, { steps }: Plan, signal: AbortSignal): Promise<readonly Error[]> {
    const failures: Error[] = [];
    await this.#eachOf(steps, async (step) => {
      try {
        await this.#take(table, step, signal);
      } catch (error) {
        signal.throwIfAborted();
        failures.push(error instanceof Error ? error : new Error(String(error)));
      }
    });
    return failures;
  }

  async #take(table: RouteTable, { remove, create }: Step, signal: AbortSignal): Promise<void> {
    try {
      for (const route of remove) await table.delete(route, signal);
      if (create !== undefined) await table.create(create, signal);
    } catch (error) {
      signal.throwIfAborted();
      const node = create && this.#nodes.get(create.target.node);
      const message = error instanceof Error ? error.message : String(error);
      if (node !== undefined) this.#events.warning(node, 'FailedToCreateRoute', `Could not create route ${create?.name} ${create?.destination} for node ${create?.target.node}: ${message}`.slice(0, 900));
      throw error;
    }
  }

  /** Resolves to the milliseconds after which to look again. */
  async #removeOrphans(table: RouteTable, orphans: readonly Route[], signal: AbortSignal): Promise<readonly number[]> {
    const now = this.#clock.now();
    const ages = table.agesOf(orphans, now);
    const ripe = orphans.filter(({ id }) => now - (ages.get(id) ?? now) >= graceMs);
    const waits = [...ages.values()].map((since) => since + graceMs - now).filter((waitMs) => waitMs > 0);
    if (ripe.length === 0) return waits;
    const wanted = new Set((await this.#liveNodes(signal)).filter((node) => table.owns(node)).flatMap(requestsOf).map(({ destination }) => destination));
    const certain = Map.groupBy(ripe.filter(({ destination }) => !wanted.has(destination)), ({ destination }) => destination);
    await this.#eachOf([...certain.values()], async (all) => {
      for (const route of all) await table.delete(route, signal);
    });
    return waits;
  }

  async #liveNodes(signal: AbortSignal): Promise<readonly Node[]> {
    const all: Node[] = [];
    for (let from: string | undefined; from !== ''; ) {
      const { items, metadata } = await this.#client.list(Node, { limit: pageSize, continue: from }, signal);
      all.push(...items);
      from = metadata.continue ?? '';
    }
    return all;
  }

  async #report(nodes: readonly Node[], routes: readonly Route[], signal: AbortSignal): Promise<void> {
    const there = Map.groupBy(routes, ({ destination }) => destination);
    const has = (request: RouteRequest): boolean => there.get(request.destination)?.some((route) => fulfills(route, request)) === true;
    const judged = nodes.map((node) => ({ node: this.#written.newest(node), requests: requestsOf(node) })).filter(({ node, requests }) => requests.length > 0 && !isDeleting(node));
    await this.#eachOf(judged, ({ node, requests }) => this.#turn(node, requests.every(has), signal));
  }

  async #turn(node: Node, isThere: boolean, signal: AbortSignal): Promise<void> {
    const known = node.status.conditions?.find(({ type }) => type === 'NetworkUnavailable');
    if (known?.status === (isThere ? 'False' : 'True')) return;
    const document = { metadata: { uid: node.metadata.uid }, status: { conditions: [this.#condition(isThere)] } };
    try {
      this.#written.note(await this.#client.patchStatus(Node, node.metadata, { type: 'strategic', document }, {}, signal));
    } catch (error) {
      // It went meanwhile, or another one has its name.
      if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
    }
  }

  #condition(isThere: boolean): NodeCondition {
    const time = rfc3339(this.#clock.now());
    const times = { type: 'NetworkUnavailable', lastHeartbeatTime: time, lastTransitionTime: time };
    return isThere ? { ...times, status: 'False', reason: 'RouteCreated', message: 'RouteController created a route' }
      : { ...times, status: 'True', reason: 'NoRouteCreated', message: 'RouteController failed to create a route' };
  }

  async #eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const left = items.values();
    const worker = async (): Promise<void> => {
      for (const item of left) await work(item);
    };
    const results = await Promise.allSettled(Array.from({ length: Math.min(this.#atOnce, items.length) }, worker));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

/** Nothing was made, and asking again soon does not help. */
const isLasting = (error: unknown): boolean => ProviderError.leftNothing(error);
