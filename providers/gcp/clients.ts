import type {
  AddressesClient, DisksClient, FirewallsClient, ForwardingRulesClient, GlobalOperationsClient, ImagesClient, InstanceGroupsClient, InstancesClient, RegionBackendServicesClient, RegionDisksClient,
  RegionHealthChecksClient, RegionOperationsClient, RoutesClient, SnapshotsClient, SubnetworksClient, ZoneOperationsClient, ZonesClient,
} from '@google-cloud/compute';
import type { GcpSettings } from './settings.ts';

/** The vendor's clients of what the provider works with. */
export interface ComputeClients {
  readonly addresses: AddressesClient;
  readonly disks: DisksClient;
  readonly firewalls: FirewallsClient;
  readonly forwardingRules: ForwardingRulesClient;
  readonly globalOperations: GlobalOperationsClient;
  readonly images: ImagesClient;
  readonly instanceGroups: InstanceGroupsClient;
  readonly instances: InstancesClient;
  readonly regionBackendServices: RegionBackendServicesClient;
  readonly regionDisks: RegionDisksClient;
  readonly regionHealthChecks: RegionHealthChecksClient;
  readonly regionOperations: RegionOperationsClient;
  readonly routes: RoutesClient;
  readonly snapshots: SnapshotsClient;
  readonly subnetworks: SubnetworksClient;
  readonly zoneOperations: ZoneOperationsClient;
  readonly zones: ZonesClient;
}

type Options = NonNullable<ConstructorParameters<typeof DisksClient>[0]>;
/** One file of the package each: all of it takes six times as long to load. */
const files: Readonly<Record<keyof ComputeClients, () => Promise<unknown>>> = {
  addresses: () => import('@google-cloud/compute/build/src/v1/addresses_client.js'),
  disks: () => import('@google-cloud/compute/build/src/v1/disks_client.js'),
  firewalls: () => import('@google-cloud/compute/build/src/v1/firewalls_client.js'),
  forwardingRules: () => import('@google-cloud/compute/build/src/v1/forwarding_rules_client.js'),
  globalOperations: () => import('@google-cloud/compute/build/src/v1/global_operations_client.js'),
  images: () => import('@google-cloud/compute/build/src/v1/images_client.js'),
  instanceGroups: () => import('@google-cloud/compute/build/src/v1/instance_groups_client.js'),
  instances: () => import('@google-cloud/compute/build/src/v1/instances_client.js'),
  regionBackendServices: () => import('@google-cloud/compute/build/src/v1/region_backend_services_client.js'),
  regionDisks: () => import('@google-cloud/compute/build/src/v1/region_disks_client.js'),
  regionHealthChecks: () => import('@google-cloud/compute/build/src/v1/region_health_checks_client.js'),
  regionOperations: () => import('@google-cloud/compute/build/src/v1/region_operations_client.js'),
  routes: () => import('@google-cloud/compute/build/src/v1/routes_client.js'),
  snapshots: () => import('@google-cloud/compute/build/src/v1/snapshots_client.js'),
  subnetworks: () => import('@google-cloud/compute/build/src/v1/subnetworks_client.js'),
  zoneOperations: () => import('@google-cloud/compute/build/src/v1/zone_operations_client.js'),
  zones: () => import('@google-cloud/compute/build/src/v1/zones_client.js'),
};

interface Closable {
  close(): Promise<void>;
}

/** Makes each client when it is first asked for. */
export class ClientShelf {
  readonly #settings: Pick<GcpSettings, 'endpoint' | 'keyFile'>;
  readonly #made = new Map<string, Promise<Closable>>();
  #isClosed = false;

  constructor(settings: Pick<GcpSettings, 'endpoint' | 'keyFile'>) {
    this.#settings = settings;
  }

  get<Name extends keyof ComputeClients>(name: Name): Promise<ComputeClients[Name]> {
    if (this.#isClosed) throw new Error('the clients are closed');
    const made = this.#made.get(name) ?? this.#make(name);
    this.#made.set(name, made);
    return made as unknown as Promise<ComputeClients[Name]>;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#made.values()].map(async (client) => (await client).close()));
  }

  async #make(name: keyof ComputeClients): Promise<Closable> {
    const found = (await files[name]()) as Readonly<Record<string, unknown>>;
    const className = `${name[0]?.toUpperCase()}${name.slice(1)}Client`;
    const Client = (found[className] ?? (found['default'] as Readonly<Record<string, unknown>>)[className]) as new (options: Options) => Closable;
    return new Client(this.#options());
  }

  #options(): Options {
    const { endpoint, keyFile } = this.#settings;
    const url = endpoint === undefined ? undefined : new URL(endpoint);
    // The vendor warns of files from strangers; this one is the operator's.
    const key: Readonly<Record<string, string>> = keyFile === undefined ? {} : { keyFilename: keyFile };
    return {
      ...key,
      ...(url === undefined ? {} : { apiEndpoint: url.hostname, port: Number(url.port || (url.protocol === 'http:' ? 80 : 443)), protocol: url.protocol.slice(0, -1) }),
    };
  }
}
