import { Cidr, parseIp, type IpFamily } from '#core/api/ip.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { NetworkPeer, NodeNetwork } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import { quoted } from '#plugins/network/cni-names.ts';
import type { AddressRange } from './address-range.ts';
import { ensureBridge } from './bridge-device.ts';
import type { Commands } from './commands.ts';
import { runCommand } from './commands.ts';
import type { Ip } from './ip.ts';
import type { Chains, Iptables } from './iptables.ts';
import { tunnelMac } from './links.ts';
import type { BridgeSettings } from './options.ts';
import { hostGatewayLines, peerRoutes, staleRouteLines, throwProblems } from './peer-routes.ts';
import { forwardChains, jumps, masqueradeChains, POLICY_CHAIN, type NodeRules } from './rules.ts';
import { allowForwarding, type Sysctls } from './sysctls.ts';
import { findUplink, type Uplink } from './uplink.ts';
import { ensureVxlan, staleTunnelLines, tunnelLines, VXLAN_OVERHEAD } from './vxlan.ts';

export interface NodeSideOptions {
  readonly settings: BridgeSettings;
  readonly ip: Ip;
  readonly filters: readonly Iptables[];
  readonly commands: Commands;
  readonly sysctls: Sysctls;
  readonly log: Logger;
}

/** What the node has once, however many pods: bridge, forwarding, rules, routes and tunnels. */
export class NodeSide {
  readonly #options: NodeSideOptions;
  #own: readonly Cidr[] = [];
  #clusterCidrs: readonly Cidr[] = [];
  #uplink: Uplink | undefined;

  constructor(options: NodeSideOptions) {
    this.#options = options;
  }

  /**
   * @param ranges the node's, and those from which pods still have addresses
   * @throws {NetworkError} 7, 11 or 102
   */
  async configure({ nodeName, clusterCidrs }: NodeNetwork, ranges: readonly AddressRange[], signal: AbortSignal): Promise<{ readonly mtu: number; readonly tunnel?: string }> {
    const { settings, ip, sysctls } = this.#options;
    this.#clusterCidrs = clusterCidrs.map(cidrOf);
    this.#own = ranges.map(({ cidr }) => cidr);
    this.#uplink = settings.mode === 'vxlan' || settings.mtu === undefined ? await findUplink(ip, settings.device, signal) : undefined;
    const mtu = settings.mtu ?? (this.#uplink?.mtu ?? 1500) - this.#overhead();
    const isFiltered = await this.#allowForwarding();
    if (!isFiltered) this.#options.log.warn('the kernel module br_netfilter is missing: policies and services do not see what pods of this node say to each other');
    await ensureBridge(ip, sysctls, { name: settings.bridge, mtu, ranges }, signal);
    await Promise.all(this.#options.filters.map((filter) => this.#writeRules(filter, signal)));
    if (settings.mode !== 'vxlan') return { mtu };
    return { mtu, tunnel: await this.#openTunnel(nodeName, mtu, ranges, signal) };
  }

  /** @throws {NetworkError} 102 naming those that cannot be reached; all others are */
  async setPeers(peers: readonly NetworkPeer[], signal: AbortSignal): Promise<void> {
    const { settings: { mode, vxlan }, ip, commands } = this.#options;
    if (mode === 'none') return;
    const { routes, problems } = peerRoutes(peers, { mode, clusterCidrs: this.#clusterCidrs, own: this.#own, tunnelFamily: this.#tunnelFamily() });
    const wanted = new Set(routes.map(({ cidr }) => cidr.toString()));
    const complaints: (string | undefined)[] = [];
    const run = async (lines: readonly string[], program?: string): Promise<void> => void complaints.push(await ip.forced(lines, signal, program));
    if (mode === 'host-gw') {
      await run([...(await staleRouteLines(ip, wanted, signal)), ...hostGatewayLines(routes)]);
    } else {
      const [made, stale] = [tunnelLines(vxlan.name, routes), await staleTunnelLines(ip, commands, vxlan.name, routes, signal)];
      await run([...(await staleRouteLines(ip, wanted, signal)), ...stale.ip, ...made.ip]);
      await run([...stale.bridge, ...made.bridge], 'bridge');
    }
    throwProblems([...problems, ...complaints.filter((each) => each !== undefined)]);
  }

  async #allowForwarding(): Promise<boolean> {
    const { sysctls, commands } = this.#options;
    const families = { v4: this.#own.some(({ family }) => family === 'IPv4'), v6: this.#own.some(({ family }) => family === 'IPv6') };
    if (await allowForwarding(sysctls, families)) return true;
    await runCommand(commands, ['modprobe', 'br_netfilter'], AbortSignal.timeout(5000)).catch(() => undefined);
    return allowForwarding(sysctls, families);
  }

  async #writeRules(filter: Iptables, signal: AbortSignal): Promise<void> {
    const { family } = filter;
    const { settings: { bridge, masquerade, blockMetadata } } = this.#options;
    const rules: NodeRules = { bridge, masquerade, blockMetadata, podCidrs: texts(this.#own, family), clusterCidrs: texts(this.#clusterCidrs, family) };
    // Made once: what is in it is not ours.
    const policies: Chains = (await filter.rules('filter', POLICY_CHAIN, signal)) === undefined ? { [POLICY_CHAIN]: [] } : {};
    await filter.restore('filter', { ...policies, ...forwardChains(family, rules) }, signal);
    await filter.restore('nat', masqueradeChains(family, rules), signal);
  }

  /** When all chains are there. */
  async ensureJumps(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#options.filters.map(async (filter) => {
      for (const table of ['filter', 'nat'] as const) await filter.ensureJumps(table, jumps(filter.family)[table], signal);
    }));
  }

  async #openTunnel(nodeName: string, mtu: number, ranges: readonly AddressRange[], signal: AbortSignal): Promise<string> {
    const { settings: { vxlan } } = this.#options;
    const local = this.#uplink?.addresses[0];
    if (this.#uplink === undefined || local === undefined) throw new NetworkError(cniCodes.tryAgainLater, 'this node has no address between which and others a tunnel could be: there is no default route, and no option device');
    const mac = tunnelMac(nodeName);
    await ensureVxlan(this.#options, { ...vxlan, mac, device: this.#uplink.name, local, mtu, ranges }, signal);
    return mac;
  }

  #tunnelFamily(): IpFamily | undefined {
    return parseIp(this.#uplink?.addresses[0] ?? '')?.family;
  }

  #overhead(): number {
    return this.#options.settings.mode === 'vxlan' ? VXLAN_OVERHEAD[this.#tunnelFamily() ?? 'IPv4'] : 0;
  }
}

const texts = (ranges: readonly Cidr[], family: IpFamily): string[] => ranges.filter((each) => each.family === family).map(String);

function cidrOf(text: string): Cidr {
  const cidr = Cidr.parse(text);
  if (cidr === undefined) throw new NetworkError(cniCodes.invalidConfig, `${quoted(text)} is not a range of addresses`);
  return cidr;
}
