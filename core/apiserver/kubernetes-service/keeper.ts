import { Cidr, ipFamilyOf, ipText } from '#core/api/ip.ts';
import { Lease } from '#core/api/schema/coordination-v1.ts';
import { Endpoints } from '#core/api/schema/core-v1/endpoints.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { isKindOf, type Draft, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { Upkeep } from '#core/apiserver/upkeep.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { addressText, type Advertised, type AdvertisedAddress } from './advertised.ts';
import { isServerLease, renewMs, ServerLeases } from './server-leases.ts';

export interface KubernetesServiceKeeperOptions {
  readonly objects: ObjectStore;
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The service gets the first address of the first range. */
  readonly serviceCidrs: readonly string[];
  readonly advertised: Advertised;
}

const key = { namespace: 'default', name: 'kubernetes' };

/**
 * Keeps the service `default/kubernetes` and its endpoints: the addresses of all API servers that live. A server that shares its store
 * with others and ends without a word is left out when its lease has run out. Before any server is reached from outside its machine
 * the service has no endpoints: the API takes no loopback addresses.
 */
export function kubernetesServiceKeeper(options: KubernetesServiceKeeperOptions): Upkeep {
  const { objects, clock, advertised } = options;
  const leases = new ServerLeases(options);
  return new Upkeep({
    name: 'kubernetes-service-keeper', clock, logger: options.logger,
    watch: (ask) => {
      const isOurs = ({ metadata }: KubernetesObject): boolean => metadata.name === key.name && metadata.namespace === key.namespace;
      const ends = [
        ...[Service, Endpoints, EndpointSlice].map((kind) => objects.cache(kind).subscribe(({ object }) => isOurs(object) && ask())),
        objects.cache(Namespace).subscribe(({ object }) => object.metadata.name === key.namespace && ask()),
        // A renewal changes nothing; one that fails to come is seen at the next beat.
        objects.cache(Lease).subscribe(({ object, previous, deleted }) => isServerLease(object) && (deleted || previous === undefined) && ask()),
        advertised.onChange(ask),
        ...(objects.shared ? [beat(clock, ask)] : []),
      ];
      return () => ends.forEach((end) => end());
    },
    task: async (signal) => {
      if (objects.get(Namespace, undefined, key.namespace) === undefined) return;
      try {
        if (objects.shared && advertised.address !== undefined) await leases.renew(advertised.address, signal);
        await keepService(options, signal);
        await keepEndpoints(options, distinct([...(advertised.address ? [advertised.address] : []), ...(objects.shared ? leases.addresses() : [])]), signal);
      } catch (error) {
        // Another control plane over the same store may have been faster; the change that it made asks again.
        if (!StatusError.is(error, 'AlreadyExists', 'Conflict', 'NotFound')) throw error;
      }
    },
  });
}

function beat(clock: Clock, ask: () => void): () => void {
  let cancel = clock.after(renewMs, function again() {
    cancel = clock.after(renewMs, again);
    ask();
  });
  return () => cancel();
}

/** In a steady order. */
const distinct = (all: readonly AdvertisedAddress[]): readonly AdvertisedAddress[] =>
  [...new Map(all.map((one) => [addressText(one), one]))].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);

async function keepService({ objects, client, serviceCidrs, advertised: { address } }: KubernetesServiceKeeperOptions, signal: AbortSignal): Promise<void> {
  const found = objects.get(Service, key.namespace, key.name);
  const targetPort = address?.port ?? 6443;
  if (found === undefined) {
    const cidr = Cidr.parse(serviceCidrs[0] ?? '');
    if (cidr === undefined) throw new RangeError(`${JSON.stringify(serviceCidrs[0])} is no range of addresses for services`);
    await client.create(Service, {
      metadata: { ...key, labels: { component: 'apiserver', provider: 'kubernetes' } },
      spec: { type: 'ClusterIP', clusterIP: ipText(cidr.nth(1n)), sessionAffinity: 'None', ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort }] },
    }, {}, signal);
    return;
  }
  if (!isKindOf(found, Service) || address === undefined) return;
  const [port, ...others] = found.spec.ports ?? [];
  if (port === undefined || port.targetPort === targetPort) return;
  await client.update(Service, { ...found, spec: { ...found.spec, ports: [{ ...port, targetPort }, ...others] } }, {}, signal);
}

async function keepEndpoints(options: KubernetesServiceKeeperOptions, all: readonly AdvertisedAddress[], signal: AbortSignal): Promise<void> {
  const byPort = Map.groupBy(all, ({ port }) => port);
  const subsets = [...byPort].map(([port, ones]) => ({ addresses: ones.map(({ ip }) => ({ ip })), ports: [{ name: 'https', port, protocol: 'TCP' as const }] }));
  const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  await keep(options, Endpoints, { metadata: { ...key, labels }, subsets }, ({ subsets: said = [] }) => said, signal);
  // A slice has one family and one set of ports: that of the first.
  const [first] = all;
  const addressType = ipFamilyOf(first?.ip ?? '') ?? 'IPv4';
  const alike = all.filter(({ ip, port }) => ipFamilyOf(ip) === addressType && port === first?.port);
  await keep(options, EndpointSlice, {
    metadata: { ...key, labels: { 'kubernetes.io/service-name': key.name } },
    addressType,
    endpoints: alike.map(({ ip }) => ({ addresses: [ip], conditions: { ready: true } })),
    ports: [{ name: 'https', port: first?.port ?? 6443, protocol: 'TCP' }],
  }, ({ endpoints, ports = [] }) => [endpoints.map(({ addresses }) => addresses), ports.map(({ port }) => port)], signal);
}

/** Makes the object, or puts right what of it counts (`said`). */
async function keep<T extends KubernetesObject>(
  { objects, client, advertised }: KubernetesServiceKeeperOptions, kind: Kind<T>, wanted: Draft<T>, said: (object: T) => unknown, signal: AbortSignal,
): Promise<void> {
  const found = objects.get(kind, key.namespace, key.name);
  if (found === undefined) {
    if (advertised.address !== undefined) await client.create(kind, wanted, {}, signal);
    return;
  }
  const labels = { ...found.metadata.labels, ...wanted.metadata.labels };
  const next = Object.assign({}, found, wanted, { metadata: { ...found.metadata, labels } });
  if (!isKindOf(found, kind) || !isKindOf(next, kind) || deepEqual(said(found), said(next))) return;
  await client.update(kind, next, {}, signal);
}
