import { canonicalIp, Cidr, ipFamilyOf } from '#core/api/ip.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { NodeMachine, NodeMachines } from '#core/spi/machines.ts';
import type { Route, RouteRequest, Routes } from '#core/spi/routes.ts';
import { IpTool, type KernelRoute, type Run } from './machines/ip-tool.ts';
import { machineNames, providerIdPrefix, type MachineNames } from './machines/naming.ts';

/** By which `ip route` tells who made a route; the bridge's are 75. */
const protocol = '76';

/**
 * Routes to machines' pods in this computer's own network, through which machines reach what is not on their switch, and which reaches pods by them.
 * The cable to the cluster's switch is the mark of what belongs to the cluster: when it goes, its routes do.
 */
export class LocalRoutes implements Routes {
  readonly provider = 'local';
  readonly providerIdPrefix = providerIdPrefix;
  readonly #run: Run;
  readonly #ip: IpTool;
  readonly #machines: Pick<NodeMachines, 'list'>;
  readonly #names: MachineNames;

  /** @param place as the machines' */
  constructor(run: Run, machines: Pick<NodeMachines, 'list'>, place: string) {
    this.#run = run;
    this.#ip = new IpTool(run);
    this.#machines = machines;
    this.#names = machineNames(place);
  }

  async list(signal: AbortSignal): Promise<readonly Route[]> {
    signal.throwIfAborted();
    if ((await this.#ip.link('', this.#names.uplink, signal)) === undefined) return [];
    const found = await this.#ip.routes(['dev', this.#names.uplink, 'proto', protocol], ['IPv4', 'IPv6'], signal);
    return found.length === 0 ? [] : this.#told(found, await this.#machines.list(signal));
  }

  async create(request: RouteRequest, signal: AbortSignal): Promise<Route> {
    signal.throwIfAborted();
    const { destination, target } = request;
    const name = this.#names.machineOf(target.providerId);
    const machine = (await this.#machines.list(signal)).find((one) => one.name === name);
    if (machine === undefined) throw new ProviderError('Invalid', `${target.providerId} is no machine of this cluster`);
    const range = Cidr.parse(destination);
    const gateway = machine.addresses.find((address) => ipFamilyOf(address) === range?.family);
    if (range === undefined || gateway === undefined) throw new ProviderError('Invalid', `the machine ${machine.name} has no address by which ${destination} could be reached`);
    const known = await this.#ip.routes(['exact', destination], [range.family], signal);
    const [same] = known.filter((route) => this.#isOwn(route) && this.#leadsTo(route, gateway));
    if (known.length > (same === undefined ? 0 : 1)) throw new ProviderError('AlreadyExists', `this computer has a route to ${destination} already`);
    if (same === undefined) await this.#add(destination, gateway, signal);
    return { id: destination, destination, providerId: target.providerId, node: '', isBlackhole: false };
  }

  async delete({ id }: Route, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const destination = Cidr.parse(id)?.toString();
    if (destination === undefined) return;
    const { exitCode, complaint } = await this.#run('ip', ['route', 'delete', destination, 'dev', this.#names.uplink, 'proto', protocol], signal);
    if (exitCode !== 0 && !/No such process|Cannot find device/.test(complaint)) throw new ProviderError('Unavailable', `the route to ${destination} could not be deleted: ${complaint}`);
  }

  async #add(destination: string, gateway: string, signal: AbortSignal): Promise<void> {
    const { exitCode, complaint } = await this.#run('ip', ['route', 'add', destination, 'via', gateway, 'dev', this.#names.uplink, 'proto', protocol], signal);
    if (exitCode === 0) return;
    throw new ProviderError(complaint.includes('File exists') ? 'AlreadyExists' : 'Unavailable', `the route to ${destination} could not be made: ${complaint}`);
  }

  #isOwn(route: KernelRoute): boolean {
    return route.protocol === protocol && (route.dev === undefined || route.dev === this.#names.uplink);
  }

  #leadsTo({ gateway = '' }: KernelRoute, address: string): boolean {
    return canonicalIp(gateway) === canonicalIp(address);
  }

  #told(routes: readonly KernelRoute[], machines: readonly NodeMachine[]): readonly Route[] {
    return routes.map((route) => {
      const machine = machines.find(({ addresses }) => addresses.some((address) => this.#leadsTo(route, address)));
      const destination = rangeOf(route.dst);
      return { id: destination, destination, providerId: machine === undefined ? '' : this.#names.providerId(machine.name), node: '', isBlackhole: machine === undefined };
    });
  }
}

/** A range of one address is told without its prefix. */
const rangeOf = (dst: string): string => (dst.includes('/') ? dst : `${dst}/${dst.includes(':') ? 128 : 32}`);
