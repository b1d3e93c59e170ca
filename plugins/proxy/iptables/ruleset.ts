import { Cidr, type IpFamily } from '#core/api/ip.ts';
import type { ProxyPort, ProxyState } from '#core/spi/service-proxy.ts';
import { Buckets } from './buckets.ts';
import { base, isOurs, type Bucket } from './names.ts';
import { from, portRules, type PortRules } from './port-rules.ts';

export type Table = 'nat' | 'filter';
export const tables: readonly Table[] = ['nat', 'filter'];

/** The rules of each chain as lines of `iptables-save`. */
export type ChainTexts = ReadonlyMap<string, string>;

/** A rule in one of the kernel's own chains, by which packets come to ours. */
export interface Jump {
  readonly table: Table;
  readonly chain: string;
  readonly rule: string;
  /** Before or after what others have there. */
  readonly at: 'first' | 'last';
}

export const jumps: readonly Jump[] = [
  { table: 'nat', chain: 'PREROUTING', rule: `-j ${base.services}`, at: 'first' },
  { table: 'nat', chain: 'OUTPUT', rule: `-j ${base.services}`, at: 'first' },
  { table: 'nat', chain: 'POSTROUTING', rule: `-j ${base.postrouting}`, at: 'first' },
  ...['INPUT', 'FORWARD', 'OUTPUT'].map((chain): Jump => ({ table: 'filter', chain, rule: `-m conntrack --ctstate NEW -j ${base.services}`, at: 'first' })),
  // Others' rules come first: an ACCEPT here must not pass by a network policy.
  { table: 'filter', chain: 'FORWARD', rule: `-j ${base.forward}`, at: 'last' },
];

export interface RulesetOptions {
  readonly family: IpFamily;
  readonly externalIPs: boolean;
  /** Bit of the packet mark that means "masquerade". */
  readonly masqueradeMark: number;
}

/** The rules that a state asks for in one family, worked out anew only for the ports that have changed. */
export class Ruleset {
  readonly #options: RulesetOptions;
  readonly #chains: Record<Table, Map<string, string>> = { nat: new Map(), filter: new Map() };
  readonly #touched: Record<Table, Set<string>> = { nat: new Set(), filter: new Set() };
  readonly #addresses: Record<Table, Buckets> = { nat: new Buckets(), filter: new Buckets() };
  readonly #nodePorts: Record<Table, Buckets> = { nat: new Buckets(), filter: new Buckets() };
  readonly #chainsOf = new Map<string, readonly string[]>();
  readonly #owners = new Map<string, string>();
  readonly #invalid = new Map<string, string>();
  #clusterCidrs: readonly string[] = [];
  #serviceCidrs: readonly Cidr[] = [];

  constructor(options: RulesetOptions) {
    this.#options = options;
  }

  chains(table: Table): ChainTexts {
    return this.#chains[table];
  }

  /** Ports that cannot be made into rules, and why. */
  get invalid(): ReadonlyMap<string, string> {
    return this.#invalid;
  }

  /** The port to which a chain belongs alone. */
  ownerOf(chain: string): string | undefined {
    return this.#owners.get(chain);
  }

  /** Leaves a port out, because the kernel does not take its rules, until it changes. */
  exclude(key: string, why: string): void {
    this.#drop(key);
    this.#invalid.set(key, why);
    this.#render();
  }

  /** @param changed as in `ServiceProxy.sync` */
  update({ ports, serviceCidrs, clusterCidrs }: ProxyState, changed: ReadonlySet<string> | undefined): void {
    const { family } = this.#options;
    this.#clusterCidrs = clusterCidrs.map((text) => Cidr.parse(text)).filter((range) => range?.family === family).map(String);
    this.#serviceCidrs = serviceCidrs.map((text) => Cidr.parse(text)).filter((range) => range !== undefined).filter((range) => range.family === family);
    for (const key of changed ?? new Set([...this.#chainsOf.keys(), ...this.#invalid.keys(), ...ports.keys()])) {
      const port = ports.get(key);
      if (port?.family === family) this.#put(port);
      else this.#drop(key);
    }
    this.#render();
  }

  /** Chains that may differ from what was taken before. */
  takeTouched(table: Table): readonly string[] {
    const touched = [...this.#touched[table]];
    this.#touched[table].clear();
    return touched;
  }

  #put(port: ProxyPort): void {
    let rules: PortRules;
    try {
      rules = portRules(port, { clusterCidrs: this.#clusterCidrs, externalIPs: this.#options.externalIPs });
    } catch (error) {
      this.#drop(port.key);
      this.#invalid.set(port.key, error instanceof Error ? error.message : String(error));
      return;
    }
    this.#invalid.delete(port.key);
    const names = rules.chains.map(({ name }) => name);
    for (const name of this.#chainsOf.get(port.key) ?? []) if (!names.includes(name)) this.#set('nat', name, undefined);
    for (const { name, rules: lines } of rules.chains) {
      this.#owners.set(name, port.key);
      this.#set('nat', name, lines);
    }
    this.#chainsOf.set(port.key, names);
    this.#place(port.key, rules);
  }

  #drop(key: string): void {
    for (const name of this.#chainsOf.get(key) ?? []) this.#set('nat', name, undefined);
    this.#chainsOf.delete(key);
    this.#invalid.delete(key);
    this.#place(key, nothing);
  }

  #place(key: string, { addresses, nodePorts, refusedAddresses, refusedNodePorts }: PortRules): void {
    this.#addresses.nat.put(key, addresses);
    this.#nodePorts.nat.put(key, nodePorts);
    this.#addresses.filter.put(key, refusedAddresses);
    this.#nodePorts.filter.put(key, refusedNodePorts);
  }

  #render(): void {
    for (const table of tables) {
      for (const buckets of [this.#addresses[table], this.#nodePorts[table]]) {
        for (const [chain, rules] of buckets.takeTouched()) this.#set(table, chain, rules);
      }
      this.#set(table, base.nodePorts, this.#nodePorts[table].tops().map(({ chain, match }) => `${match} -g ${chain}`));
      this.#setDispatch(table);
    }
    this.#set('nat', base.markMasquerade, [`-j MARK --set-xmark ${this.#mark}/${this.#mark}`]);
    this.#set('nat', base.postrouting, [`-m mark ! --mark ${this.#mark}/${this.#mark} -j RETURN`, `-j MARK --set-xmark ${this.#mark}/0x0`, '-j MASQUERADE --random-fully']);
    if (this.#clusterCidrs.length > 0) this.#set('nat', base.offCluster, this.#offCluster());
    else this.#set('nat', base.offCluster, undefined);
    this.#set('nat', base.canary, ['-j RETURN']);
    this.#set('filter', base.canary, ['-j RETURN']);
    this.#set('filter', base.forward, [
      '-m conntrack --ctstate INVALID -j DROP', `-m mark --mark ${this.#mark}/${this.#mark} -j ACCEPT`, '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ]);
  }

  /** What is sent to the ranges of services passes one rule, and one that is no service's address leaves them again at once. */
  #setDispatch(table: Table): void {
    const tops = this.#addresses[table].tops();
    const inside = tops.filter((bucket) => this.#serviceCidrs.some((cidr) => cidr.containsRange(rangeOf(bucket)) || rangeOf(bucket).containsRange(cidr)));
    // A bucket that reaches beyond the ranges, and is found through them only as far as they go.
    const outside = tops.filter((bucket) => !this.#serviceCidrs.some((cidr) => cidr.containsRange(rangeOf(bucket))));
    const loopback = this.#options.family === 'IPv4' ? '127.0.0.0/8' : '::1/128';
    this.#set(table, base.vips, [
      // An address of a service that is one of the node itself has somebody who answers for it, such as a name server.
      ...(table === 'filter' ? ['-m addrtype --dst-type LOCAL -j RETURN'] : []),
      ...inside.map(({ chain, match }) => `${match} -g ${chain}`),
    ]);
    this.#set(table, base.services, [
      ...this.#serviceCidrs.map((range) => `-d ${range.toString()} -g ${base.vips}`),
      ...outside.map(({ chain, match }) => `${match} -j ${chain}`),
      `! -d ${loopback} -m addrtype --dst-type LOCAL -j ${base.nodePorts}`,
    ]);
  }

  #offCluster(): readonly string[] {
    return [...this.#clusterCidrs.map((range) => `${from(range)}-j RETURN`), `-j ${base.markMasquerade}`];
  }

  get #mark(): string {
    return `0x${this.#options.masqueradeMark.toString(16)}`;
  }

  #set(table: Table, name: string, rules: readonly string[] | undefined): void {
    if (!isOurs(name)) throw new Error(`${name} is no name of a chain of ours`);
    const chains = this.#chains[table];
    const text = rules?.map((rule) => `-A ${name} ${rule}`).join('\n');
    if (chains.get(name) === text) return;
    if (text === undefined) {
      chains.delete(name);
      this.#owners.delete(name);
    } else {
      chains.set(name, text);
    }
    this.#touched[table].add(name);
  }
}

const nothing: PortRules = { chains: [], addresses: [], nodePorts: [], refusedAddresses: [], refusedNodePorts: [] };

function rangeOf({ match }: Bucket): Cidr {
  const range = Cidr.parse(match.slice('-d '.length));
  if (range === undefined) throw new Error(`${match} names no range`);
  return range;
}
