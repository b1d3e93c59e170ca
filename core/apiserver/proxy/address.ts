import { Cidr, parseIp } from '#core/api/ip.ts';

/** Where a connection goes. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Turns an address of the cluster's network into one that this process can reach: for servers that stand outside of that network. */
export type Egress = (to: Address) => Address;

/** The server stands in the cluster's network. */
export const direct: Egress = (to) => to;

/** `10.0.0.1:443`, `[fd00::1]:443`. */
export const addressText = ({ host, port }: Address): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

const barred = [
  '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '0.0.0.0/32', '255.255.255.255/32',
  '::/128', '::1/128', 'fe80::/10', 'ff00::/8',
].map((text) => Cidr.parse(text)).filter((range) => range !== undefined);

/**
 * Whether users may have themselves connected there: not to this machine, its links or everybody at once, whatever a pod or node says
 * its address is.
 */
export function isProxyable(ip: string): boolean {
  const address = parseIp(ip);
  return address !== undefined && !barred.some((range) => range.contains(address));
}
