import { Cidr, parseIp } from '#core/api/ip.ts';
import type { ProxyEndpoint, ProxyPort } from '#core/spi/service-proxy.ts';

/** An address and port at which clients are waited for, and what is behind it. */
export interface Front {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** Key of the service's port. */
  readonly owner: string;
  readonly endpoints: readonly ProxyEndpoint[];
  readonly affinitySeconds: number | undefined;
  /** Clients that are let in; everybody when undefined. */
  readonly ranges: readonly Cidr[] | undefined;
}

export const frontKey = ({ protocol, address, port }: Pick<Front, 'protocol' | 'address' | 'port'>): string => `${protocol} ${address} ${port}`;

export interface FrontOptions {
  readonly nodePortAddresses: readonly string[];
  readonly externalIPs: boolean;
}

/** Everywhere that a port should be reached. A range that is none lets nobody in. */
export function frontsOf(port: ProxyPort, { nodePortAddresses, externalIPs }: FrontOptions): readonly Front[] {
  if (port.protocol === 'SCTP') return [];
  const { key: owner, affinitySeconds, endpoints, localEndpoints } = port;
  const protocol = port.protocol === 'TCP' ? 'tcp' : 'udp';
  const at = (address: string, number: number, behind: readonly ProxyEndpoint[], ranges?: readonly Cidr[]): Front =>
    ({ protocol, address, port: number, owner, endpoints: behind, affinitySeconds, ranges });
  const outside = port.externalLocal ? localEndpoints : endpoints;
  const ranges = port.sourceRanges?.map((text) => Cidr.parse(text)).filter((range) => range !== undefined);
  const nodeAddresses = port.nodePort === undefined ? [] : nodePortAddresses.filter((address) => parseIp(address)?.family === port.family);
  return [
    at(port.clusterIP, port.port, port.internalLocal ? localEndpoints : endpoints),
    ...port.loadBalancerIPs.map((address) => at(address, port.port, outside, ranges)),
    ...(externalIPs ? port.externalIPs : []).map((address) => at(address, port.port, outside)),
    // Who comes over loopback is the node itself, which no policy binds to its own pods.
    ...nodeAddresses.map((address) => at(address, port.nodePort ?? 0, isLoopback(address) ? endpoints : outside)),
  ];
}

const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');
