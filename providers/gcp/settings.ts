import { Section } from '#core/kernel/section.ts';

/** What an operator may decide about the GCP provider: the section `gcp:` of the file that `--provider-config` names. */
export interface GcpSettings {
  /** By default the environment's, or this machine's. */
  readonly project: string | undefined;
  /** For disks whose class and pod do not care, and where the region is not given, its region. */
  readonly zone: string | undefined;
  /** Of load balancers and regional disks. */
  readonly region: string | undefined;
  /** Name of the VPC network of the nodes. */
  readonly network: string;
  /** Name of the subnetwork for internal load balancers; in a network of automatic mode the region's. */
  readonly subnetwork: string | undefined;
  /** In place of the vendor's: `http://127.0.0.1:4567`. */
  readonly endpoint: string | undefined;
  /** In the label `keelson-cluster` and in descriptions, by which what is this cluster's is known; the UID of Namespace kube-system by default. */
  readonly clusterId: string | undefined;
  /** Of the credentials; by default as Application Default Credentials are found. */
  readonly keyFile: string | undefined;
  /** On everything that is made and can have labels. */
  readonly extraLabels: Readonly<Record<string, string>>;
  /** Network tags of the nodes: firewall rules apply to these instances; to the network's all when there are none. */
  readonly nodeTags: readonly string[];
  /** Most volumes of a node; by its machine type when undefined. */
  readonly volumeAttachLimit: number | undefined;
  /** Where a node's devices are. */
  readonly deviceDir: string;
  /** Services of type LoadBalancer are served. */
  readonly loadBalancers: boolean;
  /** The network has routes to the pods of each node. */
  readonly routes: boolean;
}

const keys = ['project', 'zone', 'region', 'network', 'subnetwork', 'endpoint', 'clusterId', 'keyFile', 'extraLabels', 'nodeTags', 'volumeAttachLimit', 'deviceDir', 'loadBalancers', 'routes'] as const satisfies readonly (keyof GcpSettings)[];

/** @throws {RangeError} naming the setting */
export function gcpSettings(config: Readonly<Record<string, unknown>> = {}): GcpSettings {
  const section = new Section('gcp', config, keys);
  return {
    project: section.text('project'), zone: section.text('zone'), region: section.text('region'), network: section.text('network') ?? 'default', subnetwork: section.text('subnetwork'),
    endpoint: url(section.text('endpoint')), clusterId: clusterId(section.text('clusterId')), keyFile: section.text('keyFile'), extraLabels: section.map('extraLabels'), nodeTags: section.texts('nodeTags'),
    volumeAttachLimit: section.count('volumeAttachLimit'), deviceDir: section.text('deviceDir') ?? '/dev',
    loadBalancers: section.truth('loadBalancers', true), routes: section.truth('routes', false),
  };
}

function url(text: string | undefined): string | undefined {
  if (text === undefined || /^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  throw new RangeError(`gcp.endpoint must be an address such as http://127.0.0.1:4567, not ${JSON.stringify(text)}`);
}

/** A label's value. */
function clusterId(text: string | undefined): string | undefined {
  if (text === undefined || /^[a-z0-9][a-z0-9_-]{0,62}$/.test(text)) return text;
  throw new RangeError(`gcp.clusterId must be at most 63 small letters, digits, "_" and "-", not ${JSON.stringify(text)}`);
}
