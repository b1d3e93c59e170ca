import { FieldErrors } from '#core/api/field-errors.ts';
import { Cidr, ipFamilyOf, type IpFamily } from '#core/api/ip.ts';
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
import { ServiceClaims } from './services/claims.ts';
import { alignClusterIPs, decideFamilies, keepsPreference } from './services/families.ts';
import { holdingsOf, ServiceLedger, type Holding } from './services/ledger.ts';
import { AddressPool, PortPool, type Pool } from './services/pools.ts';

export interface ServiceAllocationOptions {
  /** Ranges of the services' addresses: one, or one of each family with the preferred one first. */
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

/** @throws {RangeError} when a range is none, or two have one family */
function poolsOf(cidrs: readonly string[]): ReadonlyMap<IpFamily, AddressPool> {
  const pools = new Map<IpFamily, AddressPool>();
  for (const text of cidrs) {
    const cidr = Cidr.parse(text);
    if (cidr === undefined) throw new RangeError(`${text} is not a range of addresses such as 10.96.0.0/16`);
    if (pools.has(cidr.family)) throw new RangeError(`there are two ${cidr.family} ranges for services; there can be one of each family`);
    pools.set(cidr.family, new AddressPool(cidr));
  }
  return pools;
}

/**
 * Gives services their addresses and node ports, and sees to it that no two have the same. `mutate` chooses, so that validation and
 * other plugins see a complete service; `validate`, which nothing can come in between with the write, takes.
 */
export class ServiceAllocation implements AdmissionPlugin {
  readonly name = 'ServiceAllocation';
  private readonly addresses: ReadonlyMap<IpFamily, AddressPool>;
  private readonly families: readonly [IpFamily, ...IpFamily[]];
  private readonly ports: PortPool;
  private readonly random: () => number;
  private readonly choices = new WeakMap<AdmissionRequest, Choice[]>();
  private readonly clock: Clock;
  private ledger: ServiceLedger | undefined;
  private claims: ServiceClaims | undefined;

  /** @throws {RangeError} when the options make no sense */
  constructor({ serviceCidrs, nodePortRange: [first, last] = [30_000, 32_767], random = Math.random, clock = systemClock }: ServiceAllocationOptions) {
    this.addresses = poolsOf(serviceCidrs);
    const [standard, ...others] = this.addresses.keys();
    if (standard === undefined) throw new RangeError('services need at least one range of addresses');
    if (first < 1 || last > 65_535 || first > last) throw new RangeError(`${first}-${last} is not a range of ports`);
    this.families = [standard, ...others];
    this.ports = new PortPool(first, last);
    this.random = random;
    this.clock = clock;
  }

  mutate(request: AdmissionRequest, objects: ObjectStore): void {
    const write = writeOf(request);
    if (write === undefined) return;
    const { service: { spec }, old } = write;
    if (old !== undefined) carryAssigned(spec, old.spec);
    alignClusterIPs(spec, old?.spec);
    decideFamilies(write.service, old?.spec, this.families);
    const chosen: Choice[] = [];
    this.choices.set(request, chosen);
    const ledger = this.ledgerOf(objects);
    if (!keepsPreference(spec, old?.spec)) this.chooseAddresses(spec, ledger, chosen);
    this.chooseNodePorts(spec, old === undefined, ledger, chosen);
    this.chooseHealthCheckPort(spec, ledger, chosen);
  }

  validate(request: AdmissionRequest, objects: ObjectStore): Release | Promise<Release> {
    const write = writeOf(request);
    if (write === undefined) return objects.shared && !request.dryRun ? this.dropAfter(request, objects) : undefined;
    const ledger = this.ledgerOf(objects);
    const own = write.old === undefined ? new Set<Holding>() : holdingsOf(write.old.spec);
    for (const choice of this.choices.get(request) ?? []) {
      // Another request came in between.
      if (ledger.isTaken(choice.value) && !own.has(choice.value)) choice.renew();
    }
    this.check(write.service, own, ledger);
    if (request.dryRun) return;
    const release = ledger.reserve(wantedBy(write, own));
    return objects.shared ? this.claimed(request, write, objects, release) : release;
  }

  /** Claims against other servers what was reserved against other requests of this one. */
  private async claimed(request: AdmissionRequest, write: Write, objects: ObjectStore, reserved: () => void): Promise<() => void> {
    const [ledger, claims] = [this.ledgerOf(objects), this.claimsOf(objects)];
    const own = write.old === undefined ? new Set<Holding>() : holdingsOf(write.old.spec);
    const owner = `${request.namespace}/${request.name}`;
    const refusedNow = (): Promise<Holding | undefined> => firstRefused(claims, wantedBy(write, own), owner);
    let release = reserved;
    try {
      for (let refused = await refusedNow(); refused !== undefined; refused = await refusedNow()) {
        release();
        release = ledger.reserve([refused]);
        for (const choice of this.choices.get(request) ?? []) if (choice.value === refused) choice.renew();
        this.check(write.service, own, ledger);
        release();
        release = ledger.reserve(wantedBy(write, own));
      }
    } catch (error) {
      release();
      throw error;
    }
    const mine = wantedBy(write, own);
    return () => {
      release();
      inBackground(claims.drop(own), claims.doubt(mine));
    };
  }

  /** What a service that goes has held is free again. */
  private dropAfter({ operation, subresource, old }: AdmissionRequest, objects: ObjectStore): Release {
    if (operation !== 'DELETE' || subresource !== '' || old === undefined || !isKindOf(old, Service)) return;
    const claims = this.claimsOf(objects);
    return () => inBackground(claims.drop(holdingsOf(old.spec)));
  }

  private claimsOf(objects: ObjectStore): ServiceClaims {
    const ledger = this.ledgerOf(objects);
    return (this.claims ??= new ServiceClaims(objects, this.clock, (value) => ledger.isStored(value)));
  }

  private ledgerOf(objects: ObjectStore): ServiceLedger {
    return (this.ledger ??= new ServiceLedger(objects));
  }

  private chooseAddresses(spec: ServiceSpec, ledger: ServiceLedger, chosen: Choice[]): void {
    if (spec.type === 'ExternalName' || isHeadless(spec)) return;
    for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
      const pool = this.addresses.get(family);
      if (pool === undefined || (spec.clusterIPs?.[i] ?? '') !== '') continue;
      chosen.push(this.choose(pool, 'serviceIP', spec, ledger, (ip) => {
        spec.clusterIPs ??= [];
        spec.clusterIPs[i] = ip;
        if (i === 0) spec.clusterIP = ip;
      }));
    }
  }

  /** @param sharing one node port for all ports of one number, as DNS has for UDP and TCP; only a new service gets that */
  private chooseNodePorts(spec: ServiceSpec, sharing: boolean, ledger: ServiceLedger, chosen: Choice[]): void {
    const { ports = [] } = spec;
    for (const port of portsInNeed(spec)) {
      // One that shares may have got its own meanwhile.
      if ((port.nodePort ?? 0) !== 0) continue;
      const sharers = sharing ? ports.filter((other) => other.port === port.port) : [port];
      const given = sharers.find(({ nodePort = 0 }) => nodePort !== 0)?.nodePort;
      const missing = sharers.filter(({ nodePort = 0 }) => nodePort === 0);
      const set = (value: number): void => missing.forEach((each) => { each.nodePort = value; });
      if (given !== undefined) set(given);
      else chosen.push(this.choose(this.ports, 'nodePort', spec, ledger, set));
    }
  }

  private chooseHealthCheckPort(spec: ServiceSpec, ledger: ServiceLedger, chosen: Choice[]): void {
    if (!needsHealthCheck(spec) || (spec.healthCheckNodePort ?? 0) !== 0) return;
    chosen.push(this.choose(this.ports, 'HealthCheck NodePort', spec, ledger, (value) => { spec.healthCheckNodePort = value; }));
  }

  /** @throws {StatusError} InternalError when everything is taken */
  private choose<T extends Holding>(pool: Pool<T>, what: string, spec: ServiceSpec, ledger: ServiceLedger, set: (value: T) => void): Choice {
    const pick = (): T => {
      const mine = holdingsOf(spec);
      const value = pool.pick((each) => mine.has(each) || ledger.isTaken(each), this.random);
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
  private check({ metadata, spec }: Service, own: ReadonlySet<Holding>, ledger: ServiceLedger): void {
    const errors = new FieldErrors();
    const field = FieldPath.root(errors).at('spec');
    const unavailable = <T extends Holding>(value: T, pool: Pool<T> | undefined, what: 'IP' | 'port'): string | undefined => {
      if (own.has(value)) return undefined;
      if (pool?.includes(value) !== true) return outOfRange(what, value, pool);
      return ledger.isTaken(value) ? `provided ${what} is already allocated` : undefined;
    };
    for (const value of holdingsOf({ ...spec, ports: [], healthCheckNodePort: 0 })) {
      const problem = unavailable(String(value), this.poolFor(String(value)), 'IP');
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

  private poolFor(ip: string): AddressPool | undefined {
    const family = ipFamilyOf(ip);
    return family === undefined ? undefined : this.addresses.get(family);
  }
}

const wantedBy = ({ service }: Write, own: ReadonlySet<Holding>): Holding[] => [...holdingsOf(service.spec)].filter((value) => !own.has(value));

async function firstRefused(claims: ServiceClaims, values: readonly Holding[], owner: string): Promise<Holding | undefined> {
  for (const value of values) if (!(await claims.claim(value, owner))) return value;
  return undefined;
}

/** Claims that stay although nobody holds them are taken over in time. */
const inBackground = (...tasks: readonly Promise<void>[]): void => {
  for (const task of tasks) task.catch(() => undefined);
};

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
