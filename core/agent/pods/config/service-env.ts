import { clusterIPsOf } from '#core/api/service-addresses.ts';
import type { Service } from '#core/api/schema/core-v1/service.ts';

const apiService = { namespace: 'default', name: 'kubernetes' };

const hasAddress = ({ spec }: Service): boolean => clusterIPsOf(spec).length > 0;
const isApi = ({ metadata }: Service): boolean => metadata.namespace === apiService.namespace && metadata.name === apiService.name;

/** Variables by which containers find services, in the form of Docker's links. The API's service is always among them; a namespace's own of that name wins. */
export function serviceEnv(services: Iterable<Service>, namespace: string, withLinks: boolean): ReadonlyMap<string, string> {
  const chosen = new Map<string, Service>();
  for (const service of services) {
    if (!hasAddress(service)) continue;
    const { name } = service.metadata;
    const isOwn = service.metadata.namespace === namespace && withLinks;
    if (isOwn || (isApi(service) && !chosen.has(name))) chosen.set(name, service);
  }
  const variables = new Map<string, string>();
  for (const service of [...chosen.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) describe(service, variables);
  return variables;
}

const word = (name: string): string => name.toUpperCase().replaceAll('-', '_');

function describe({ metadata, spec }: Service, variables: Map<string, string>): void {
  const [address = ''] = clusterIPsOf(spec);
  const prefix = word(metadata.name);
  const host = address.includes(':') ? `[${address}]` : address;
  for (const [i, { name = '', port, protocol = 'TCP' }] of (spec.ports ?? []).entries()) {
    const scheme = protocol.toLowerCase();
    const url = `${scheme}://${host}:${port}`;
    if (i === 0) {
      variables.set(`${prefix}_SERVICE_HOST`, address);
      variables.set(`${prefix}_SERVICE_PORT`, String(port));
      variables.set(`${prefix}_PORT`, url);
    }
    if (name !== '') variables.set(`${prefix}_SERVICE_PORT_${word(name)}`, String(port));
    const link = `${prefix}_PORT_${port}_${protocol}`;
    variables.set(link, url);
    variables.set(`${link}_PROTO`, scheme);
    variables.set(`${link}_PORT`, String(port));
    variables.set(`${link}_ADDR`, address);
  }
}
