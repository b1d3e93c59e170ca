import type { Delay, DelayName } from './delays.ts';
import { zonesIn, type Zone } from './geography.ts';
import { Idempotency } from './idempotency.ts';
import type { Random } from './random.ts';
import type { Address, Balancer, Instance, InternetGateway, Listener, Modification, RouteTable, SecurityGroup, Snapshot, Subnet, TargetGroup, Volume, Vpc } from './rows.ts';
import { Table, type Row } from './table.ts';
import type { QuotaName } from './quotas.ts';
import type { Timeline } from './timeline.ts';

/** One resource that came, changed or went. */
export interface Change {
  readonly region: string;
  /** As the tables of a region are called: `instances`, `volumes`, `balancers`. */
  readonly kind: string;
  readonly before: Row | undefined;
  readonly after: Row | undefined;
}

/** What the regions of an account have in common. */
export interface Account {
  readonly timeline: Timeline;
  readonly accountId: string;
  quota(name: QuotaName): number;
  delay(name: DelayName): Delay;
  tell(change: Change): void;
}

export class Region {
  readonly name: string;
  readonly world: Account;
  readonly random: Random;
  readonly zones: readonly Zone[];
  readonly idempotency: Idempotency;
  readonly vpcs = this.#table<Vpc>('vpcs');
  readonly subnets = this.#table<Subnet>('subnets');
  readonly gateways = this.#table<InternetGateway>('gateways');
  readonly routeTables = this.#table<RouteTable>('routeTables');
  readonly securityGroups = this.#table<SecurityGroup>('securityGroups');
  readonly instances = this.#table<Instance>('instances');
  readonly volumes = this.#table<Volume>('volumes');
  readonly modifications = this.#table<Modification>('modifications');
  readonly snapshots = this.#table<Snapshot>('snapshots');
  readonly addresses = this.#table<Address>('addresses');
  readonly balancers = this.#table<Balancer>('balancers');
  readonly targetGroups = this.#table<TargetGroup>('targetGroups');
  readonly listeners = this.#table<Listener>('listeners');
  /** How many instances of a type a zone has room for, by `zone/type`, `zone` or `type`; absent: enough. */
  readonly capacity = new Map<string, number>();
  /** A deleted balancer's network interfaces go a little later, and hold their security groups until then. */
  readonly interfacesOfDeletedBalancers = new Set<{ readonly balancerArn: string; readonly groupIds: readonly string[] }>();
  #sequence = 0;

  constructor(world: Account, name: string, random: Random) {
    this.world = world;
    this.name = name;
    this.random = random;
    this.zones = zonesIn(name);
    this.idempotency = new Idempotency(() => this.now);
    this.#makeDefaultVpc();
  }

  get now(): number {
    return this.world.timeline.now;
  }

  /** Runs `change` when the named delay is over. */
  later(delay: DelayName, change: () => void): void {
    this.world.timeline.after(Math.round(this.random.between(this.world.delay(delay))), change);
  }

  nextSequence(): number {
    return ++this.#sequence;
  }

  /** The vendor's form of ids: a prefix, a zero and sixteen digits. */
  newId(prefix: string): string {
    return `${prefix}-0${this.random.hex(16)}`;
  }

  arn(service: string, resource: string): string {
    return `arn:aws:${service}:${this.name}:${this.world.accountId}:${resource}`;
  }

  zone(name: string): Zone | undefined {
    return this.zones.find((zone) => zone.name === name);
  }

  #table<T extends Row>(kind: string): Table<T> {
    const lag = (): number => (this.random.next() < 0.5 ? 0 : Math.round(this.random.between(this.world.delay('consistency'))));
    return new Table<T>(() => this.now, lag, (before, after) => this.world.tell({ region: this.name, kind, before, after }));
  }

  #row(id: string, tags: ReadonlyMap<string, string> = new Map()): Row {
    return { id, tags, sequence: this.nextSequence() };
  }

  #makeDefaultVpc(): void {
    const vpcId = this.newId('vpc');
    this.vpcs.insert({ ...this.#row(vpcId), cidr: '172.31.0.0/16', isDefault: true }, true);
    this.zones.forEach((zone, index) => {
      this.subnets.insert({
        ...this.#row(this.newId('subnet')), vpcId, zone: zone.name, zoneId: zone.id, cidr: `172.31.${index * 16}.0/20`, publicByDefault: true, defaultForZone: true,
      }, true);
    });
    const gateway = this.gateways.insert({ ...this.#row(this.newId('igw')), vpcId }, true);
    this.routeTables.insert({
      ...this.#row(this.newId('rtb')), vpcId, main: true, subnetIds: [],
      routes: [
        { destination: '172.31.0.0/16', kind: 'GatewayId', target: 'local', origin: 'CreateRouteTable' },
        { destination: '0.0.0.0/0', kind: 'GatewayId', target: gateway.id, origin: 'CreateRoute' },
      ],
    }, true);
    const groupId = this.newId('sg');
    this.securityGroups.insert({
      ...this.#row(groupId), vpcId, name: 'default', description: 'default VPC security group',
      rules: [
        { id: this.newId('sgr'), egress: false, protocol: '-1', peer: { kind: 'group', value: groupId }, tags: new Map() },
        { id: this.newId('sgr'), egress: true, protocol: '-1', peer: { kind: 'cidr4', value: '0.0.0.0/0' }, tags: new Map() },
      ],
    }, true);
  }
}
