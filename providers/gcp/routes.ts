import { Cidr } from '#core/api/ip.ts';
import { Coalescer } from '#core/platform-calls/coalescer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { Route, RouteRequest, Routes } from '#core/spi/routes.ts';
import type { GcpContext } from './context.ts';
import { isStopped, lastOf, type GceInstance } from './instances-facts.ts';
import { keyText, parseInstanceLink, parseProviderId, providerIdOf, providerIdPrefix, type InstanceKey } from './instances-ids.ts';
import { InstanceLookup, type Sight } from './instances-lookup.ts';
import { RouteCalls, type GceRoute } from './routes-calls.ts';
import { RouteMark } from './routes-mark.ts';
import { RouteMemory } from './routes-memory.ts';

/** For so long a list says which destinations are taken. */
const freshMs = 60_000;
/** Routes that are asked for at about the same time share what must be known before. */
const gatherMs = 50;
const mostAtOnce = 100;

/** Warnings of a route that say that packets are dropped begin so. */
const dropped = 'NEXT_HOP_';
const goneCode = 'NEXT_HOP_INSTANCE_NOT_FOUND';

/**
 * Static routes of the cluster's network, one to each node's range of pod addresses, with the instance as next hop.
 * Their names are made of the cluster and the node's UID, so that none is made twice; their descriptions say both in words.
 */
export class GcpRoutes implements Routes {
  readonly provider = 'gcp';
  readonly providerIdPrefix = providerIdPrefix;
  readonly #context: GcpContext;
  readonly #calls: RouteCalls;
  readonly #memory: RouteMemory;
  readonly #targets: Coalescer<InstanceKey, Sight>;
  readonly #taken: Coalescer<string, readonly GceRoute[]>;
  #mark: RouteMark | undefined;

  constructor(context: GcpContext) {
    const { clock } = context;
    const lookup = new InstanceLookup(context);
    this.#context = context;
    this.#calls = new RouteCalls(context);
    this.#memory = new RouteMemory(clock);
    this.#targets = new Coalescer({
      clock, most: mostAtOnce, waitMs: gatherMs, keyOf: keyText,
      call: async (keys, signal) => {
        const seen = await lookup.byKey(keys, signal);
        return keys.map((key): Sight => seen.get(keyText(key)) ?? { instance: undefined });
      },
    });
    this.#taken = new Coalescer({
      clock, most: mostAtOnce, waitMs: gatherMs, keyOf: (destination) => destination,
      call: async (destinations, signal) => {
        const byDestination = Map.groupBy(this.#memory.routes(freshMs) ?? await this.#listed(signal), ({ destRange }) => canonical(destRange));
        return destinations.map((destination) => byDestination.get(destination) ?? []);
      },
    });
  }

  async list(signal: AbortSignal): Promise<readonly Route[]> {
    signal.throwIfAborted();
    const mark = await this.#marking(signal);
    return (await this.#listed(signal)).flatMap((route) => told(route, mark) ?? []);
  }

  async create(request: RouteRequest, signal: AbortSignal): Promise<Route> {
    signal.throwIfAborted();
    const mark = await this.#marking(signal);
    const target = await this.#targetOf(request, signal);
    const [taken, sight] = await Promise.all([this.#taken.ask(request.destination, signal), this.#targets.ask(target, signal)]);
    for (const { name } of taken) {
      const route = await this.#same(name ?? '', request, mark, signal);
      if (route !== undefined) return route;
    }
    const instance = this.#forwarding(sight, request);
    return this.#insert(request, target, isStopped(instance), mark, signal);
  }

  async delete({ id }: Route, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const mark = await this.#marking(signal);
    if (!mark.hasName(id)) return;
    const route = this.#memory.route(id) ?? await this.#calls.get(id, signal);
    if (route === undefined || told(route, mark) === undefined || lastOf(route.network) !== lastOf(this.#context.settings.network)) return;
    try {
      await this.#calls.delete(id, signal);
    } catch (error) {
      this.#memory.noteUnsure(id);
      signal.throwIfAborted();
      if (!ProviderError.is(error, 'NotFound')) throw error;
    }
    this.#memory.noteDeleted(id);
  }

  async #marking(signal: AbortSignal): Promise<RouteMark> {
    this.#mark ??= new RouteMark(await this.#context.clusterId(signal));
    return this.#mark;
  }

  /** Those of the whole network, with what this process did while the platform's lists did not show it yet. */
  async #listed(signal: AbortSignal): Promise<readonly GceRoute[]> {
    const at = this.#context.clock.now();
    this.#memory.noteList(await this.#calls.list(signal), at);
    for (const name of this.#memory.disputed()) {
      const route = await this.#calls.get(name, signal);
      if (route === undefined) this.#memory.noteDeleted(name);
      else this.#memory.noteMade(name, route);
    }
    return this.#memory.routes(Infinity) ?? [];
  }

  async #targetOf({ name, destination, target }: RouteRequest, signal: AbortSignal): Promise<InstanceKey> {
    const [project, zones] = await Promise.all([this.#context.project(signal), this.#context.zones(signal)]);
    const id = parseProviderId(target.providerId);
    if (id === undefined || id.project !== project || !zones.includes(id.zone)) throw new ProviderError('Invalid', `${JSON.stringify(target.providerId.slice(0, 200))} is no instance of the project ${project} in one of ${zones.join(', ')}`);
    if (Cidr.parse(destination)?.toString() !== destination) throw new ProviderError('Invalid', `${JSON.stringify(destination)} is no range of addresses`);
    if (!/^[a-z0-9-]{1,38}$/.test(name)) throw new ProviderError('Invalid', `${JSON.stringify(name)} is no name of a route`);
    return id;
  }

  /**
   * The route of this name, when it leads to where it is wanted; undefined when it is there no more.
   * @throws {ProviderError} AlreadyExists when it leads elsewhere, or is somebody else's
   */
  async #same(name: string, { destination, target }: RouteRequest, mark: RouteMark, signal: AbortSignal): Promise<Route | undefined> {
    const found = await this.#calls.get(name, signal);
    if (found === undefined) {
      this.#memory.noteDeleted(name);
      return undefined;
    }
    const route = told(found, mark);
    if (route === undefined || route.destination !== destination || route.providerId !== target.providerId) {
      throw new ProviderError('AlreadyExists', `the network ${lastOf(this.#context.settings.network)} has the route ${name} to ${found.destRange ?? ''} by ${hopOf(found)}, which is not the one to ${destination} by ${target.providerId}`);
    }
    this.#memory.noteMade(name, found);
    return route;
  }

  /** @throws {ProviderError} when packets for its pods would not get to the instance */
  #forwarding(sight: Sight, { target: { providerId } }: RouteRequest): GceInstance {
    if ('failure' in sight) throw sight.failure;
    const { instance } = sight;
    const network = lastOf(this.#context.settings.network);
    if (instance === undefined) throw new ProviderError('Invalid', `the instance ${providerId} is not there`);
    if (!(instance.networkInterfaces ?? []).some((one) => lastOf(one.network) === network)) throw new ProviderError('Invalid', `the instance ${providerId} has no interface in the network ${network}`);
    if (instance.canIpForward === true) return instance;
    throw new ProviderError('Invalid', `the instance ${providerId} may not forward packets, which Compute Engine does not change while it runs: make it anew with canIpForward (gcloud: --can-ip-forward), or change that while it is stopped`);
  }

  async #insert(request: RouteRequest, target: InstanceKey, isBlackhole: boolean, mark: RouteMark, signal: AbortSignal): Promise<Route> {
    const { name: requested, destination, target: { node, providerId } } = request;
    const name = mark.nameOf(requested);
    const { network } = this.#context.settings;
    const description = mark.descriptionOf(node);
    try {
      await this.#calls.insert({ name, description, destination, target }, signal);
    } catch (error) {
      this.#memory.noteUnsure(name);
      signal.throwIfAborted();
      const route = ProviderError.is(error, 'AlreadyExists') ? await this.#same(name, request, mark, signal) : undefined;
      if (route === undefined) throw error;
      return route;
    }
    const project = await this.#context.project(signal);
    this.#memory.noteMade(name, { name, description, network, destRange: destination, nextHopInstance: `projects/${project}/zones/${target.zone}/instances/${target.name}` });
    return { id: name, destination, providerId, node, isBlackhole };
  }
}

/** Undefined of a route that is not the cluster's. */
function told({ name, description, destRange, nextHopInstance, warnings }: GceRoute, mark: RouteMark): Route | undefined {
  const node = mark.nodeOf(name ?? '', description ?? '');
  if (node === undefined) return undefined;
  const codes = new Set((warnings ?? []).map(({ code }) => String(code)));
  const hop = codes.has(goneCode) ? undefined : parseInstanceLink(nextHopInstance ?? '');
  const providerId = hop === undefined ? '' : providerIdOf(hop.project, hop);
  return { id: name ?? '', destination: canonical(destRange), providerId, node, isBlackhole: providerId === '' || [...codes].some((code) => code.startsWith(dropped)) };
}

const canonical = (range: string | null | undefined): string => Cidr.parse(range ?? '')?.toString() ?? '';
const hopOf = ({ nextHopInstance }: GceRoute): string => (nextHopInstance ? lastOf(nextHopInstance) : 'another next hop');
