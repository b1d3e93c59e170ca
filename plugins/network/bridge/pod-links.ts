import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { AttachmentKey, NetworkResult } from '#core/spi/network-plugin.ts';
import { AddressRange } from './address-range.ts';
import type { IpLauncher } from './ip-launcher.ts';
import type { Ip } from './ip.ts';
import type { Lease } from './leases.ts';
import { bridgeMac, hostLinkMac, hostLinkName, isOwnPodLink, podMac, readLinks, shaperName } from './links.ts';
import type { Sysctls } from './sysctls.ts';

const never = new AbortController().signal;

export interface PodLinksOptions {
  readonly ip: Ip;
  readonly launcher: IpLauncher;
  readonly sysctls: Sysctls;
  readonly clock: Clock;
  readonly log: Logger;
  readonly bridge: string;
  readonly hairpin: boolean;
  /** How long a namespace has to end by itself before the link is cut, in milliseconds. */
  readonly detachAfterMs: number;
}

/** The links between pods and the bridge. */
export class PodLinks {
  readonly #options: PodLinksOptions;
  /** Names of links that are to go, unless their namespace's end takes them first. */
  readonly #leaving = new Set<string>();
  #cancel: (() => void) | undefined;
  #cutting: Promise<void> = Promise.resolve();

  constructor(options: PodLinksOptions) {
    this.#options = options;
  }

  /** @throws {NetworkError} 102, with nothing left of the link */
  async plug(lease: Lease, netns: string, mtu: number): Promise<void> {
    const { bridge, hairpin, sysctls, launcher } = this.#options;
    const name = hostLinkName(lease);
    await this.#cut([name].filter((each) => this.#leaving.has(each)));
    try {
      await launcher.run({
        netns, hasIpv6: lease.addresses.some((address) => address.includes(':')),
        node: [
          `link add ${name} mtu ${mtu} address ${hostLinkMac(name)} master ${bridge} up type veth peer name ${lease.ifName} mtu ${mtu} address ${podMac(lease)} netns ${netns}`,
          ...(hairpin ? [`link set ${name} type bridge_slave hairpin on`] : []),
        ],
        pod: [
          'link set lo up', `link set ${lease.ifName} up`,
          ...lease.addresses.map((address) => `address add ${address} dev ${lease.ifName}${address.includes(':') ? ' nodad' : ''}`),
          ...rangesOf(lease).map(({ gateway, cidr }) => `route add ${cidr.family === 'IPv4' ? '0.0.0.0/0' : '::/0'} via ${gateway} dev ${lease.ifName}`),
        ],
      });
      // A port of a bridge has no business with addresses of its own, nor with what pods say of routers.
      await Promise.all([['accept_ra', '0'], ['disable_ipv6', '1']].map(([which = '', value = '']) => sysctls.set(`ipv6/conf/${name}/${which}`, value)));
    } catch (error) {
      await this.#cut([name]);
      throw error;
    }
  }

  /** The link goes with its namespace; one that outlives this is cut after a while, with all others of that time. */
  unplug(key: AttachmentKey & Pick<Lease, 'bandwidth'>): void {
    const { clock, detachAfterMs } = this.#options;
    this.#leaving.add(hostLinkName(key));
    if (key.bandwidth?.egressRate !== undefined) this.#leaving.add(shaperName(key));
    this.#cancel ??= clock.after(detachAfterMs, () => {
      this.#cancel = undefined;
      void this.cutLeaving();
    });
  }

  /** Cuts at once what was to go. */
  async cutLeaving(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#cut([...this.#leaving]);
  }

  /** Cuts every link of ours that belongs to no lease. */
  async sweep(leases: readonly Lease[], signal: AbortSignal): Promise<void> {
    const wanted = new Set(leases.flatMap((lease) => [hostLinkName(lease), shaperName(lease)]));
    const links = readLinks(await this.#options.ip.list(['-details', 'link', 'show'], signal));
    await this.#cut(links.filter((link) => isOwnPodLink(link) && !wanted.has(link.name)).map(({ name }) => name));
  }

  /** What is wrong with a link; undefined when it is as it was made. */
  async problem(lease: Lease, netns: string, signal: AbortSignal): Promise<string | undefined> {
    const { ip, bridge } = this.#options;
    const name = hostLinkName(lease);
    const [ours, theirs] = await Promise.all([ip.list(['link', 'show', 'dev', name], signal), ip.list(['address', 'show', 'dev', lease.ifName], signal, netns)]);
    const [[host], [pod]] = [readLinks(ours), readLinks(theirs)];
    if (host === undefined || host.master !== bridge || !host.isUp) return `the node's end ${name} is not up on ${bridge}`;
    if (pod === undefined || pod.mac !== podMac(lease) || !pod.isUp) return `the interface ${lease.ifName} in ${netns} is not up, or another one`;
    const missing = lease.addresses.find((address) => !pod.addresses.includes(address));
    return missing === undefined ? undefined : `the interface ${lease.ifName} in ${netns} has lost its address ${missing}`;
  }

  result(lease: Lease, netns: string, mtu: number): NetworkResult {
    const { bridge } = this.#options;
    const name = hostLinkName(lease);
    const ranges = rangesOf(lease);
    return {
      interfaces: [{ name: bridge, mac: bridgeMac(bridge), mtu }, { name, mac: hostLinkMac(name), mtu }, { name: lease.ifName, mac: podMac(lease), mtu, sandbox: netns }],
      ips: lease.addresses.map((address, index) => ({ address, gateway: ranges[index]?.gateway ?? '', interface: 2 })),
      routes: ranges.map(({ gateway, cidr }) => ({ dst: cidr.family === 'IPv4' ? '0.0.0.0/0' : '::/0', gw: gateway })),
      dns: {},
    };
  }

  async close(): Promise<void> {
    await this.cutLeaving();
    await this.#options.launcher.close();
  }

  /** One after another: each holds the kernel's lock of all links for 20 ms. */
  async #cut(names: readonly string[]): Promise<void> {
    const { ip, log } = this.#options;
    for (const name of names) this.#leaving.delete(name);
    const cutting = this.#cutting.then(async () => {
      const complaint = await ip.forced(names.map((name) => `link delete ${name}`), never).catch((error: unknown) => String(error));
      const lines = (complaint ?? '').split('\n').filter((line) => line !== '' && !/Cannot find device|Command failed/.test(line));
      if (lines.length > 0) log.warn('links of pods that are gone could not be deleted', { complaint: lines.slice(0, 3).join('; ') });
    });
    this.#cutting = cutting;
    await cutting;
  }
}

/** Those from which its addresses are, which may not be the node's any more. */
export const rangesOf = ({ addresses }: Lease): AddressRange[] => addresses.map((address) => new AddressRange(address));
