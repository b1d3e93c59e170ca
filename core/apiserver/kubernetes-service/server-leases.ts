import { Lease } from '#core/api/schema/coordination-v1.ts';
import { isKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { Client } from '#core/client/client.ts';
import { rfc3339Micro, type Clock } from '#core/kernel/clock.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { addressText, parseAddress, type AdvertisedAddress } from './advertised.ts';

const namespace = 'kube-system';
const identityLabel = 'apiserver.kubernetes.io/identity';
const annotation = 'keelson.io/advertised-address';
/** For how long others count on a server that does not renew. */
const durationSeconds = 30;

export const renewMs = 10_000;

export const isServerLease = ({ metadata }: KubernetesObject): boolean => metadata.namespace === namespace && metadata.labels?.[identityLabel] !== undefined;

export interface ServerLeasesOptions {
  readonly objects: ObjectStore;
  readonly client: Client;
  readonly clock: Clock;
}

/** By these Leases the servers over one store tell each other where they are reached, as upstream's do by its `masterleases`. */
export class ServerLeases {
  readonly #options: ServerLeasesOptions;

  constructor(options: ServerLeasesOptions) {
    this.#options = options;
  }

  async renew(address: AdvertisedAddress, signal: AbortSignal): Promise<void> {
    const { objects, client, clock } = this.#options;
    const name = `apiserver-${addressText(address).replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-|-$/g, '')}`;
    const found = objects.get(Lease, namespace, name);
    const spec = { holderIdentity: addressText(address), leaseDurationSeconds: durationSeconds, renewTime: rfc3339Micro(clock.now()) };
    if (found === undefined) {
      const labels = { [identityLabel]: 'kube-apiserver' };
      await client.create(Lease, { metadata: { name, namespace, labels, annotations: { [annotation]: addressText(address) } }, spec }, {}, signal);
    } else if (isKindOf(found, Lease) && clock.now() - Date.parse(found.spec.renewTime ?? '') >= renewMs * 0.9) {
      await client.update(Lease, { ...found, spec: { ...found.spec, ...spec } }, {}, signal);
    }
  }

  /** The servers that have renewed in time. */
  addresses(): readonly AdvertisedAddress[] {
    const { objects, clock } = this.#options;
    const found: AdvertisedAddress[] = [];
    for (const [, lease] of objects.cache(Lease).range(`${namespace}/`, undefined)) {
      if (!isServerLease(lease) || !isKindOf(lease, Lease)) continue;
      const address = parseAddress(lease.metadata.annotations?.[annotation] ?? '');
      const until = Date.parse(lease.spec.renewTime ?? '') + (lease.spec.leaseDurationSeconds ?? 0) * 1000;
      if (address !== undefined && until >= clock.now()) found.push(address);
    }
    return found;
  }
}
