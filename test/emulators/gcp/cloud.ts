import { invalid, notFound, notReady, OperationError, unavailable } from './api-error.ts';
import { regionNames, zoneNames } from './catalog.ts';
import { EmulatorClock } from './clock.ts';
import { Faults, type FaultPlan } from './faults.ts';
import type { Resource } from './json.ts';
import { linkOf, type Path } from './links.ts';
import { Operations } from './operations.ts';
import { Quotas } from './quotas.ts';
import { RateQuotas, type RateLimits } from './rate-quotas.ts';
import { ResourceStore } from './resource-store.ts';
import { Seeded } from './seeded.ts';

export interface CloudOptions {
  /** Decides delays, ids and random faults; 1 when absent. */
  readonly seed?: number;
  readonly faults?: FaultPlan;
  /** How many times the usual delays things take; 1 when absent, 0: done at once. */
  readonly delays?: number;
  /** Seconds of the cloud for one real second; 1 when absent, 0: only `advance` moves its time. */
  readonly speed?: number;
  /** Milliseconds since 1970 at the start; now when absent. */
  readonly epoch?: number;
  /** By how many milliseconds lists are late at most, before `delays` scales it; 300 when absent. */
  readonly listLag?: number;
  readonly rates?: Partial<RateLimits>;
  /** The projects there are; every well-formed one when absent. */
  readonly projects?: readonly string[];
}

/** All that is emulated, without its protocol. */
export class Cloud {
  readonly clock: EmulatorClock;
  readonly random: Seeded;
  readonly resources: ResourceStore;
  readonly operations: Operations;
  readonly quotas: Quotas;
  readonly rates: RateQuotas;
  readonly faults: Faults;
  readonly delays: number;
  readonly projects: ReadonlySet<string> | undefined;
  /** Permissions that nobody has: `compute.disks.create`. */
  readonly denied = new Set<string>();
  /** Zones that do not answer lists over all zones. */
  readonly unreachable = new Set<string>();
  /** What tests say of the health of an instance. */
  readonly health = new Map<Path, 'HEALTHY' | 'UNHEALTHY'>();
  /** The instances of each instance group. */
  readonly members = new Map<Path, Set<Path>>();
  /** When the performance of a disk was changed last, by its id. */
  readonly provisioned = new Map<string, number>();
  /** Counts of calls by method. */
  readonly calls = new Map<string, number>();
  readonly #listLag: number;
  readonly #capacity = new Map<string, number>();
  readonly #placed = new Map<Path, string>();

  constructor({ seed = 1, faults, delays = 1, speed, epoch, listLag = 300, rates, projects }: CloudOptions = {}) {
    this.clock = new EmulatorClock(speed, epoch);
    this.random = new Seeded(seed);
    this.delays = delays;
    this.#listLag = listLag * delays;
    this.resources = new ResourceStore(() => this.clock.now());
    this.operations = new Operations(this);
    this.quotas = new Quotas(this.resources);
    this.rates = new RateQuotas(() => this.clock.now(), rates);
    this.faults = new Faults(this.random, faults);
    this.projects = projects === undefined ? undefined : new Set(projects);
  }

  /** How many more instances of a machine type, or disks of a disk type, a zone or region has room for; Infinity ends that. */
  setCapacity(zone: string, type: string, count: number): void {
    this.#capacity.set(`${zone} ${type}`, count);
  }

  /**
   * Takes room for an instance or a disk.
   * @throws {OperationError} where the zone has none
   */
  takeCapacity(path: Path, type: string): void {
    const [, project = '', , zone = ''] = path.split('/');
    const key = `${zone} ${type}`;
    const room = this.#capacity.get(key) ?? Infinity;
    if (room <= 0) throw new OperationError('ZONE_RESOURCE_POOL_EXHAUSTED', `The zone 'projects/${project}/zones/${zone}' does not have enough resources available to fulfill the request.  Try a different zone, or try again later.`, unavailable);
    this.#capacity.set(key, room - 1);
    this.#placed.set(path, key);
  }

  /** Gives back the room of an instance or disk that has some. */
  giveCapacity(path: Path): void {
    const key = this.#placed.get(path);
    if (key !== undefined && this.#placed.delete(path)) this.#capacity.set(key, (this.#capacity.get(key) ?? Infinity) + 1);
  }

  /** The time that a list shows: a little ago. */
  listTime(): number {
    return this.clock.now() - this.random.next() * this.#listLag;
  }

  /**
   * What readers see.
   * @throws {ApiError} 404
   */
  read(path: Path): Resource {
    const resource = this.resources.read(path, this.clock.now());
    if (resource === undefined) throw notFound(path);
    return resource;
  }

  /**
   * What exists and can be worked with.
   * @throws {ApiError} 404, or resourceNotReady while it is made or deleted
   */
  ready(path: Path): Resource {
    const resource = this.resources.get(path);
    if (resource === undefined) throw notFound(path);
    if (this.deleting.has(path) || resource['status'] === 'CREATING') throw notReady(path);
    return resource;
  }

  /** What is being deleted. */
  readonly deleting = new Set<Path>();

  /** Changes a resource that still exists. */
  change(path: Path, change: (resource: Resource) => Resource): void {
    const resource = this.resources.get(path);
    if (resource !== undefined) this.resources.put(path, change(resource));
  }

  /** The first resource of a project's collections that refers to a path, by its own path. */
  userOf(project: string, path: Path, collections: readonly string[]): Path | undefined {
    const link = linkOf(path);
    for (const collection of collections) {
      const user = this.resources.everywhere(collection, project).find((resource) => refersTo(resource, link));
      if (user !== undefined) return user.selfLink.slice(linkOf('').length);
    }
    return undefined;
  }

  /** @throws {ApiError} for a zone or region that there is not */
  checkPlace(field: 'zone' | 'region', name: string): void {
    const known = field === 'zone' ? zoneNames : regionNames;
    if (!known.includes(name)) throw invalid(field, name, `Unknown ${field}.`);
  }

  stop(): void {
    this.operations.release();
    this.clock.stop();
  }
}

function refersTo(value: unknown, link: string): boolean {
  if (typeof value === 'string') return value === link;
  if (Array.isArray(value)) return value.some((each) => refersTo(each, link));
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, each]) => key !== 'selfLink' && refersTo(each, link));
}
