import { DescribeRouteTablesCommand, type Filter, type Route as TableEntry, type RouteTable } from '@aws-sdk/client-ec2';
import { Cidr } from '#core/api/ip.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { clusterTag, type AwsContext } from './context.ts';

/** What a table says of one destination. */
export interface Entry {
  /** '' when it leads, or led, to none that is there. */
  readonly instanceId: string;
  readonly isBlackhole: boolean;
  /** It leads, or led, to an instance: not to a gateway, a peer, or somebody's interface. */
  readonly isForPods: boolean;
  /** For messages. */
  readonly to: string;
}

export interface Table {
  readonly id: string;
  readonly vpcId: string;
  /** How many routes there are, of all kinds and families. */
  readonly size: number;
  /** By canonical destination. */
  readonly entries: ReadonlyMap<string, Entry>;
}

const pageSize = 100;

/**
 * The route tables of the settings, or else those that carry the cluster's tag: of the cluster's VPC, when such are in several.
 * @throws {ProviderError} Invalid when there is none, or one of the settings is not there
 */
export async function readTables(context: AwsContext, signal: AbortSignal): Promise<readonly Table[]> {
  const { api, settings: { routeTableIds, vpcId } } = context;
  const tag = clusterTag(await context.clusterId(signal));
  const filters = routeTableIds.length > 0 ? [{ Name: 'route-table-id', Values: [...routeTableIds] }]
    : [{ Name: 'tag-key', Values: [tag] }, ...(vpcId === undefined ? [] : [{ Name: 'vpc-id', Values: [vpcId] }])];
  const found: RouteTable[] = [];
  for (let token: string | undefined; token !== ''; ) {
    const { RouteTables = [], NextToken = '' } = await api.ec2(new DescribeRouteTablesCommand({ Filters: filters satisfies Filter[], MaxResults: pageSize, ...(token === undefined ? {} : { NextToken: token }) }), signal);
    found.push(...RouteTables);
    token = NextToken;
  }
  const tables = found.map(tableOf).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const missing = routeTableIds.find((id) => !tables.some((table) => table.id === id));
  if (missing !== undefined) throw new ProviderError('Invalid', `aws.routeTableIds names ${JSON.stringify(missing)}, which is no route table in ${await context.region(signal)}`);
  if (new Set(tables.map((table) => table.vpcId)).size < 2) return atLeastOne(tables, tag);
  const own = await context.vpcId(signal);
  return atLeastOne(tables.filter((table) => table.vpcId === own), tag);
}

function atLeastOne(tables: readonly Table[], tag: string): readonly Table[] {
  if (tables.length > 0) return tables;
  throw new ProviderError('Invalid', `no route table carries the tag ${tag}: give it to those of the nodes' subnets, or name them in aws.routeTableIds`);
}

function tableOf({ RouteTableId: id = '', VpcId: vpcId = '', Routes: routes = [] }: RouteTable): Table {
  const entries = routes.flatMap((route): (readonly [string, Entry])[] => {
    const destination = destinationOf(route.DestinationCidrBlock ?? route.DestinationIpv6CidrBlock ?? '');
    return destination === undefined ? [] : [[destination, entryOf(route)]];
  });
  return { id, vpcId, size: routes.length, entries: new Map(entries) };
}

/** Canonical; undefined for prefix lists, and for what leads everywhere: that is never a route to pods. */
export function destinationOf(text: string): string | undefined {
  const range = Cidr.parse(text);
  return range === undefined || text.endsWith('/0') ? undefined : range.toString();
}

function entryOf(route: TableEntry): Entry {
  const { InstanceId: instanceId = '', NetworkInterfaceId: interfaceId = '', State: state } = route;
  const isBlackhole = state === 'blackhole';
  const elsewhere = [route.GatewayId, route.NatGatewayId, route.TransitGatewayId, route.VpcPeeringConnectionId, route.EgressOnlyInternetGatewayId, route.LocalGatewayId, route.CarrierGatewayId, route.CoreNetworkArn]
    .find((target) => target !== undefined && target !== '');
  // Of an instance that is no more, its interface stays for a while, or nothing.
  return { instanceId, isBlackhole, isForPods: elsewhere === undefined && (instanceId !== '' || isBlackhole), to: elsewhere ?? (instanceId || interfaceId || 'nowhere') };
}
