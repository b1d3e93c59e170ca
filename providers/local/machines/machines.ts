import { ProviderError } from '#core/spi/errors.ts';
import type { NodeMachine, NodeMachines } from '#core/spi/machines.ts';
import { addressesOf, IpTool, type Run } from './ip-tool.ts';
import { closeOutside, openOutside } from './outside.ts';
import { hostAddresses, machineAddresses, machineNames, networkOf, rangeOf, type MachineNames, type MachineRange } from './naming.ts';

const bridge = 'switch';
const most = 200;

/**
 * Machines that are network namespaces of this computer: each has addresses, routes, packet filter and connection tracking of its own.
 * A switch joins them, in a namespace of its own too: where Docker runs, bridges of the computer's own network are filtered.
 * Everything is found again by its name in the kernel; nothing is remembered.
 */
export class LocalMachines implements NodeMachines {
  readonly #run: Run;
  readonly #ip: IpTool;
  readonly #names: MachineNames;
  readonly #place: string;
  /** Only one call at a time changes the kernel. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param place tells clusters of one computer apart: the path of the data directory */
  constructor(run: Run, place: string) {
    this.#run = run;
    this.#ip = new IpTool(run);
    this.#names = machineNames(place);
    this.#place = place;
  }

  create(name: string, signal: AbortSignal): Promise<NodeMachine> {
    return this.#alone(() => this.#create(name, signal));
  }

  delete(name: string, signal: AbortSignal): Promise<void> {
    return this.#alone(() => this.#removeMachine(name, signal));
  }

  async list(signal: AbortSignal): Promise<readonly NodeMachine[]> {
    const found: NodeMachine[] = [];
    for (const name of await this.#machineNames(signal)) {
      const link = await this.#ip.link(this.#names.namespace(name), 'eth0', signal);
      found.push(this.#machine(name, link === undefined ? [] : addressesOf(link)));
    }
    return found;
  }

  gateway(signal: AbortSignal): Promise<string> {
    return this.#alone(async () => hostAddresses(await this.#ensureSwitch(signal))[0]);
  }

  removeAll(signal: AbortSignal): Promise<void> {
    return this.#alone(async () => {
      for (const name of await this.#machineNames(signal)) await this.#removeMachine(name, signal);
      const link = await this.#ip.link('', this.#names.uplink, signal);
      const range = link && this.#rangeOf(addressesOf(link));
      if (range !== undefined) await closeOutside(this.#run, this.#names.uplink, networkOf(range), signal);
      if (link !== undefined) await this.#ip.do(['link', 'delete', this.#names.uplink], signal);
      // Last: the end of the cable in it goes with it, after a while.
      await this.#remove(this.#names.hub, signal);
    });
  }

  async #create(name: string, signal: AbortSignal): Promise<NodeMachine> {
    const namespace = this.#names.namespace(name);
    const range = await this.#ensureSwitch(signal);
    await this.#ensureNamespace(namespace, signal);
    let link = await this.#ip.link(namespace, 'eth0', signal);
    if (link === undefined || addressesOf(link).length === 0) {
      const index = await this.#freeIndex(range, signal);
      if (link === undefined) {
        const port = `port${index}`;
        // Of a machine that was deleted a moment ago the kernel may still hold the other end.
        if (await this.#ip.link(this.#names.hub, port, signal)) await this.#ip.do(['-n', this.#names.hub, 'link', 'delete', port], signal);
        await this.#ip.do(['link', 'add', 'eth0', 'netns', namespace, 'type', 'veth', 'peer', 'name', port, 'netns', this.#names.hub], signal);
        await this.#ip.do(['-n', this.#names.hub, 'link', 'set', port, 'master', bridge, 'up'], signal);
      }
      await this.#addAddresses(['-n', namespace], 'eth0', machineAddresses(range, index), signal);
      link = await this.#ip.link(namespace, 'eth0', signal);
    }
    await this.#ip.do(['-n', namespace, 'link', 'set', 'eth0', 'up'], signal);
    const [gateway] = hostAddresses(range);
    // Without it nothing is sent to a service's address: routes are looked up before addresses are translated.
    await this.#ip.ensure(['-n', namespace, 'route', 'add', 'default', 'via', gateway], signal);
    await this.#ip.set(namespace, ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'], signal);
    return this.#machine(name, link === undefined ? [] : addressesOf(link));
  }

  #machine(name: string, addresses: readonly string[]): NodeMachine {
    const netns = `/run/netns/${this.#names.namespace(name)}`;
    return { name, addresses, within: ['nsenter', `--net=${netns}`], netns, providerId: this.#names.providerId(name) };
  }

  async #ensureNamespace(namespace: string, signal: AbortSignal): Promise<void> {
    if (!(await this.#ip.namespaces(signal)).includes(namespace)) await this.#ip.ensure(['netns', 'add', namespace], signal);
    await this.#ip.do(['-n', namespace, 'link', 'set', 'lo', 'up'], signal);
  }

  async #ensureSwitch(signal: AbortSignal): Promise<MachineRange> {
    const { hub, uplink } = this.#names;
    await this.#ensureNamespace(hub, signal);
    await this.#ip.ensure(['-n', hub, 'link', 'add', bridge, 'type', 'bridge'], signal);
    await this.#ip.do(['-n', hub, 'link', 'set', bridge, 'up'], signal);
    await this.#ip.set(hub, ['net.bridge.bridge-nf-call-iptables=0', 'net.bridge.bridge-nf-call-ip6tables=0'], signal);
    if ((await this.#ip.link('', uplink, signal)) === undefined) {
      await this.#ip.do(['link', 'add', uplink, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', hub], signal);
    }
    await this.#ip.do(['-n', hub, 'link', 'set', 'uplink', 'master', bridge, 'up'], signal);
    await this.#ip.do(['link', 'set', uplink, 'up'], signal);
    const range = await this.#ensureRange(signal);
    await openOutside(this.#run, uplink, networkOf(range), signal);
    return range;
  }

  /** The range of the addresses that the uplink has; the first that nobody else uses when it has none. */
  async #ensureRange(signal: AbortSignal): Promise<MachineRange> {
    const link = await this.#ip.link('', this.#names.uplink, signal);
    const known = this.#rangeOf(link === undefined ? [] : addressesOf(link));
    if (known !== undefined) return known;
    const ranges = this.#ranges();
    const taken = await this.#ip.destinations(signal);
    const free = ranges.find(({ prefix4 }) => !taken.some((route) => route.startsWith(`${prefix4}.`) || route === '172.30.0.0/16'));
    if (free === undefined) throw new ProviderError('Exhausted', 'all of 172.30.0.0/16, from which machines get their addresses, is routed elsewhere');
    await this.#addAddresses([], this.#names.uplink, hostAddresses(free), signal);
    return free;
  }

  #ranges(): readonly MachineRange[] {
    return Array.from({ length: 256 }, (_, attempt) => rangeOf(this.#place, attempt));
  }

  #rangeOf(addresses: readonly string[]): MachineRange | undefined {
    return this.#ranges().find((range) => addresses.includes(hostAddresses(range)[0]));
  }

  /** A kernel without IPv6 gets none. */
  async #addAddresses(where: readonly string[], link: string, [ip4, ip6]: readonly [string, string], signal: AbortSignal): Promise<void> {
    await this.#ip.ensure([...where, 'address', 'add', `${ip4}/24`, 'dev', link], signal);
    await this.#ip.ensure([...where, 'address', 'add', `${ip6}/64`, 'dev', link, 'nodad'], signal).catch(() => undefined);
  }

  async #freeIndex(range: MachineRange, signal: AbortSignal): Promise<number> {
    const taken = new Set((await this.list(signal)).flatMap(({ addresses }) => addresses));
    for (let index = 0; index < most; index++) if (!taken.has(machineAddresses(range, index)[0])) return index;
    throw new ProviderError('Exhausted', `a cluster has at most ${most} machines of this computer`);
  }

  async #machineNames(signal: AbortSignal): Promise<readonly string[]> {
    const prefix = this.#names.hub.slice(0, -bridge.length);
    return (await this.#ip.namespaces(signal)).filter((name) => name.startsWith(prefix) && name !== this.#names.hub).map((name) => name.slice(prefix.length)).sort();
  }

  /** A pod in its network keeps the namespace, and must not keep a place among the machines. */
  async #removeMachine(name: string, signal: AbortSignal): Promise<void> {
    const namespace = this.#names.namespace(name);
    if (await this.#ip.link(namespace, 'eth0', signal)) await this.#ip.do(['-n', namespace, 'link', 'delete', 'eth0'], signal);
    await this.#remove(namespace, signal);
  }

  async #remove(namespace: string, signal: AbortSignal): Promise<void> {
    if ((await this.#ip.namespaces(signal)).includes(namespace)) await this.#ip.do(['netns', 'delete', namespace], signal);
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work, work);
    this.#last = next.catch(() => undefined);
    return next;
  }
}
