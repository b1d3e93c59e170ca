import { Section } from '#core/kernel/section.ts';

/** What an operator may decide about the AWS provider: the section `aws:` of the file that `--provider-config` names. */
export interface AwsSettings {
  /** By default as the SDK finds it, or the region of this machine. */
  readonly region: string | undefined;
  /** For volumes whose class and pod do not care. */
  readonly zone: string | undefined;
  /** In place of the vendor's, for EC2 and Elastic Load Balancing; by default `AWS_ENDPOINT_URL` and its kin. */
  readonly endpoint: string | undefined;
  /** In the tag `kubernetes.io/cluster/<clusterId>`, by which what is this cluster's is known; the UID of Namespace kube-system by default. */
  readonly clusterId: string | undefined;
  readonly vpcId: string | undefined;
  /** For load balancers, one for each zone; found by their tags by default. */
  readonly subnetIds: readonly string[];
  /** Of the nodes: load balancers' packets are let in there. Found by the cluster's tag by default. */
  readonly securityGroupIds: readonly string[];
  /** Of the cluster's subnets; found by the cluster's tag by default. */
  readonly routeTableIds: readonly string[];
  /** Of the shared configuration and credentials files. */
  readonly profile: string | undefined;
  /** On everything that is made. */
  readonly extraTags: Readonly<Record<string, string>>;
  /** Most volumes of a node; by its instance type when undefined. */
  readonly volumeAttachLimit: number | undefined;
  /** Where a node's devices are. */
  readonly deviceDir: string;
  /** Services of type LoadBalancer are served. */
  readonly loadBalancers: boolean;
  /** Route tables lead to the pods of each node. */
  readonly routes: boolean;
}

const keys = ['region', 'zone', 'endpoint', 'clusterId', 'vpcId', 'subnetIds', 'securityGroupIds', 'routeTableIds', 'profile', 'extraTags', 'volumeAttachLimit', 'deviceDir', 'loadBalancers', 'routes'] as const satisfies readonly (keyof AwsSettings)[];

/** @throws {RangeError} naming the setting */
export function awsSettings(config: Readonly<Record<string, unknown>> = {}): AwsSettings {
  const section = new Section('aws', config, keys);
  return {
    region: section.text('region'), zone: section.text('zone'), endpoint: url(section.text('endpoint')), clusterId: clusterId(section.text('clusterId')),
    vpcId: section.text('vpcId'), subnetIds: section.texts('subnetIds'), securityGroupIds: section.texts('securityGroupIds'), routeTableIds: section.texts('routeTableIds'),
    profile: section.text('profile'), extraTags: section.map('extraTags'), volumeAttachLimit: section.count('volumeAttachLimit'), deviceDir: section.text('deviceDir') ?? '/dev',
    loadBalancers: section.truth('loadBalancers', true), routes: section.truth('routes', false),
  };
}

function url(text: string | undefined): string | undefined {
  if (text === undefined || /^https?:$/.test(URL.parse(text)?.protocol ?? '')) return text;
  throw new RangeError(`aws.endpoint must be an address such as http://127.0.0.1:4566, not ${JSON.stringify(text)}`);
}

/** Part of a tag's key, which has 128 characters at most. */
function clusterId(text: string | undefined): string | undefined {
  if (text === undefined || /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return text;
  throw new RangeError(`aws.clusterId must be at most 63 letters, digits, ".", "_" and "-", not ${JSON.stringify(text)}`);
}
