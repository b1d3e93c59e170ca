import { canonicalIp, parseIp } from '#core/api/ip.ts';
import type { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import type { LoadBalancerEndpoint } from '#core/spi/load-balancers.ts';

const serviceLabel = 'kubernetes.io/service-name';

/** The service of a slice as `namespace/name`; undefined when it belongs to none. */
export function serviceOf({ metadata: { namespace = '', labels } }: EndpointSlice): string | undefined {
  const name = labels?.[serviceLabel];
  return name === undefined ? undefined : `${namespace}/${name}`;
}

/** The pods that are ready, by port, in a steady order. */
export function endpointsOf(slices: Iterable<EndpointSlice>): readonly LoadBalancerEndpoint[] {
  const all = [...slices].flatMap(({ ports, endpoints }) =>
    endpoints.filter(({ conditions }) => conditions.ready !== false).flatMap(({ addresses: [address = ''] }) =>
      (parseIp(address) === undefined ? [] : (ports ?? []).flatMap(({ name = '', port }) => (port === undefined ? [] : [{ port: name, address: canonicalIp(address), targetPort: port }])))));
  return [...new Map(all.map((one) => [`${one.port} ${one.address} ${one.targetPort}`, one])).entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
