import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { Row, Table } from '#test/emulators/aws/table.ts';
import { filtered, page } from './describe.ts';
import { allocationId, checkId, gatewayId, groupId, instanceId, knownRow, routeTableId, ruleId, snapshotId, subnetId, volumeId, vpcId, type IdKind } from './ids.ts';
import { findRule, updateRule } from './rules.ts';
import { mergeTags, readTags, type Tags } from './tags.ts';

interface Taggable {
  readonly kind: IdKind;
  readonly type: string;
  table(region: Region): Table<Row & { readonly tags: Tags }>;
}

const taggable: readonly Taggable[] = [
  { kind: instanceId, type: 'instance', table: (region) => region.instances },
  { kind: volumeId, type: 'volume', table: (region) => region.volumes },
  { kind: snapshotId, type: 'snapshot', table: (region) => region.snapshots },
  { kind: groupId, type: 'security-group', table: (region) => region.securityGroups },
  { kind: vpcId, type: 'vpc', table: (region) => region.vpcs },
  { kind: subnetId, type: 'subnet', table: (region) => region.subnets },
  { kind: routeTableId, type: 'route-table', table: (region) => region.routeTables },
  { kind: gatewayId, type: 'internet-gateway', table: (region) => region.gateways },
  { kind: allocationId, type: 'elastic-ip', table: (region) => region.addresses },
];

/** What of a region can change the tags of one resource. */
interface Change {
  readonly old: Tags;
  write(tags: Tags): void;
}

function changeOf(region: Region, id: string): Change {
  const prefix = id.slice(0, id.lastIndexOf('-'));
  if (prefix === ruleId.prefix) return changeOfRule(region, id);
  const known = taggable.find(({ kind }) => kind.prefix === prefix);
  if (known === undefined) throw new ApiError('InvalidID', `The ID '${id}' is not valid`);
  const table = known.table(region);
  const row = knownRow(known.kind, table, id);
  return { old: row.tags, write: (tags) => void table.update(id, { tags }) };
}

function changeOfRule(region: Region, id: string): Change {
  checkId(ruleId, id);
  const found = findRule(region, id);
  if (found === undefined) throw ruleId.absent([id]);
  return { old: found.rule.tags, write: (tags) => updateRule(region, id, { tags }) };
}

const createTags: Action = ({ region, params }) => {
  const ids = params.texts('ResourceId');
  if (ids.length > 1000) throw new ApiError('InvalidParameterValue', 'A maximum of 1000 resources can be tagged at once.');
  const added = readTags(region, params.structs('Tag'));
  const changes = ids.map((id) => changeOf(region, id)).map(({ old, write }) => ({ tags: mergeTags(region, old, added), write }));
  for (const { tags, write } of changes) write(tags);
  return { return: true };
};

const deleteTags: Action = ({ region, params }) => {
  const entries = params.structs('Tag');
  // Without tags all of them go, without a value whatever it is.
  const goes = (key: string, value: string): boolean => entries.length === 0 || entries.some((entry) => entry.text('Key') === key && (!entry.has('Value') || entry.text('Value') === value));
  const changes = params.texts('ResourceId').map((id) => changeOf(region, id));
  for (const { old, write } of changes) write(new Map([...old].filter(([key, value]) => !goes(key, value))));
  return { return: true };
};

const describeTags: Action = ({ region, params }) => {
  const rows = taggable.flatMap(({ type, table }) => table(region).seenRows().flatMap((row) => [...row.tags].map(([key, value]) => ({ id: row.id, type, key, value, tags: row.tags }))))
    .map((row, index) => ({ ...row, sequence: index + 1 }));
  const matching = filtered(params, rows, { key: ({ key }) => key, 'resource-id': ({ id }) => id, 'resource-type': ({ type }) => type, value: ({ value }) => value });
  const { rows: shown, nextToken } = page(params, matching, [5, 1000]);
  return { tagSet: shown.map(({ id, type, key, value }) => ({ resourceId: id, resourceType: type, key, value })), nextToken };
};

export const tagActions: Readonly<Record<string, Action>> = { CreateTags: createTags, DeleteTags: deleteTags, DescribeTags: describeTags };
