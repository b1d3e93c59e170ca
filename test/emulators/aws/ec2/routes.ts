import { canonicalCidr4, cidr6, containsCidr4 } from '#test/emulators/aws/cidr.ts';
import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Instance, Route, RouteTable, RouteTarget } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { describe, type Filters } from './describe.ts';
import { gatewayId, instanceId, knownRow, routeTableId } from './ids.ts';
import { writeTags } from './tags.ts';

const targets: readonly RouteTarget[] = ['GatewayId', 'InstanceId', 'NetworkInterfaceId', 'NatGatewayId', 'VpcPeeringConnectionId', 'TransitGatewayId', 'EgressOnlyInternetGatewayId'];
/** What can be named, but nothing of it exists here. */
const absentCodes: Readonly<Record<string, string>> = {
  NatGatewayId: 'NatGatewayNotFound', VpcPeeringConnectionId: 'InvalidVpcPeeringConnectionID.NotFound', TransitGatewayId: 'InvalidTransitGatewayID.NotFound',
  EgressOnlyInternetGatewayId: 'InvalidGatewayID.NotFound', NetworkInterfaceId: 'InvalidNetworkInterfaceID.NotFound',
};

function destinationOf(params: Params): string {
  const v4 = params.text('DestinationCidrBlock');
  const v6 = params.text('DestinationIpv6CidrBlock');
  if (v4 !== undefined && v6 !== undefined) throw new ApiError('InvalidParameterCombination', 'The parameter destinationCidrBlock cannot be used with destinationIpv6CidrBlock');
  if (v4 === undefined && v6 === undefined) throw new ApiError('MissingParameter', 'The request must contain the parameter destinationCidrBlock');
  const block = v4 === undefined ? cidr6(v6 ?? '') : canonicalCidr4(v4);
  if (block === undefined) throw new ApiError('InvalidParameterValue', `Value (${v4 ?? v6}) for parameter ${v4 === undefined ? 'destinationIpv6CidrBlock' : 'destinationCidrBlock'} is invalid. This is not a valid CIDR block.`);
  return block;
}

function targetOf(region: Region, table: RouteTable, params: Params): Pick<Route, 'kind' | 'target'> {
  const given = targets.filter((name) => params.has(name));
  const kind = given[0];
  if (kind === undefined) throw new ApiError('MissingParameter', 'The request must contain the parameter gatewayId, instanceId, networkInterfaceId, natGatewayId, vpcPeeringConnectionId or transitGatewayId');
  if (given.length > 1) throw new ApiError('InvalidParameterCombination', `The parameters ${given.join(' and ')} cannot be used together`);
  const target = params.need(kind);
  if (kind === 'GatewayId') return { kind, target: knownRow(gatewayId, region.gateways, target).id };
  if (kind === 'InstanceId') return { kind, target: checkedInstance(table, knownRow(instanceId, region.instances, target)).id };
  const owner = kind === 'NetworkInterfaceId' ? region.instances.find(({ interfaceId, state }) => interfaceId === target && state !== 'terminated') : undefined;
  if (owner === undefined) throw new ApiError(absentCodes[kind] ?? 'InvalidParameterValue', `The ${kind} '${target}' does not exist`);
  return { kind: 'InstanceId', target: checkedInstance(table, owner).id };
}

function checkedInstance(table: RouteTable, instance: Instance): Instance {
  if (instance.state === 'terminated' || instance.state === 'shutting-down') throw new ApiError('IncorrectInstanceState', `The instance '${instance.id}' is not in a state from which it can be routed to.`);
  if (instance.vpcId !== table.vpcId) throw new ApiError('InvalidParameterValue', `route table ${table.id} and instance ${instance.id} belong to different networks`);
  return instance;
}

const createRoute: Action = ({ region, params }) => {
  const table = knownRow(routeTableId, region.routeTables, params.need('RouteTableId'));
  const destination = destinationOf(params);
  const { kind, target } = targetOf(region, table, params);
  const existing = table.routes.find((route) => route.destination === destination);
  if (existing !== undefined && existing.kind === kind && existing.target === target) return { return: true };
  if (existing !== undefined) throw new ApiError('RouteAlreadyExists', `The route identified by ${destination} already exists.`);
  const local = table.routes.find((route) => route.target === 'local' && !destination.includes(':') && containsCidr4(route.destination, destination));
  if (local !== undefined && kind !== 'InstanceId') throw new ApiError('InvalidParameterValue', `The destination CIDR block ${destination} is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.`);
  if (table.routes.length >= region.world.quota('routesPerTable')) throw new ApiError('RouteLimitExceeded', 'The maximum number of routes has been reached.');
  region.routeTables.update(table.id, { routes: [...table.routes, { destination, kind, target, origin: 'CreateRoute' }] });
  return { return: true };
};

const replaceRoute: Action = ({ region, params }) => {
  const table = knownRow(routeTableId, region.routeTables, params.need('RouteTableId'));
  const destination = destinationOf(params);
  const { kind, target } = targetOf(region, table, params);
  if (!table.routes.some((route) => route.destination === destination)) throw new ApiError('InvalidParameterValue', `There is no route defined for '${destination}' in the route table. Use CreateRoute instead.`);
  region.routeTables.update(table.id, { routes: table.routes.map((route) => (route.destination === destination ? { ...route, kind, target } : route)) });
  return { return: true };
};

const deleteRoute: Action = ({ region, params }) => {
  const table = knownRow(routeTableId, region.routeTables, params.need('RouteTableId'));
  const destination = destinationOf(params);
  const route = table.routes.find((one) => one.destination === destination);
  if (route === undefined) throw new ApiError('InvalidRoute.NotFound', `no route with destination-cidr-block ${destination} in route table ${table.id}`);
  if (route.target === 'local') throw new ApiError('InvalidParameterValue', `cannot remove local route ${destination} in route table ${table.id}`);
  region.routeTables.update(table.id, { routes: table.routes.filter((one) => one !== route) });
  return { return: true };
};

/** Traffic to an instance that does not run goes nowhere. */
function stateOf(region: Region, { kind, target }: Route): 'active' | 'blackhole' {
  if (kind !== 'InstanceId') return 'active';
  const state = region.instances.get(target)?.state;
  return state === 'running' || state === 'pending' ? 'active' : 'blackhole';
}

function writeRoute(region: Region, route: Route): XmlObject {
  const instance = route.kind === 'InstanceId' ? region.instances.get(route.target) : undefined;
  const gone = instance === undefined || instance.state === 'terminated';
  const target = route.kind === 'InstanceId'
    ? { instanceId: gone ? undefined : route.target, instanceOwnerId: gone ? undefined : region.world.accountId, networkInterfaceId: gone ? undefined : instance.interfaceId }
    : { [`${route.kind.charAt(0).toLowerCase()}${route.kind.slice(1)}`]: route.target };
  return {
    ...(route.destination.includes(':') ? { destinationIpv6CidrBlock: route.destination } : { destinationCidrBlock: route.destination }),
    ...target, state: stateOf(region, route), origin: route.origin,
  };
}

const ofRoutes = (read: (route: Route) => string | undefined) => ({ routes }: RouteTable): (string | undefined)[] => routes.map(read);
const filters = (region: Region): Filters<RouteTable> => ({
  'association.main': ({ main }) => main,
  'association.route-table-id': ({ id }) => id,
  'association.subnet-id': ({ subnetIds }) => subnetIds,
  'owner-id': () => region.world.accountId,
  'route-table-id': ({ id }) => id,
  'route.destination-cidr-block': ofRoutes(({ destination }) => (destination.includes(':') ? undefined : destination)),
  'route.destination-ipv6-cidr-block': ofRoutes(({ destination }) => (destination.includes(':') ? destination : undefined)),
  'route.gateway-id': ofRoutes(({ kind, target }) => (kind === 'GatewayId' ? target : undefined)),
  'route.instance-id': ofRoutes(({ kind, target }) => (kind === 'InstanceId' ? target : undefined)),
  'route.nat-gateway-id': ofRoutes(({ kind, target }) => (kind === 'NatGatewayId' ? target : undefined)),
  'route.origin': ofRoutes(({ origin }) => origin),
  'route.state': ofRoutes((route) => stateOf(region, route)),
  'vpc-id': ({ vpcId }) => vpcId,
});

const describeRouteTables: Action = (call) => {
  const { region } = call;
  const { rows, nextToken } = describe(call, { kind: routeTableId, ids: 'RouteTableId', table: region.routeTables, filters: filters(region), pages: [5, 100] });
  return {
    routeTableSet: rows.map((table) => ({
      routeTableId: table.id, vpcId: table.vpcId, ownerId: region.world.accountId, routeSet: table.routes.map((route) => writeRoute(region, route)),
      associationSet: associations(table), propagatingVgwSet: [], tagSet: writeTags(table.tags),
    })),
    nextToken,
  };
};

function associations({ id, main, subnetIds }: RouteTable): XmlObject[] {
  const associationState = { state: 'associated' };
  return [
    ...(main ? [{ routeTableAssociationId: id.replace('rtb', 'rtbassoc'), routeTableId: id, main: true, associationState }] : []),
    ...subnetIds.map((subnetId) => ({ routeTableAssociationId: subnetId.replace('subnet', 'rtbassoc'), routeTableId: id, subnetId, main: false, associationState })),
  ];
}

export const routeActions: Readonly<Record<string, Action>> = { CreateRoute: createRoute, ReplaceRoute: replaceRoute, DeleteRoute: deleteRoute, DescribeRouteTables: describeRouteTables };
