import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import { isInterfaceName, quoted } from '#plugins/network/cni-names.ts';

/** How pods of other nodes are reached: by routes to the nodes, which must be on one link; by tunnels; or by routes that someone else makes, such as a cloud. */
export type PeerMode = 'host-gw' | 'vxlan' | 'none';

export interface BridgeOptions {
  /** Folder of the journal of leases: one for each node. */
  readonly stateDir: string;
  /** `keelson0` by default. */
  readonly bridge?: string;
  /** Of the pods' interfaces; by default what the interface of the default route has, less what the tunnel needs. */
  readonly mtu?: number;
  /** `host-gw` by default. */
  readonly mode?: PeerMode;
  /** Whether the node stands for its pods towards whatever is outside the cluster's ranges; true by default. */
  readonly masquerade?: boolean;
  /** Whether pods reach themselves by way of a service; true by default. */
  readonly hairpin?: boolean;
  /** Whether pods are kept from the cloud's metadata service, 169.254.169.254; false by default. */
  readonly blockMetadata?: boolean;
  /** The interface by which other nodes are reached; by default that of the default route. */
  readonly device?: string;
  /** By default `keelson-vx`, 4739 and 8472. */
  readonly vxlan?: { readonly name?: string; readonly id?: number; readonly port?: number };
  /** `iptables` by default; variants such as `iptables-legacy` by their name. */
  readonly iptables?: string;
  /** How long a released address is given to nobody; 30,000 by default. */
  readonly cooldownMs?: number;
  /** How long a namespace has to end by itself after `del`, before its link is cut; 1,000 by default. */
  readonly detachAfterMs?: number;
}

export type BridgeSettings = Required<Omit<BridgeOptions, 'mtu' | 'device' | 'vxlan'>> & Pick<BridgeOptions, 'mtu' | 'device'> & { readonly vxlan: { readonly name: string; readonly id: number; readonly port: number } };

/** @throws {NetworkError} 7 naming the option */
export function settingsOf(options: BridgeOptions): BridgeSettings {
  const settings: BridgeSettings = {
    bridge: 'keelson0', mode: 'host-gw', masquerade: true, hairpin: true, blockMetadata: false, iptables: 'iptables', cooldownMs: 30_000, detachAfterMs: 1000,
    ...options,
    vxlan: { name: 'keelson-vx', id: 4739, port: 8472, ...options.vxlan },
  };
  const problem = problemOf(settings);
  if (problem !== undefined) throw new NetworkError(cniCodes.invalidConfig, `the option ${problem}`);
  return settings;
}

function problemOf({ bridge, mtu, mode, device, vxlan, iptables }: BridgeSettings): string | undefined {
  for (const [name, value] of Object.entries({ bridge, device, 'vxlan.name': vxlan.name })) {
    if (value !== undefined && !isInterfaceName(value)) return `${name} must be the name of an interface, not ${quoted(value)}`;
  }
  if (mtu !== undefined && !isFrom(mtu, 1280, 65_535)) return `mtu must be a number from 1280 to 65535, not ${quoted(mtu)}`;
  if (!['host-gw', 'vxlan', 'none'].includes(mode)) return `mode must be host-gw, vxlan or none, not ${quoted(mode)}`;
  if (!isFrom(vxlan.id, 1, 0xff_ffff)) return `vxlan.id must be a number from 1 to 16777215, not ${quoted(vxlan.id)}`;
  if (!isFrom(vxlan.port, 1, 65_535)) return `vxlan.port must be a port, not ${quoted(vxlan.port)}`;
  if (!/^iptables(-[a-z]+)?$/.test(iptables)) return `iptables must be the name of that program or of a variant, not ${quoted(iptables)}`;
  return undefined;
}

const isFrom = (value: number, least: number, most: number): boolean => Number.isInteger(value) && value >= least && value <= most;
