import type { DnsOptions } from './dns-server.ts';
import { dnsPort, parseEndpoint } from './endpoints.ts';

const known = new Set(['upstream', 'resolv-conf']);

/**
 * `dns://10.0.0.1,[fd00::1]:53?upstream=192.0.2.53&resolv-conf=/run/resolv.conf`. The port is one for all addresses; `upstream` may come several times.
 * @throws {RangeError} that names what is wrong
 */
export function parseDnsUrl(url: string): DnsOptions {
  const match = /^dns:\/\/(?<hosts>[^/?#]+)\/?(?:\?(?<query>[^#]*))?$/.exec(url);
  if (match?.groups === undefined) throw new RangeError(`${JSON.stringify(url)} is no address of a name server: dns://ADDRESS[:PORT][,ADDRESS…]`);
  const endpoints = (match.groups['hosts'] ?? '').split(',').map((text) => parseEndpoint(text, -1));
  const ports = new Set(endpoints.map(({ port }) => port).filter((port) => port >= 0));
  if (ports.size > 1) throw new RangeError(`${JSON.stringify(url)} has several ports, and all addresses share one`);
  const query = new URLSearchParams(match.groups['query'] ?? '');
  for (const name of query.keys()) if (!known.has(name)) throw new RangeError(`${JSON.stringify(name)} is no option of the name server; there are: ${[...known].join(', ')}`);
  const upstreams = query.getAll('upstream');
  const resolvConf = query.get('resolv-conf');
  return {
    addresses: endpoints.map(({ address }) => address),
    port: [...ports][0] ?? dnsPort,
    ...(upstreams.length === 0 ? {} : { upstreams }),
    ...(resolvConf === null ? {} : { resolvConf }),
  };
}
