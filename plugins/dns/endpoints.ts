import { isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Endpoint } from './exchange.ts';

export const dnsPort = 53;

/** `10.0.0.1`, `10.0.0.1:5353`, `fd00::1`, `[fd00::1]:5353`. @throws {RangeError} for anything else */
export function parseEndpoint(text: string, defaultPort = dnsPort): Endpoint {
  const { six, four, port: digits } = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:[\]]+))(?::(?<port>\d{1,5}))?$/.exec(text)?.groups ?? {};
  const address = six ?? four ?? text;
  const port = digits === undefined ? defaultPort : Number(digits);
  if (isIP(address) === 0 || port > 65_535) throw new RangeError(`${JSON.stringify(text)} is no address of a name server, such as 10.0.0.1, 10.0.0.1:5353 or [fd00::1]:5353`);
  return { address, port };
}

export const endpointText = ({ address, port }: Endpoint): string => (isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`);

const everywhere = new Set(['0.0.0.0', '::']);

/** Whether something that listens at `own` hears what is sent to the endpoint. */
export function isHeardBy(own: readonly Endpoint[], { address, port }: Endpoint): boolean {
  return own.some((each) => each.port === port && (each.address === address || (everywhere.has(each.address) && isOfThisMachine(address))));
}

const isOfThisMachine = (address: string): boolean =>
  everywhere.has(address) || address.startsWith('127.') || address === '::1' || Object.values(networkInterfaces()).some((list = []) => list.some((each) => each.address === address));
