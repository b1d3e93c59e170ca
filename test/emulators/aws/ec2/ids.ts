import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Row, Table } from '#test/emulators/aws/table.ts';

/** What a kind of resource is called in ids and errors. */
export interface IdKind {
  readonly prefix: string;
  readonly malformed: (id: string) => ApiError;
  /** @param ids all those that do not exist, or are too young to be seen */
  readonly absent: (ids: readonly string[]) => ApiError;
}

const quoted = (ids: readonly string[]): string => `'${ids.join(', ')}'`;
const plural = (noun: string, ids: readonly string[]): string => (ids.length === 1 ? `The ${noun} ID ${quoted(ids)} does not exist` : `The ${noun} IDs ${quoted(ids)} do not exist`);
const invalidId = (code: string, prefix: string) => (id: string) => new ApiError(code, `Invalid id: "${id}" (expecting "${prefix}-...")`);
const invalidValue = (parameter: string, prefix: string) => (id: string) => new ApiError('InvalidParameterValue', `Value (${id}) for parameter ${parameter} is invalid. Expected: '${prefix}-...'.`);

export const instanceId: IdKind = {
  prefix: 'i',
  malformed: (id) => new ApiError('InvalidInstanceID.Malformed', `Invalid id: "${id}"`),
  absent: (ids) => new ApiError('InvalidInstanceID.NotFound', plural('instance', ids)),
};
export const volumeId: IdKind = {
  prefix: 'vol',
  malformed: invalidValue('volumeId', 'vol'),
  absent: (ids) => new ApiError('InvalidVolume.NotFound', ids.length === 1 ? `The volume ${quoted(ids)} does not exist.` : `The volumes ${quoted(ids)} do not exist.`),
};
export const snapshotId: IdKind = {
  prefix: 'snap',
  malformed: invalidValue('snapshotId', 'snap'),
  absent: (ids) => new ApiError('InvalidSnapshot.NotFound', `The snapshot ${quoted(ids)} does not exist.`),
};
export const groupId: IdKind = {
  prefix: 'sg',
  malformed: invalidId('InvalidGroupId.Malformed', 'sg'),
  absent: (ids) => new ApiError('InvalidGroup.NotFound', `The security group ${quoted(ids)} does not exist`),
};
export const ruleId: IdKind = {
  prefix: 'sgr',
  malformed: invalidId('InvalidSecurityGroupRuleId.Malformed', 'sgr'),
  absent: (ids) => new ApiError('InvalidSecurityGroupRuleId.NotFound', `The security group rule ID ${quoted(ids)} does not exist`),
};
export const vpcId: IdKind = {
  prefix: 'vpc',
  malformed: invalidId('InvalidVpcID.Malformed', 'vpc'),
  absent: (ids) => new ApiError('InvalidVpcID.NotFound', plural('vpc', ids)),
};
export const subnetId: IdKind = {
  prefix: 'subnet',
  malformed: invalidId('InvalidSubnetID.Malformed', 'subnet'),
  absent: (ids) => new ApiError('InvalidSubnetID.NotFound', plural('subnet', ids)),
};
export const routeTableId: IdKind = {
  prefix: 'rtb',
  malformed: invalidId('InvalidRouteTableID.Malformed', 'rtb'),
  absent: (ids) => new ApiError('InvalidRouteTableID.NotFound', `The routeTable ID ${quoted(ids)} does not exist`),
};
export const gatewayId: IdKind = {
  prefix: 'igw',
  malformed: invalidId('InvalidGatewayID.Malformed', 'igw'),
  absent: (ids) => new ApiError('InvalidInternetGatewayID.NotFound', plural('internetGateway', ids)),
};
export const allocationId: IdKind = {
  prefix: 'eipalloc',
  malformed: invalidValue('allocationId', 'eipalloc'),
  absent: (ids) => new ApiError('InvalidAllocationID.NotFound', `The allocation ID ${quoted(ids)} does not exist`),
};

/** @throws {ApiError} the kind's refusal when it has not the form of an id */
export function checkId(kind: IdKind, id: string): void {
  const digits = id.startsWith(`${kind.prefix}-`) ? id.slice(kind.prefix.length + 1) : '';
  if (!/^([0-9a-f]{8}|[0-9a-f]{17})$/.test(digits)) throw kind.malformed(id);
}

/** The truth of what a call names. @throws {ApiError} when it is malformed, does not exist, or is too young to be known everywhere */
export function knownRow<T extends Row>(kind: IdKind, table: Table<T>, id: string): T {
  checkId(kind, id);
  const row = table.known(id);
  if (row === undefined) throw kind.absent([id]);
  return row;
}

/** All or nothing. */
export function knownRows<T extends Row>(kind: IdKind, table: Table<T>, ids: readonly string[]): T[] {
  return resolve(kind, ids, (id) => table.known(id));
}

/** What a read by ids shows. */
export function seenRows<T extends Row>(kind: IdKind, table: Table<T>, ids: readonly string[]): T[] {
  return resolve(kind, ids, (id) => table.seen(id));
}

function resolve<T>(kind: IdKind, ids: readonly string[], get: (id: string) => T | undefined): T[] {
  for (const id of ids) checkId(kind, id);
  const rows = [...new Set(ids)].map((id) => ({ id, row: get(id) }));
  const absent = rows.filter(({ row }) => row === undefined).map(({ id }) => id);
  if (absent.length > 0) throw kind.absent(absent);
  return rows.flatMap(({ row }) => row ?? []);
}
