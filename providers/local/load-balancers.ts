import { isDeepStrictEqual } from 'node:util';
import { ipFamilyOf, canonicalIp, Cidr, parseIp, type IpFamily } from '#core/api/ip.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { LoadBalancer, LoadBalancerOwner, LoadBalancerPort, LoadBalancerRequest, LoadBalancers, LoadBalancerSurvey, LoadBalancerTarget } from '#core/spi/load-balancers.ts';
import type { ProxyPort, ProxyReport, ServiceProxy } from '#core/spi/service-proxy.ts';
import type { AddressPool } from './address-pool.ts';
import type { Ledger, LedgerEntry } from './balancer-ledger.ts';
import type { HostAddresses } from './host-addresses.ts';
import { SharedRun } from '#core/kernel/shared-run.ts';
import { KeyedLock } from '#core/kernel/keyed-lock.ts';
import { TargetHealth, type Check, type Probe } from './target-health.ts';

export interface LocalLoadBalancersParts {
  /** Does the forwarding, at the addresses of load balancers. */
  readonly proxy: ServiceProxy;
  readonly ledger: Ledger;
  readonly host: HostAddresses;
  /** Undefined: every load balancer has the machine's own address, and they share its ports. */
  readonly pool: AddressPool | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly probe?: Probe;
}

const forever = new AbortController().signal;
const portName = ({ protocol, port }: LoadBalancerPort): string => `${protocol} ${port}`;

/**
 * Load balancers of one machine: this process listens at their addresses and hands connections on to the nodes that are well. Clients are seen by nodes
 * with this machine's address.
 */
export class LocalLoadBalancers implements LoadBalancers, LoadBalancerSurvey {
  readonly provider = 'local';
  readonly classes: readonly string[] = ['keelson.dev/local'];
  readonly #parts: LocalLoadBalancersParts;
  readonly #requests = new Map<string, LoadBalancerRequest>();
  readonly #health: TargetHealth;
  readonly #turn = new KeyedLock();
  readonly #sync = new SharedRun(() => this.#forward());

  constructor(parts: LocalLoadBalancersParts) {
    this.#parts = parts;
    this.#health = new TargetHealth(parts.clock, () => void this.#sync.run().catch((error: unknown) => parts.log.warn('load balancers do not follow the health of nodes', { error })), parts.probe);
  }

  async ensure(request: LoadBalancerRequest, signal: AbortSignal): Promise<LoadBalancer> {
    signal.throwIfAborted();
    check(request);
    const { ledger, host } = this.#parts;
    await ledger.load();
    const warnings: string[] = [];
    const { addresses, added } = await this.#turn.run('', signal, () => this.#claim(request, warnings, signal));
    for (const address of added) if (!host.has(address)) await host.add(address, signal);
    this.#requests.set(request.owner.uid, request);
    await this.#serve(request.owner);
    return { ingress: addresses.map((ip) => ({ ip, ipMode: 'Proxy' })), warnings };
  }

  async updateTargets(request: LoadBalancerRequest, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const known = this.#requests.get(request.owner.uid);
    if (known === undefined) throw new ProviderError('NotFound', `${request.owner.namespace}/${request.owner.name} has no load balancer here`);
    this.#requests.set(request.owner.uid, { ...known, targets: request.targets });
    await this.#serve(request.owner);
  }

  async delete(owner: LoadBalancerOwner, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#parts.ledger.load();
    this.#requests.delete(owner.uid);
    await this.#sync.run();
    await this.#turn.run('', signal, async () => {
      await this.#give(owner, this.#parts.ledger.of(owner)?.added ?? [], signal);
      await this.#parts.ledger.remove(owner);
    });
  }

  async owners(): Promise<readonly LoadBalancerOwner[]> {
    await this.#parts.ledger.load();
    return this.#parts.ledger.entries.map(({ owner }) => owner);
  }

  /** Ends all connections; what is written down stays for the next process. */
  async stop(): Promise<void> {
    this.#health.stop();
    await this.#parts.proxy.remove(forever);
  }

  /** Chooses addresses and writes them down, so that nobody else chooses the same. One at a time. */
  async #claim(request: LoadBalancerRequest, warnings: string[], signal: AbortSignal): Promise<LedgerEntry> {
    const { ledger, host } = this.#parts;
    const { owner } = request;
    const known = ledger.of(owner);
    const addresses = await this.#addresses(request, warnings);
    const added = addresses.filter((address) => known?.added.includes(address) === true || !host.has(address));
    const entry: LedgerEntry = { owner, addresses, added, ports: request.ports.map(portName) };
    if (known !== undefined && isDeepStrictEqual(known, entry)) return entry;
    const former = known?.added.filter((address) => !added.includes(address)) ?? [];
    // Until the former ones are gone they stay written down.
    await ledger.put({ ...entry, added: [...added, ...former] });
    if (former.length === 0) return entry;
    await this.#give(owner, former, signal);
    await ledger.put(entry);
    return entry;
  }

  /** Back to nobody, unless another one has it too. */
  async #give(owner: LoadBalancerOwner, addresses: readonly string[], signal: AbortSignal): Promise<void> {
    const others = this.#parts.ledger.entries.filter((entry) => entry.owner.uid !== owner.uid);
    for (const address of addresses) if (!others.some(({ added }) => added.includes(address))) await this.#parts.host.remove(address, signal);
  }

  async #addresses(request: LoadBalancerRequest, warnings: string[]): Promise<readonly string[]> {
    const found: string[] = [];
    for (const family of request.families) {
      const address = await this.#addressOf(request, family);
      if (address !== undefined) found.push(address);
      else if (request.families.length > 1) warnings.push(`there is no ${family} address for the load balancer`);
    }
    if (found.length > 0) return found;
    throw new ProviderError('Exhausted', this.#parts.pool === undefined
      ? `this machine has no ${request.families.join(' or ')} address but that of loopback: give load balancers a pool of addresses`
      : `no ${request.families.join(' or ')} address of the pool of load balancers is free`);
  }

  async #addressOf(request: LoadBalancerRequest, family: IpFamily): Promise<string | undefined> {
    const wished = request.address !== undefined && ipFamilyOf(request.address) === family ? canonicalIp(request.address) : undefined;
    const { pool } = this.#parts;
    return pool === undefined ? this.#ownAddress(request, family, wished) : this.#pooledAddress(pool, request, family, wished);
  }

  async #ownAddress(request: LoadBalancerRequest, family: IpFamily, wished: string | undefined): Promise<string | undefined> {
    const own = await this.#parts.host.own(family);
    if (wished !== undefined && wished !== own) throw new ProviderError('Invalid', `spec.loadBalancerIP ${wished} cannot be had: without a pool of addresses there is only ${own ?? 'none'}`);
    if (own !== undefined) this.#checkPorts(request, own);
    return own;
  }

  #pooledAddress(pool: AddressPool, { owner: { uid }, ingress }: LoadBalancerRequest, family: IpFamily, wished: string | undefined): string | undefined {
    const { entries } = this.#parts.ledger;
    const holder = (address: string): LoadBalancerOwner | undefined => entries.find(({ owner, addresses }) => owner.uid !== uid && addresses.includes(address))?.owner;
    if (wished !== undefined) {
      const other = holder(wished);
      if (!pool.has(wished)) throw new ProviderError('Invalid', `spec.loadBalancerIP ${wished} is not in the pool of load balancers' addresses`);
      if (other !== undefined) throw new ProviderError('Exhausted', `spec.loadBalancerIP ${wished} is that of service ${other.namespace}/${other.name}`);
      return wished;
    }
    const former = [...(entries.find(({ owner }) => owner.uid === uid)?.addresses ?? []), ...ingress.map(({ ip = '' }) => canonicalIp(ip))];
    const kept = former.find((address) => ipFamilyOf(address) === family && pool.has(address) && holder(address) === undefined);
    return kept ?? pool.free(family, (address) => holder(address) !== undefined);
  }

  /** The first to ask has a port of the machine's own address. */
  #checkPorts({ owner: { uid }, ports }: LoadBalancerRequest, address: string): void {
    const wanted = ports.map(portName);
    for (const { owner, addresses, ports: given } of this.#parts.ledger.entries) {
      const taken = owner.uid === uid || !addresses.includes(address) ? undefined : wanted.find((port) => given.includes(port));
      if (taken === undefined) continue;
      throw new ProviderError('Exhausted', `port ${taken} of ${address} belongs to service ${owner.namespace}/${owner.name}: give load balancers a pool of addresses, or this service another port`);
    }
  }

  /** @throws {ProviderError} Exhausted when somebody else has a port of its, Unavailable otherwise */
  async #serve({ uid }: LoadBalancerOwner): Promise<void> {
    const { problems } = await this.#sync.run();
    const own = problems.filter(({ port }) => port?.startsWith(`${uid} `) === true);
    if (own.length > 0) throw new ProviderError('Exhausted', own.map(({ message }) => message).join('; '));
  }

  async #forward(): Promise<ProxyReport> {
    const requests = [...this.#requests.values()];
    await this.#health.follow(requests.flatMap((request) => request.targets.flatMap((target) => checksOf(request, target))));
    const ports = requests.flatMap((request) => (this.#parts.ledger.of(request.owner)?.addresses ?? []).flatMap((address) => this.#portsAt(request, address)));
    return this.#parts.proxy.sync({ ports: new Map(ports.map((port) => [port.key, port])), serviceCidrs: [], clusterCidrs: [] }, undefined, forever);
  }

  #portsAt(request: LoadBalancerRequest, address: string): readonly ProxyPort[] {
    const family = ipFamilyOf(address) ?? 'IPv4';
    const { owner, sourceRanges, affinitySeconds } = request;
    const targets = this.#wellOf(request, family);
    return request.ports.map((port) => ({
      key: `${owner.uid} ${port.protocol} ${port.port} ${family}`,
      service: owner, family, protocol: port.protocol, port: port.port,
      clusterIP: address, loadBalancerIPs: [address], externalIPs: [], internalLocal: false, externalLocal: false,
      ...(sourceRanges.length === 0 ? {} : { sourceRanges: sourceRanges.filter((range) => Cidr.parse(range)?.family === family) }),
      ...(affinitySeconds === undefined ? {} : { affinitySeconds }),
      endpoints: targets.map((target) => ({ address: target, port: port.nodePort ?? 0, place: 'unknown' as const })),
      localEndpoints: [], hasEndpoints: targets.length > 0,
    }));
  }

  /** When none is well the checks are more likely wrong than all nodes at once. */
  #wellOf(request: LoadBalancerRequest, family: IpFamily): readonly string[] {
    const reachable = request.targets.flatMap((target) => {
      const address = target.addresses.find((one) => ipFamilyOf(one) === family);
      return address === undefined ? [] : [{ address, isWell: checksOf(request, target).every((one) => ipFamilyOf(one.address) !== family || this.#health.isWell(one)) }];
    });
    const well = reachable.filter(({ isWell }) => isWell);
    return (well.length > 0 ? well : reachable).map(({ address }) => address);
  }
}

/** Takes back the addresses that the machine was given; who has them stays written down, and gets them again. Nothing may be at work. */
export async function releaseAddresses(ledger: Ledger, host: HostAddresses, signal: AbortSignal): Promise<void> {
  await ledger.load();
  for (const { added } of ledger.entries) for (const address of added) await host.remove(address, signal);
}

/** By the service's own page of health, or by its first port of TCP. A service of UDP alone is not asked. */
function checksOf({ healthCheck, ports }: LoadBalancerRequest, { addresses }: LoadBalancerTarget): readonly Check[] {
  const port = healthCheck?.port ?? ports.find(({ protocol }) => protocol === 'TCP')?.nodePort;
  if (port === undefined) return [];
  return addresses.map((address) => ({ address, port, ...(healthCheck === undefined ? {} : { path: healthCheck.path }) }));
}

function check({ ports, address, sourceRanges }: LoadBalancerRequest): void {
  const problem = ports.map(problemOf).find((one) => one !== undefined);
  if (problem !== undefined) throw new ProviderError('Invalid', problem);
  if (address !== undefined && parseIp(address) === undefined) throw new ProviderError('Invalid', `spec.loadBalancerIP ${JSON.stringify(address)} is no address`);
  const range = sourceRanges.find((one) => Cidr.parse(one) === undefined);
  if (range !== undefined) throw new ProviderError('Invalid', `the source range ${JSON.stringify(range)} is none`);
}

function problemOf({ protocol, port, nodePort }: LoadBalancerPort): string | undefined {
  if (protocol === 'SCTP') return `port ${port} is one of SCTP, which this provider's load balancers do not forward`;
  return nodePort === undefined ? `port ${port} has no node port, by which this provider's load balancers reach it: leave allocateLoadBalancerNodePorts true` : undefined;
}
