import { FieldErrors } from '#core/api/field-errors.ts';
import type { Cidr } from '#core/api/ip.ts';
import { Service, type ServicePort, type ServiceSpec } from '#core/api/schema/core-v1/service.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { FieldPath } from '#core/registry/rules/field-path.ts';
import { isHeadless } from '#core/registry/rules/service-families.ts';
import { needsHealthCheck } from '#core/registry/rules/service-spec.ts';
import { systemClock, type Clock } from '#core/kernel/clock.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin, AdmissionRequest, Release } from './admission.ts';
import { carryAssigned, hasNodePorts } from './services/carry-over.ts';
import { alignClusterIPs, decideFamilies, keepsPreference } from './services/families.ts';
import { holdingsOf, ServiceLedger, type Holding } from './services/ledger.ts';
import { PortPool, type Pool } from './services/pools.ts';
import { parseRanges, ServiceRanges } from './services/ranges.ts';
import { ServiceTitles, type Title } from './services/titles.ts';

export interface ServiceAllocationOptions {
  /** Ranges of the default ServiceCIDR: one, or one of each family with the preferred one first. */
  readonly serviceCidrs: readonly string[];
  /** First and last port. Default 30000 to 32767. */
  readonly nodePortRange?: readonly [first: number, last: number];
  /** From 0 up to 1; for tests. */
  readonly random?: () => number;
  readonly clock?: Clock;
}

/** A value that was chosen here, not by the author; `renew` chooses another one and puts it into the object. */
interface Choice {
  readonly value: Holding;
  renew(): void;
}

interface Write {
  readonly service: Service;
  readonly old: Service | undefined;
}

/** What is known of one store. */
interface Books {
  readonly ledger: ServiceLedger;
  readonly ranges: ServiceRanges;
  readonly titles: ServiceTitles;
}

/**
 * Gives services their addresses and node ports, and sees to it that no two have the same. `mutate` chooses, so that validation and
 * other plugins see a complete service; `validate` takes: from then on nobody else can have it.
 */
export class ServiceAllocation implements AdmissionPlugin {
  readonly name = 'ServiceAllocation';
  private readonly configured: readonly [Cidr, ...Cidr[]];
  private readonly ports: PortPool;
  private readonly random: () => number;
  private readonly choices = new WeakMap<AdmissionRequest, Choice[]>();
  private readonly clock: Clock;
  private known: Books | undefined;

  /** @throws {RangeError} when the options make no sense */
  constructor({ serviceCidrs, nodePortRange: [first, last] = [30_000, 32_767], random = Math.random, clock = systemClock }: ServiceAllocationOptions) {
    this.configured = parseRanges(serviceCidrs);
    if (first < 1 || last > 65_535 || first > last) throw new RangeError(`${first}-${last} is not a range of ports`);
    this.ports = new PortPool(first, last);
    this.random = random;
    this.clock = clock;
  }

  mutate(request: AdmissionRequest, objects: ObjectStore): Promise<void> | void {
    const write = writeOf(request);
    if (write === undefined) return;
    const { service: { spec }, old } = write;
    if (old !== undefined) carryAssigned(spec, old.spec);
    alignClusterIPs(spec, old?.spec);
    decideFamilies(write.service, old?.spec, this.booksOf(objects).ranges.families);
    const chosen: Choice[] = [];
    this.choices.set(request, chosen);
    try {
      this.choose(write, objects, chosen);
    } catch (error) {
      // Another server may have given something back.
      if (!objects.shared || !StatusError.is(error, 'InternalError')) throw error;
      return objects.catchUp().then(() => this.choose(write, objects, chosen));
    }
  }

  validate(request: AdmissionRequest, objects: ObjectStore): Release | Promise<Release> {
    const write = writeOf(request);
    if (write === undefined) return this.giveBackAfter(request, objects);
    const { ledger } = this.booksOf(objects);
    const own = heldBy(write.old);
    for (const choice of this.choices.get(request) ?? []) {
      // Another request came in between.
      if (this.isTaken(choice.value, objects) && !own.has(choice.value)) choice.renew();
    }
    this.check(write.service, own, objects);
    if (request.dryRun || (wantedBy(write, own).length === 0 && !losesAny(write, own))) return;
    return this.hold(request, write, objects, ledger.reserve(wantedBy(write, own)));
  }

  /** Takes in the store what was reserved against other requests of this process. */
  private async hold(request: AdmissionRequest, write: Write, objects: ObjectStore, reserved: () => void): Promise<Release> {
    const { ledger, titles } = this.booksOf(objects);
    const own = heldBy(write.old);
    const before = titles.held(own, request);
    const mine: Title[] = [];
    let release = reserved;
    try {
      for (;;) {
        const refused = await this.takeAll(wantedBy(write, own), request, titles, mine);
        if (refused === undefined) break;
        release();
        release = ledger.reserve([refused]);
        for (const choice of this.choices.get(request) ?? []) if (choice.value === refused) choice.renew();
        this.check(write.service, own, objects);
        release();
        release = ledger.reserve(wantedBy(write, own));
      }
    } catch (error) {
      release();
      await leaveBehind(titles.giveBack(mine));
      throw error;
    }
    return (isUncertain) => {
      release();
      return leaveBehind(isUncertain ? titles.doubt(mine) : titles.giveBack([...before, ...mine]));
    };
  }

  /** Adds to `mine`; resolves to the first that is somebody else's. */
  private async takeAll(values: readonly Holding[], request: AdmissionRequest, titles: ServiceTitles, mine: Title[]): Promise<Holding | undefined> {
    for (const value of values) {
      if (!titles.isNeeded(value) || mine.some((title) => title.value === value)) continue;
      const title = await titles.take(value, request);
      if (title === undefined) return value;
      mine.push(title);
    }
    return undefined;
  }

  /** What a service that goes has held is free again. */
  private giveBackAfter(request: AdmissionRequest, objects: ObjectStore): Release {
    const { operation, subresource, old, dryRun } = request;
    if (operation !== 'DELETE' || subresource !== '' || dryRun || old === undefined || !isKindOf(old, Service)) return;
    const { titles } = this.booksOf(objects);
    const held = titles.held(holdingsOf(old.spec), request);
    return () => leaveBehind(titles.giveBack(held));
  }

  private booksOf(objects: ObjectStore): Books {
    if (this.known === undefined) {
      const ledger = new ServiceLedger(objects);
      this.known = { ledger, ranges: new ServiceRanges(objects, this.configured), titles: new ServiceTitles(objects, this.clock, (value) => ledger.isStored(value)) };
    }
    return this.known;
  }

  private isTaken(value: Holding, objects: ObjectStore): boolean {
    const { ledger, titles } = this.booksOf(objects);
    return ledger.isTaken(value) || (typeof value === 'string' && titles.isTaken(value));
  }

  /** @throws {StatusError} InternalError when everything is taken */
  private choose({ service: { spec }, old }: Write, objects: ObjectStore, chosen: Choice[]): void {
    if (!keepsPreference(spec, old?.spec)) this.chooseAddresses(spec, objects, chosen);
    this.chooseNodePorts(spec, old === undefined, objects, chosen);
    this.chooseHealthCheckPort(spec, objects, chosen);
  }

  private chooseAddresses(spec: ServiceSpec, objects: ObjectStore, chosen: Choice[]): void {
    if (spec.type === 'ExternalName' || isHeadless(spec)) return;
    for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
      if ((spec.clusterIPs?.[i] ?? '') !== '') continue;
      chosen.push(this.chooseFrom(this.booksOf(objects).ranges.pool(family), 'serviceIP', spec, objects, (ip) => {
        spec.clusterIPs ??= [];
        spec.clusterIPs[i] = ip;
        if (i === 0) spec.clusterIP = ip;
      }));
    }
  }

  /** @param sharing one node port for all ports of one number, as DNS has for UDP and TCP; only a new service gets that */
  private chooseNodePorts(spec: ServiceSpec, sharing: boolean, objects: ObjectStore, chosen: Choice[]): void {
    const { ports = [] } = spec;
    for (const port of portsInNeed(spec)) {
      // One that shares may have got its own meanwhile.
      if ((port.nodePort ?? 0) !== 0) continue;
      const sharers = sharing ? ports.filter((other) => other.port === port.port) : [port];
      const given = sharers.find(({ nodePort = 0 }) => nodePort !== 0)?.nodePort;
      const missing = sharers.filter(({ nodePort = 0 }) => nodePort === 0);
      const set = (value: number): void => missing.forEach((each) => { each.nodePort = value; });
      if (given !== undefined) set(given);
      else chosen.push(this.chooseFrom(this.ports, 'nodePort', spec, objects, set));
    }
  }

  private chooseHealthCheckPort(spec: ServiceSpec, objects: ObjectStore, chosen: Choice[]): void {
    if (!needsHealthCheck(spec) || (spec.healthCheckNodePort ?? 0) !== 0) return;
    chosen.push(this.chooseFrom(this.ports, 'HealthCheck NodePort', spec, objects, (value) => { spec.healthCheckNodePort = value; }));
  }

  /** @throws {StatusError} InternalError when everything is taken */
  private chooseFrom<T extends Holding>(pool: Pool<T>, what: string, spec: ServiceSpec, objects: ObjectStore, set: (value: T) => void): Choice {
    const pick = (): T => {
      const mine = holdingsOf(spec);
      const value = pool.pick((each) => mine.has(each) || this.isTaken(each, objects), this.random);
      if (value === undefined) throw new StatusError('InternalError', `Internal error occurred: failed to allocate a ${what}: range is full`);
      set(value);
      return value;
    };
    let value = pick();
    return {
      get value() {
        return value;
      },
      renew() {
        value = pick();
      },
    };
  }

  /** @throws {StatusError} Invalid when a value belongs to another service, or to nobody */
  private check({ metadata, spec }: Service, own: ReadonlySet<Holding>, objects: ObjectStore): void {
    const errors = new FieldErrors();
    const field = FieldPath.root(errors).at('spec');
    const unavailable = <T extends Holding>(value: T, pool: Pool<T> | undefined, what: 'IP' | 'port'): string | undefined => {
      if (own.has(value)) return undefined;
      if (pool?.includes(value) !== true) return outOfRange(what, value, pool);
      return this.isTaken(value, objects) ? `provided ${what} is already allocated` : undefined;
    };
    for (const value of holdingsOf({ ...spec, ports: [], healthCheckNodePort: 0 })) {
      const problem = unavailable(String(value), this.booksOf(objects).ranges.poolFor(String(value)), 'IP');
      if (problem !== undefined) field.at('clusterIPs').invalid(spec.clusterIPs, `failed to allocate IP ${value}: ${problem}`);
    }
    for (const [i, { nodePort = 0 }] of (spec.ports ?? []).entries()) {
      const problem = nodePort === 0 ? undefined : unavailable(nodePort, this.ports, 'port');
      if (problem !== undefined) field.at('ports', i, 'nodePort').invalid(nodePort, problem);
    }
    const { healthCheckNodePort: health = 0 } = spec;
    const problem = health === 0 ? undefined : unavailable(health, this.ports, 'port');
    if (problem !== undefined) field.at('healthCheckNodePort').invalid(health, `failed to allocate requested HealthCheck NodePort ${health}: ${problem}`);
    errors.throwIfAny(Service, metadata.name);
  }
}

const heldBy = (service: Service | undefined): ReadonlySet<Holding> => (service === undefined ? new Set() : holdingsOf(service.spec));

const wantedBy = ({ service }: Write, own: ReadonlySet<Holding>): Holding[] => [...holdingsOf(service.spec)].filter((value) => !own.has(value));

/** Whether the service will not hold everything any more that it holds; one that is being deleted may go with this write. */
function losesAny({ service: { metadata, spec } }: Write, own: ReadonlySet<Holding>): boolean {
  const kept = metadata.deletionTimestamp === undefined ? holdingsOf(spec) : new Set();
  return [...own].some((value) => !kept.has(value));
}

/** What stays although nobody holds it is cleaned up in time. */
const leaveBehind = (task: Promise<void>): Promise<void> => task.catch(() => undefined);

const outOfRange = (what: 'IP' | 'port', value: Holding, pool: { readonly text: string } | undefined): string =>
  (what === 'port' ? `provided port is not in the valid range. The range of valid ports is ${pool?.text ?? ''}`
    : `the provided IP (${value}) is not in the valid range. The range of valid IPs is ${pool?.text ?? ''}`);

function portsInNeed(spec: ServiceSpec): readonly ServicePort[] {
  const needsAll = spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false;
  return hasNodePorts(spec) && needsAll ? spec.ports ?? [] : [];
}

function writeOf({ operation, subresource, object, old }: AdmissionRequest): Write | undefined {
  if (operation === 'DELETE' || subresource !== '' || object === undefined || !isKindOf(object, Service)) return undefined;
  return { service: object, old: old !== undefined && isKindOf(old, Service) ? old : undefined };
}
