import type { Row } from './table.ts';

export type InstanceState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

export interface Instance extends Row {
  readonly reservationId: string;
  readonly launchIndex: number;
  readonly type: string;
  readonly imageId: string;
  readonly state: InstanceState;
  readonly stateReason?: { readonly code: string; readonly message: string };
  /** Why and when it last changed, in the vendor's words. */
  readonly transition?: string;
  readonly zone: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly interfaceId: string;
  readonly privateIp: string;
  readonly publicIp?: string;
  readonly groupIds: readonly string[];
  readonly sourceDestCheck: boolean;
  readonly launchedAt: number;
  readonly clientToken?: string;
  readonly keyName?: string;
  readonly userData?: string;
  readonly profile?: string;
  readonly terminationProtected: boolean;
  readonly stopProtected: boolean;
  readonly shutdownBehavior: string;
  readonly ebsOptimized: boolean;
  readonly lifecycle?: 'spot';
  readonly monitoring: boolean;
}

export type AttachmentState = 'attaching' | 'attached' | 'detaching';

export interface Attachment {
  readonly instanceId: string;
  readonly device: string;
  readonly state: AttachmentState;
  readonly since: number;
  readonly deleteOnTermination: boolean;
}

export interface Volume extends Row {
  readonly zone: string;
  readonly sizeGiB: number;
  readonly type: string;
  readonly iops?: number;
  readonly throughput?: number;
  readonly encrypted: boolean;
  readonly kmsKeyId?: string;
  readonly snapshotId?: string;
  readonly multiAttach: boolean;
  readonly state: 'creating' | 'available' | 'in-use' | 'deleting' | 'error';
  readonly createdAt: number;
  readonly attachments: readonly Attachment[];
  readonly clientToken?: string;
  /** When modifications of it began, oldest first. */
  readonly modifiedAt: readonly number[];
}

export interface VolumeShape {
  readonly sizeGiB: number;
  readonly type: string;
  readonly iops?: number;
  readonly throughput?: number;
  readonly multiAttach: boolean;
}

/** The last modification of a volume; its id is the volume's. */
export interface Modification extends Row {
  readonly state: 'modifying' | 'optimizing' | 'completed' | 'failed';
  readonly progress: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly from: VolumeShape;
  readonly to: VolumeShape;
}

export interface Snapshot extends Row {
  readonly volumeId: string;
  readonly sizeGiB: number;
  readonly state: 'pending' | 'completed' | 'error';
  readonly startedAt: number;
  readonly completedAt?: number;
  readonly description: string;
  readonly encrypted: boolean;
  readonly kmsKeyId?: string;
}

export interface Vpc extends Row {
  readonly cidr: string;
  readonly isDefault: boolean;
}

export interface Subnet extends Row {
  readonly vpcId: string;
  readonly zone: string;
  readonly zoneId: string;
  readonly cidr: string;
  readonly publicByDefault: boolean;
  readonly defaultForZone: boolean;
}

export interface InternetGateway extends Row {
  readonly vpcId: string;
}

export interface Rule {
  readonly id: string;
  readonly egress: boolean;
  /** `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all. */
  readonly protocol: string;
  readonly from?: number;
  readonly to?: number;
  readonly peer: { readonly kind: 'cidr4' | 'cidr6' | 'group' | 'prefixList'; readonly value: string };
  readonly description?: string;
  readonly tags: ReadonlyMap<string, string>;
}

export interface SecurityGroup extends Row {
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  readonly rules: readonly Rule[];
}

export type RouteTarget = 'GatewayId' | 'InstanceId' | 'NetworkInterfaceId' | 'NatGatewayId' | 'VpcPeeringConnectionId' | 'TransitGatewayId' | 'EgressOnlyInternetGatewayId';

export interface Route {
  readonly destination: string;
  readonly kind: RouteTarget;
  readonly target: string;
  readonly origin: 'CreateRouteTable' | 'CreateRoute';
}

export interface RouteTable extends Row {
  readonly vpcId: string;
  /** The main table serves the subnets that have none of their own. */
  readonly main: boolean;
  readonly subnetIds: readonly string[];
  readonly routes: readonly Route[];
}

export interface Address extends Row {
  readonly publicIp: string;
  /** What uses it: a balancer's ARN. */
  readonly usedBy?: string;
}

export interface BalancerZone {
  readonly zone: string;
  readonly subnetId: string;
  readonly allocationId?: string;
  readonly privateIp?: string;
}

/** Its id is the ARN, as those of target groups and listeners. */
export interface Balancer extends Row {
  readonly name: string;
  readonly dnsName: string;
  readonly type: string;
  readonly scheme: string;
  readonly vpcId: string;
  readonly ipAddressType: string;
  readonly state: 'provisioning' | 'active' | 'failed';
  readonly createdAt: number;
  readonly zones: readonly BalancerZone[];
  readonly groupIds: readonly string[];
  readonly privateLinkRules?: string;
  readonly attributes: ReadonlyMap<string, string>;
}

export interface TargetHealth {
  readonly state: 'initial' | 'healthy' | 'unhealthy' | 'unused' | 'draining' | 'unavailable';
  readonly reason?: string;
  readonly description?: string;
}

export interface Target {
  readonly id: string;
  readonly port: number;
  readonly zone?: string;
  readonly health: TargetHealth;
}

export interface HealthCheck {
  readonly enabled: boolean;
  readonly protocol: string;
  readonly port: string;
  readonly path?: string;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly httpCode?: string;
}

export interface TargetGroup extends Row {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly vpcId: string;
  readonly targetType: string;
  readonly ipAddressType: string;
  readonly healthCheck: HealthCheck;
  readonly attributes: ReadonlyMap<string, string>;
  readonly targets: readonly Target[];
}

export interface Forward {
  readonly targetGroupArn: string;
  readonly weight: number;
}

export interface Listener extends Row {
  readonly balancerArn: string;
  readonly protocol: string;
  readonly port: number;
  readonly forwards: readonly Forward[];
  readonly sslPolicy?: string;
  /** The default one first. */
  readonly certificates: readonly string[];
  readonly alpn: readonly string[];
  readonly attributes: ReadonlyMap<string, string>;
}
