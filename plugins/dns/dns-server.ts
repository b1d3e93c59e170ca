import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { NameEntry, NameServer } from '#core/spi/name-server.ts';
import type { CacheLimits } from './answer-cache.ts';
import { Clients } from './clients.ts';
import { dnsPort, endpointText, isHeardBy, parseEndpoint } from './endpoints.ts';
import type { Endpoint } from './exchange.ts';
import { Forwarder } from './forwarder.ts';
import { LoopProbe } from './loop-probe.ts';
import { Names } from './names.ts';
import { ResolverFile } from './resolver-file.ts';
import { Responder } from './responder.ts';
import { TcpListener, tcpLimits, type TcpLimits } from './tcp-listener.ts';
import { UdpListener } from './udp-listener.ts';
import { Upstreams } from './upstreams.ts';
import { nameKey } from './wire.ts';

export interface DnsOptions {
  /** Addresses at which it answers by UDP and TCP. One that stands for many (`0.0.0.0`) may answer from another than it was asked at. */
  readonly addresses: readonly string[];
  /** 53 by default; 0 for one that is free, the same for all. */
  readonly port?: number;
  /** Name servers for what is not in its zones, in their order: `192.0.2.53`, `[2001:db8::53]:5353`. Those of `resolvConf` by default. */
  readonly upstreams?: readonly string[];
  /** The machine's resolv.conf, which is followed; `/etc/resolv.conf` by default. With `upstreams`, only its search domains count, and only when it is given. */
  readonly resolvConf?: string;
  /** What is kept of others' answers; 10,000 entries and 16 MiB by default. */
  readonly cache?: Partial<CacheLimits>;
  /** Questions that are under way to others at the same time; 500 by default. */
  readonly maxInFlight?: number;
  /** Clients that wait for them; 5,000 by default. More are told SERVFAIL at once. */
  readonly maxWaiting?: number;
  readonly tcp?: Partial<TcpLimits>;
}

export interface DnsParts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** To find a port that is free for all sockets. */
const mostAttempts = 20;

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has the address and port',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'ports below 1024 need root or the capability CAP_NET_BIND_SERVICE',
};

/** The cluster's name server: an authority for what was published, and a cache before other servers for the rest. */
export class DnsServer implements Component, NameServer {
  readonly name = 'dns';
  readonly #options: DnsOptions;
  readonly #parts: DnsParts;
  readonly #names: Names;
  readonly #clients = new Clients();
  readonly #upstreams: Upstreams;
  readonly #forwarder: Forwarder;
  readonly #probe: LoopProbe;
  readonly #responder: Responder;
  readonly #file: ResolverFile | undefined;
  readonly #listeners: (UdpListener | TcpListener)[] = [];
  #endpoints: readonly Endpoint[] = [];
  #searches: readonly string[] = [];

  /** @throws {RangeError} for an upstream that is no address */
  constructor(options: DnsOptions, parts: DnsParts) {
    this.#options = options;
    const { clock } = parts;
    const logger = parts.logger.with({ component: this.name });
    this.#parts = { clock, logger };
    const { cache = {}, maxInFlight = 500, maxWaiting = 5000, upstreams, resolvConf } = options;
    this.#names = new Names(Math.floor(clock.now() / 1000));
    this.#upstreams = new Upstreams(clock);
    this.#forwarder = new Forwarder({ upstreams: this.#upstreams, clock, logger, cache: { entries: 10_000, bytes: 16 << 20, ...cache }, maxInFlight, maxWaiting });
    this.#probe = new LoopProbe(logger);
    this.#responder = new Responder({ names: this.#names, forwarder: this.#forwarder, isOwnProbe: (key) => this.#probe.isOwn(key), isSearchMiss: (key) => this.#isSearchMiss(key) });
    this.#upstreams.set((upstreams ?? []).map((text) => parseEndpoint(text)));
    this.#file = upstreams !== undefined && resolvConf === undefined ? undefined : new ResolverFile(resolvConf ?? '/etc/resolv.conf', this.#parts, ({ nameservers, searches }) => {
      this.#searches = searches.map((domain) => nameKey(domain.toLowerCase()) ?? '').filter((key) => key.length > 1);
      if (upstreams === undefined) this.#setUpstreams(nameservers.flatMap((text) => this.#endpointOf(text)));
    });
  }

  /** Where it answers, once it has started. */
  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Listens everywhere or nowhere. @throws {Error} that says which address cannot be had, and why */
  async start(): Promise<void> {
    const endpoints = (this.#endpoints = await this.#listenEverywhere(this.#options.port ?? dnsPort));
    if (this.#options.upstreams !== undefined) this.#setUpstreams(this.#upstreams.all.map(({ endpoint }) => endpoint));
    await this.#file?.start();
    this.#parts.logger.info('answering questions for names', { addresses: endpoints.map(endpointText).join(' ') });
  }

  async stop(): Promise<void> {
    this.#probe.stop();
    this.#file?.stop();
    this.#forwarder.stop();
    await this.#closeListeners();
  }

  setZones(zones: readonly string[]): void {
    this.#names.setZones(zones);
  }

  publish(changes: ReadonlyMap<string, NameEntry | undefined>): void {
    this.#names.publish(changes);
  }

  complete(): void {
    this.#names.complete();
  }

  setClients(ranges: readonly string[] | undefined): void {
    this.#clients.set(ranges);
  }

  async #listenEverywhere(port: number, attempt = 1): Promise<readonly Endpoint[]> {
    const endpoints: Endpoint[] = [];
    try {
      for (const address of this.#options.addresses) endpoints.push(await this.#listen(address, endpoints[0]?.port ?? port));
      return endpoints;
    } catch (error) {
      await this.#closeListeners();
      // A port that the system chose for the first socket may be taken for another one.
      if (port === 0 && attempt < mostAttempts && causeOf(error) === 'EADDRINUSE') return this.#listenEverywhere(port, attempt + 1);
      throw error;
    }
  }

  async #listen(address: string, port: number): Promise<Endpoint> {
    const parts = { responder: this.#responder, clients: this.#clients, ...this.#parts };
    const udp = new UdpListener(parts);
    const tcp = new TcpListener({ ...parts, limits: { ...tcpLimits, ...this.#options.tcp } });
    this.#listeners.push(udp, tcp);
    const chosen = await udp.listen({ address, port }).catch((error: unknown) => fail('UDP', { address, port }, error));
    await tcp.listen({ address, port: chosen }).catch((error: unknown) => fail('TCP', { address, port: chosen }, error));
    return { address, port: chosen };
  }

  async #closeListeners(): Promise<void> {
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()));
  }

  #endpointOf(text: string): Endpoint[] {
    try {
      return [parseEndpoint(text)];
    } catch (error) {
      this.#parts.logger.warn('a name server of this machine is left out', { error });
      return [];
    }
  }

  #setUpstreams(endpoints: readonly Endpoint[]): void {
    const others = endpoints.filter((endpoint) => !isHeardBy(this.#endpoints, endpoint));
    this.#upstreams.set(others);
    this.#forwarder.forget();
    if (others.length === 0) this.#parts.logger.warn('there is no other name server: names outside the cluster are not found');
    this.#probe.check(this.#upstreams.all, this.#parts.clock);
  }

  /** `web.default.svc.cluster.local.corp.example`: the search domains of pods make many of those, and none is for others to see. */
  #isSearchMiss(key: string): boolean {
    return this.#searches.some((search) => key.endsWith(search) && key.length > search.length && this.#names.zoneOf(`${key.slice(0, -search.length)}\0`) !== undefined);
  }
}

const causeOf = (error: unknown): string | undefined => (error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined)?.code : undefined);

function fail(protocol: string, endpoint: Endpoint, error: unknown): never {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  throw new Error(`cannot answer questions for names at ${endpointText(endpoint)} (${protocol}): ${reasons[code] ?? (error as Error).message}`, { cause: error });
}
