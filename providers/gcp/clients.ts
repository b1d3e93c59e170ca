import { createRequire } from 'node:module';
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
  initialize(): Promise<unknown>;
  close(): Promise<void>;
}

/** So long a client that could not be made, for want of credentials, is not tried again: it takes half a second. */
const failedMs = 5_000;

/** Makes each client when it is first asked for. */
export class ClientShelf {
  readonly #settings: Pick<GcpSettings, 'endpoint' | 'keyFile'>;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #made = new Map<string, Promise<Closable>>();
  #isClosed = false;

  constructor(settings: Pick<GcpSettings, 'endpoint' | 'keyFile'>, environment: Readonly<Record<string, string | undefined>> = process.env) {
    this.#settings = settings;
    this.#environment = environment;
  }

  get<Name extends keyof ComputeClients>(name: Name): Promise<ComputeClients[Name]> {
    if (this.#isClosed) throw new Error('the clients are closed');
    const made = this.#made.get(name) ?? this.#making(name);
    return made as unknown as Promise<ComputeClients[Name]>;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#made.values()].map(async (client) => (await client).close()));
  }

  #making(name: keyof ComputeClients): Promise<Closable> {
    const made = this.#make(name);
    this.#made.set(name, made);
    made.catch(() => void setTimeout(() => this.#made.delete(name), failedMs).unref());
    return made;
  }

  async #make(name: keyof ComputeClients): Promise<Closable> {
    const found = (await files[name]()) as Readonly<Record<string, unknown>>;
    const className = `${name[0]?.toUpperCase()}${name.slice(1)}Client`;
    const Client = (found[className] ?? (found['default'] as Readonly<Record<string, unknown>>)[className]) as new (options: Options) => Closable;
    const client = new Client(this.#options());
    // Its methods would do that too, and let a failure fall where nobody can catch it.
    await client.initialize();
    return client;
  }

  #options(): Options {
    const { endpoint, keyFile } = this.#settings;
    const url = endpoint === undefined ? undefined : new URL(endpoint);
    // The vendor warns of files from strangers; this one is the operator's.
    const key: Readonly<Record<string, string>> = keyFile === undefined ? {} : { keyFilename: keyFile };
    return {
      ...key, ...(url?.protocol === 'http:' && this.#hasNoCredentials() ? { authClient: nobody() } : {}),
      ...(url === undefined ? {} : { apiEndpoint: url.hostname, port: Number(url.port || (url.protocol === 'http:' ? 80 : 443)), protocol: url.protocol.slice(0, -1) }),
    };
  }

  #hasNoCredentials(): boolean {
    return this.#settings.keyFile === undefined && ['GOOGLE_APPLICATION_CREDENTIALS', 'GCE_METADATA_HOST', 'GCE_METADATA_IP'].every((name) => (this.#environment[name] ?? '') === '');
  }
}

/** Without TLS there is an emulator, to which nobody's own credentials go unless somebody says so. */
function nobody(): NonNullable<Options['authClient']> {
  const require = createRequire(import.meta.resolve('@google-cloud/compute'));
  const { googleAuthLibrary: { OAuth2Client } } = require('google-gax') as { readonly googleAuthLibrary: { readonly OAuth2Client: new () => NonNullable<Options['authClient']> } };
  const client = new OAuth2Client();
  client.setCredentials({ access_token: 'nobody', expiry_date: Number.MAX_SAFE_INTEGER });
  return client;
}
