import { CreateRouteCommand, DeleteRouteCommand, type Instance } from '@aws-sdk/client-ec2';
import { orAborted } from '#core/kernel/or-aborted.ts';
import { SharedRun } from '#core/kernel/shared-run.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { Route, RouteRequest, Routes } from '#core/spi/routes.ts';
import type { AwsContext } from './context.ts';
import { awsCode } from './errors.ts';
import { providerIdOf, providerIdPrefix, readProviderId } from './instances-ids.ts';
import { instancesById } from './instances-lookup.ts';
import { RecentWrites } from './routes-recent.ts';
import { destinationOf, readTables, type Entry, type Table } from './routes-tables.ts';
import { RouteTargets, type RouteTargetName } from './routes-targets.ts';

const readMs = 60_000;

/**
 * Routes in the route tables of a VPC. They have no room for a mark: those are the cluster's that lead, or led, to an instance, in a table that carries the
 * cluster's tag, or that the settings name. When there are several tables, they say the same; a route that only some have is told as one that drops packets, and so is one to
 * an instance that would not take them.
 */
export class AwsRoutes implements Routes {
  readonly provider = 'aws';
  readonly providerIdPrefix = providerIdPrefix;
  readonly #context: AwsContext;
  readonly #targets: RouteTargets;
  readonly #recent: RecentWrites;
  readonly #reading: SharedRun<readonly Table[]>;
  /** As nodes write the ids of their instances; others may write them in another way. */
  readonly #providerIds = new Map<string, string>();
  /** As they were when they were read last. */
  #known: readonly Table[] = [];

  constructor(context: AwsContext) {
    this.#context = context;
    this.#targets = new RouteTargets(context);
    this.#recent = new RecentWrites(context.clock);
    this.#reading = new SharedRun(async () => (this.#known = await readTables(context, AbortSignal.timeout(readMs))));
  }

  async list(signal: AbortSignal): Promise<readonly Route[]> {
    const tables = await this.#read(signal);
    const destinations = new Set(tables.flatMap(({ entries }) => [...entries].flatMap(([destination, { isForPods }]) => (isForPods ? [destination] : []))));
    const ids = new Set(tables.flatMap(({ entries }) => [...entries.values()].flatMap(({ instanceId, isForPods }) => (isForPods && instanceId !== '' ? [instanceId] : []))));
    const instances = await instancesById(this.#context.api, ids, signal);
    for (const id of this.#providerIds.keys()) if (!ids.has(id)) this.#providerIds.delete(id);
    return [...destinations].map((destination) => this.#told(destination, tables.map(({ entries }) => entries.get(destination)), instances));
  }

  async create({ destination: text, target: { providerId } }: RouteRequest, signal: AbortSignal): Promise<Route> {
    signal.throwIfAborted();
    const destination = destinationOf(text);
    if (destination === undefined) throw new ProviderError('Invalid', `${JSON.stringify(text)} is no range to which a route table could lead`);
    const instanceId = await this.#instanceOf(providerId, signal);
    const tables = await this.#lacking(destination, instanceId, signal);
    const name = await this.#targets.open(instanceId, signal);
    await this.#createIn(tables, { destination, instanceId, name }, signal);
    this.#providerIds.set(instanceId, providerId);
    return { id: destination, destination, providerId, node: '', isBlackhole: false };
  }

  async delete({ id }: Route, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const destination = destinationOf(id);
    if (destination === undefined) return;
    for (const table of await this.#read(signal)) if (table.entries.get(destination)?.isForPods === true) await this.#deleteIn(table.id, destination, signal);
  }

  /** As they are now, or were after this was asked for. */
  async #read(signal: AbortSignal): Promise<readonly Table[]> {
    signal.throwIfAborted();
    const tables = await orAborted(this.#reading.run(), signal);
    return tables.map((table) => this.#recent.over(table));
  }

  async #instanceOf(providerId: string, signal: AbortSignal): Promise<string> {
    const { instanceId, region } = readProviderId(providerId) ?? {};
    const here = await this.#context.region(signal);
    if (instanceId === undefined || (region ?? here) !== here) throw new ProviderError('Invalid', `${JSON.stringify(providerId.slice(0, 200))} is no instance of EC2 in ${here}`);
    return instanceId;
  }

  /** Tables that do not lead there yet. One alone refuses by itself what it cannot take; of several, none must be changed then. */
  async #lacking(destination: string, instanceId: string, signal: AbortSignal): Promise<readonly Table[]> {
    const tables = this.#known.length === 1 ? this.#known : await this.#read(signal);
    if (tables.length === 1) return tables;
    for (const { id, entries } of tables) {
      const entry = entries.get(destination);
      if (entry !== undefined && entry.instanceId !== instanceId) throw taken(id, destination, entry);
    }
    return tables.filter(({ entries }) => !entries.has(destination));
  }

  #told(destination: string, entries: readonly (Entry | undefined)[], instances: ReadonlyMap<string, Instance>): Route {
    const own = entries.filter((entry) => entry?.isForPods === true);
    const instanceId = own.find((entry) => entry?.instanceId !== '')?.instanceId ?? '';
    const instance = instances.get(instanceId);
    const isSame = own.length === entries.length && own.every((entry) => entry?.instanceId === instanceId && !entry.isBlackhole);
    return { id: destination, destination, providerId: this.#providerIdOf(instanceId, instance), node: '', isBlackhole: !isSame || instanceId === '' || (instance !== undefined && this.#targets.isClosed(instance)) };
  }

  #providerIdOf(instanceId: string, instance: Instance | undefined): string {
    if (instance?.State?.Name === 'terminated') return '';
    const zone = instance?.Placement?.AvailabilityZone;
    return this.#providerIds.get(instanceId) ?? (zone === undefined ? '' : providerIdOf(zone, instanceId));
  }

  /** In all of them, or, where one has no room for it, in none. */
  async #createIn(tables: readonly Table[], entry: NewEntry, signal: AbortSignal): Promise<void> {
    const made: string[] = [];
    try {
      for (const { id } of tables) {
        await this.#createOne(id, entry, signal);
        made.push(id);
      }
    } catch (error) {
      if (ProviderError.leftNothing(error)) for (const id of made) await this.#deleteIn(id, entry.destination, signal);
      throw error;
    }
  }

  async #createOne(tableId: string, { destination, instanceId, name }: NewEntry, signal: AbortSignal): Promise<void> {
    try {
      await this.#context.api.ec2(new CreateRouteCommand({ RouteTableId: tableId, ...destinationParameter(destination), ...name }), signal);
    } catch (error) {
      const code = awsCode(error);
      if (code === 'RouteAlreadyExists') await this.#expectSame(tableId, destination, instanceId, signal);
      else if (code === 'RouteLimitExceeded') throw await this.#full(tableId, error, signal);
      else throw this.#forget(tableId, error);
    }
    this.#recent.note(tableId, destination, instanceId);
  }

  async #expectSame(tableId: string, destination: string, instanceId: string, signal: AbortSignal): Promise<void> {
    const entry = (await this.#read(signal)).find(({ id }) => id === tableId)?.entries.get(destination);
    if (entry === undefined) throw new ProviderError('Unavailable', `route table ${tableId} leads ${destination} somewhere already, and does not show yet where`);
    if (entry.instanceId !== instanceId) throw taken(tableId, destination, entry);
  }

  async #full(tableId: string, cause: unknown, signal: AbortSignal): Promise<ProviderError> {
    const table = (await this.#read(signal)).find(({ id }) => id === tableId);
    return new ProviderError('Exhausted', `route table ${tableId} has ${table?.size ?? 'as many'} routes, and AWS allows no more: ask for a higher quota of routes per route table`, { cause });
  }

  async #deleteIn(tableId: string, destination: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#context.api.ec2(new DeleteRouteCommand({ RouteTableId: tableId, ...destinationParameter(destination) }), signal);
    } catch (error) {
      if (!ProviderError.is(error, 'NotFound')) throw error;
      this.#forget(tableId, error);
    }
    this.#recent.note(tableId, destination, undefined);
  }

  #forget(tableId: string, error: unknown): unknown {
    if (!awsCode(error)?.startsWith('InvalidRouteTable')) return error;
    this.#known = [];
    return new ProviderError('Unavailable', `the route table ${tableId} is not there any more`, { cause: error });
  }
}

interface NewEntry {
  readonly destination: string;
  readonly instanceId: string;
  readonly name: RouteTargetName;
}

const destinationParameter = (destination: string): { readonly DestinationCidrBlock: string } | { readonly DestinationIpv6CidrBlock: string } =>
  (destination.includes(':') ? { DestinationIpv6CidrBlock: destination } : { DestinationCidrBlock: destination });

const taken = (tableId: string, destination: string, { to }: Entry): ProviderError => new ProviderError('AlreadyExists', `route table ${tableId} leads ${destination} to ${to} already`);
