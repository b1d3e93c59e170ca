import { randomUUID } from 'node:crypto';
import type { KindNames, KubernetesObject } from '#core/api/schema/kind.ts';
import { apiVersionOf, isKindOf } from '#core/api/schema/kind.ts';
import { IPAddress } from '#core/api/schema/networking-v1.ts';
import { serviceAddress, serviceOfAddress } from '#core/api/service-addresses.ts';
import { StatusError } from '#core/api/status-error.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { Holding } from './ledger.ts';

/** Where titles to node ports are kept: no kind of the API, and shown to nobody. */
const portTitles = { group: 'keelson.internal', plural: 'serviceclaims' };

/** A title to a port without a service is in force for so long: by then its service is stored, or will not be. The servers' clocks may differ by less. */
const inForceMs = 60_000;

interface PortTitle extends KubernetesObject {
  /** `namespace/name` of the service. */
  readonly owner: string;
}

/** The stored object that makes a value somebody's, in the version in which it was seen. */
export interface Title {
  readonly value: Holding;
  readonly object: KubernetesObject;
}

export interface ServiceKey {
  readonly namespace: string | undefined;
  readonly name: string;
}

const textOf = ({ namespace = '', name }: ServiceKey): string => `${namespace}/${name}`;
const namesFor = (value: Holding): Pick<KindNames, 'group' | 'plural'> => (typeof value === 'string' ? IPAddress : portTitles);

/**
 * One object of the store for each value that services hold, so that of several servers only one can give it out. For an address that
 * is its IPAddress; ports need it only where other servers write to the store too. It is made before its service is stored and goes
 * when no service holds the value any more. What a server leaves behind that dies in between is cleaned up: addresses by a controller,
 * ports by whoever wants them next.
 */
export class ServiceTitles {
  private readonly objects: ObjectStore;
  private readonly clock: Clock;
  private readonly isStored: (value: Holding) => boolean;
  /** To ports of services of which this process does not know whether they will be stored. */
  private doubtful: { readonly title: Title; readonly atMs: number }[] = [];

  /** @param isStored whether a stored service holds the value */
  constructor(objects: ObjectStore, clock: Clock, isStored: (value: Holding) => boolean) {
    this.objects = objects;
    this.clock = clock;
    this.isStored = isStored;
  }

  isNeeded(value: Holding): boolean {
    return typeof value === 'string' || this.objects.shared;
  }

  /** Whether an address is somebody's, a service's or not. */
  isTaken(ip: string): boolean {
    return this.objects.get(IPAddress, undefined, ip) !== undefined;
  }

  /** What the service has title to among these. */
  held(values: Iterable<Holding>, service: ServiceKey): Title[] {
    const owner = textOf(service);
    return [...values].flatMap((value) => {
      const object = this.find(value);
      return object !== undefined && ownerOf(object) === owner ? [{ value, object }] : [];
    });
  }

  /**
   * Makes the value the service's; undefined when it is somebody else's already.
   * @throws {StatusError} when the store does not say
   */
  async take(value: Holding, service: ServiceKey): Promise<Title | undefined> {
    const object = typeof value === 'string' ? await this.create(value, this.newAddress(value, service)) : await this.takePort(value, textOf(service));
    return object && { value, object };
  }

  /** Drops titles to what no service holds, unless somebody has taken them over. */
  async giveBack(titles: Iterable<Title>): Promise<void> {
    for (const { value, object } of titles) {
      // A finalizer on an IPAddress is for the API to wait for.
      if (!this.isStored(value) && (object.metadata.finalizers ?? []).length === 0) await this.objects.remove(namesFor(value), object);
    }
  }

  /** Remembers titles whose services may still come, and drops those to ports for which none has come in time. */
  async doubt(titles: Iterable<Title>): Promise<void> {
    const atMs = this.clock.now();
    const isOver = (each: { readonly atMs: number }): boolean => atMs - each.atMs > inForceMs;
    const over = this.doubtful.filter(isOver);
    const ports = [...titles].filter(({ value }) => typeof value === 'number' && !this.isStored(value));
    this.doubtful = [...this.doubtful.filter((each) => !isOver(each)), ...ports.map((title) => ({ title, atMs }))];
    await this.giveBack(over.map(({ title }) => title));
  }

  private async takePort(port: number, owner: string): Promise<KubernetesObject | undefined> {
    const now = this.clock.now();
    const title = { apiVersion: `${portTitles.group}/v1`, kind: 'ServiceClaim', metadata: { name: String(port), uid: '', creationTimestamp: rfc3339(now) }, owner } as PortTitle;
    if (this.find(port) === undefined) {
      const created = await this.create(port, title);
      if (created !== undefined) return created;
    }
    // What stood in the way was seen here before the store refused.
    await this.objects.catchUp();
    const known = this.find(port);
    if (known === undefined) return undefined;
    const isOld = now - Date.parse(known.metadata.creationTimestamp ?? '') > inForceMs;
    if (this.isStored(port) || (ownerOf(known) !== owner && !isOld)) return undefined;
    return this.objects.replace(portTitles, title, known);
  }

  private async create(value: Holding, object: KubernetesObject): Promise<KubernetesObject | undefined> {
    try {
      return await this.objects.create(namesFor(value), object);
    } catch (error) {
      if (StatusError.is(error, 'AlreadyExists')) return undefined;
      throw error;
    }
  }

  private newAddress(ip: string, { namespace, name }: ServiceKey): KubernetesObject {
    const { metadata, spec } = serviceAddress(ip, { namespace, name });
    const identity = { uid: randomUUID(), creationTimestamp: rfc3339(this.clock.now()) };
    return { apiVersion: apiVersionOf(IPAddress), kind: IPAddress.kind, metadata: { ...metadata, ...identity }, spec } as IPAddress;
  }

  private find(value: Holding): KubernetesObject | undefined {
    return this.objects.get(namesFor(value), undefined, String(value));
  }
}

const ownerOf = (object: KubernetesObject): string | undefined => (isKindOf(object, IPAddress) ? serviceOfAddress(object) : (object as PortTitle).owner);
