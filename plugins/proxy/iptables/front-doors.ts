import { Cidr, parseIp, type IpFamily } from '#core/api/ip.ts';
import type { ProxyPort, ProxyState } from '#core/spi/service-proxy.ts';
import type { Flow } from './flows.ts';

/** Endpoints behind an address or a node port, as `address port`. */
type Behind = ReadonlySet<string>;

/** Where clients knock, and who may answer: tells which of the kernel's remembered flows go where nothing is any more. */
export class FrontDoors {
  readonly #family: IpFamily;
  readonly #externalIPs: boolean;
  readonly #ports = new Map<string, ProxyPort>();
  readonly #doors = new Map<string, Behind>();
  readonly #nodePorts = new Map<string, Behind>();
  /** Doors that have been closed, or opened where nobody answered before, since flows were looked at. */
  readonly #closed = new Set<string>();
  readonly #opened = new Set<string>();
  #serviceCidrs: readonly Cidr[] = [];
  /** Nobody knows yet which services there were before this process. */
  #isNew = true;

  constructor(family: IpFamily, externalIPs: boolean) {
    this.#family = family;
    this.#externalIPs = externalIPs;
  }

  /** Takes in a state; returns the protocols whose flows have to be looked at. */
  update({ ports, serviceCidrs }: ProxyState, changed: ReadonlySet<string> | undefined): ReadonlySet<Flow['protocol']> {
    this.#serviceCidrs = serviceCidrs.map((text) => Cidr.parse(text)).filter((range) => range !== undefined);
    const look = new Set<Flow['protocol']>(changed === undefined ? ['udp', 'tcp'] : []);
    for (const key of changed ?? new Set([...this.#ports.keys(), ...ports.keys()])) {
      const found = ports.get(key);
      const protocol = this.#replace(key, found?.family === this.#family ? found : undefined, changed !== undefined);
      if (protocol !== undefined) look.add(protocol);
    }
    return look;
  }

  /** Flows have been looked at. */
  looked(): void {
    this.#closed.clear();
    this.#opened.clear();
    // The ranges may become known later than the services.
    this.#isNew &&= this.#serviceCidrs.length === 0;
  }

  isStale(flow: Flow): boolean {
    // Closed connections, and those that were never answered: whoever reuses or repeats them would be sent to where nobody is.
    if (flow.protocol === 'tcp' && !deadStates.has(flow.state ?? '')) return false;
    const isTranslated = flow.answerer !== flow.destination || flow.answererPort !== flow.destinationPort;
    const door = `${flow.protocol} ${flow.destination} ${flow.destinationPort}`;
    const behind = this.#doors.get(door);
    if (behind !== undefined) return isTranslated ? !behind.has(`${flow.answerer} ${flow.answererPort}`) : behind.size > 0 && flow.protocol === 'udp';
    if (this.#closed.has(door)) return isTranslated;
    return this.#isStaleAtNode(flow, isTranslated) || (this.#isNew && isTranslated && this.#isServiceAddress(flow.destination));
  }

  #isStaleAtNode(flow: Flow, isTranslated: boolean): boolean {
    const door = `${flow.protocol} ${flow.destinationPort}`;
    const behind = this.#nodePorts.get(door);
    if (!isTranslated) return this.#opened.has(door) && flow.protocol === 'udp';
    return behind === undefined ? this.#closed.has(door) : !behind.has(`${flow.answerer} ${flow.answererPort}`);
  }

  /** One that no service has now was that of a service that is gone. Later it may be one that another proxy serves. */
  #isServiceAddress(text: string): boolean {
    const address = parseIp(text);
    return address !== undefined && this.#serviceCidrs.some((range) => range.contains(address));
  }

  #replace(key: string, port: ProxyPort | undefined, isChange: boolean): Flow['protocol'] | undefined {
    const before = this.#ports.get(key);
    const protocol = protocolOf(port ?? before);
    if (protocol === undefined) return undefined;
    for (const [doors, door] of this.#doorsOf(before)) {
      doors.delete(door);
      this.#closed.add(door);
    }
    const behind = behindOf(port);
    for (const [doors, door] of this.#doorsOf(port)) {
      doors.set(door, behind);
      this.#closed.delete(door);
      if (isChange && behind.size > 0 && behindOf(before).size === 0) this.#opened.add(door);
    }
    if (port === undefined) this.#ports.delete(key);
    else this.#ports.set(key, port);
    // What is new to TCP leaves nothing stale; only what is gone does.
    const isLess = [...behindOf(before)].some((endpoint) => !behind.has(endpoint));
    return protocol === 'udp' || isLess ? protocol : undefined;
  }

  #doorsOf(port: ProxyPort | undefined): readonly (readonly [Map<string, Behind>, string])[] {
    const protocol = protocolOf(port);
    if (port === undefined || protocol === undefined) return [];
    const addresses = [port.clusterIP, ...port.loadBalancerIPs, ...(this.#externalIPs ? port.externalIPs : [])];
    return [
      ...addresses.map((address) => [this.#doors, `${protocol} ${address} ${port.port}`] as const),
      ...(port.nodePort === undefined ? [] : [[this.#nodePorts, `${protocol} ${port.nodePort}`] as const]),
    ];
  }
}

const deadStates: ReadonlySet<string> = new Set(['SYN_SENT', 'TIME_WAIT', 'CLOSE']);

/** Nothing is known of stale SCTP associations. */
const protocolOf = (port: ProxyPort | undefined): Flow['protocol'] | undefined => (port?.protocol === 'UDP' ? 'udp' : port?.protocol === 'TCP' ? 'tcp' : undefined);

const behindOf = (port: ProxyPort | undefined): Behind =>
  new Set([...(port?.endpoints ?? []), ...(port?.localEndpoints ?? [])].map((endpoint) => `${endpoint.address} ${endpoint.port}`));
