import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Snapshot } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { filtered, page, type Filters } from './describe.ts';
import { knownRow, seenRows, snapshotId, volumeId } from './ids.ts';
import { tagsFor, writeTags } from './tags.ts';

const progressOf = ({ state }: Snapshot): string => (state === 'completed' ? '100%' : '0%');

function writeSnapshot(region: Region, snapshot: Snapshot): XmlObject {
  return {
    snapshotId: snapshot.id,
    volumeId: snapshot.volumeId,
    status: snapshot.state,
    startTime: new Date(snapshot.startedAt),
    completionTime: snapshot.completedAt === undefined ? undefined : new Date(snapshot.completedAt),
    progress: progressOf(snapshot),
    ownerId: region.world.accountId,
    volumeSize: snapshot.sizeGiB,
    description: snapshot.description,
    encrypted: snapshot.encrypted,
    kmsKeyId: snapshot.kmsKeyId,
    storageTier: 'standard',
    tagSet: writeTags(snapshot.tags),
  };
}

const createSnapshot: Action = ({ region, params }) => {
  const volume = knownRow(volumeId, region.volumes, params.need('VolumeId'));
  if (volume.state !== 'available' && volume.state !== 'in-use') throw new ApiError('IncorrectState', `The volume '${volume.id}' is in the '${volume.state}' state.`);
  const description = params.text('Description') ?? '';
  if (description.length > 255) throw new ApiError('InvalidParameterValue', `Value (${description}) for parameter description is invalid. It has more than 255 characters.`);
  const tags = tagsFor(region, params, 'snapshot');
  const most = region.world.quota('snapshots');
  if (region.snapshots.size >= most) throw new ApiError('SnapshotLimitExceeded', `You have exceeded your maximum snapshot limit of ${most} in this region.`);
  const running = [...region.snapshots.rows()].filter((other) => other.volumeId === volume.id && other.state === 'pending').length;
  if (running >= 5) throw new ApiError('ConcurrentSnapshotLimitExceeded', `Maximum allowed in-progress snapshots for a single volume exceeded.`);
  const id = region.newId('snap');
  const snapshot = region.snapshots.insert({
    id, tags, sequence: region.nextSequence(), volumeId: volume.id, sizeGiB: volume.sizeGiB, state: 'pending', startedAt: region.now, description, encrypted: volume.encrypted, kmsKeyId: volume.kmsKeyId,
  });
  region.later('snapshot', () => {
    if (region.snapshots.get(id) !== undefined) region.snapshots.update(id, { state: 'completed', completedAt: region.now });
  });
  return writeSnapshot(region, snapshot);
};

const filters = (region: Region): Filters<Snapshot> => ({
  description: ({ description }) => description,
  encrypted: ({ encrypted }) => encrypted,
  'owner-alias': () => undefined,
  'owner-id': () => region.world.accountId,
  progress: progressOf,
  'snapshot-id': ({ id }) => id,
  'start-time': ({ startedAt }) => new Date(startedAt).toISOString(),
  status: ({ state }) => state,
  'storage-tier': () => 'standard',
  'volume-id': (snapshot) => snapshot.volumeId,
  'volume-size': ({ sizeGiB }) => sizeGiB,
});

const describeSnapshots: Action = ({ region, params }) => {
  const ids = params.texts('SnapshotId');
  if (ids.length > 0 && params.has('MaxResults')) throw new ApiError('InvalidParameterCombination', 'The parameter snapshotSet cannot be used with the parameter maxResults');
  const owners = params.texts('Owner');
  const wrong = owners.find((owner) => !['self', 'amazon'].includes(owner) && !/^\d{12}$/.test(owner));
  if (wrong !== undefined) throw new ApiError('InvalidUserID.Malformed', `Invalid user id: "${wrong}"`);
  const own = owners.length === 0 || owners.includes('self') || owners.includes(region.world.accountId);
  const rows = ids.length > 0 ? seenRows(snapshotId, region.snapshots, ids) : own ? region.snapshots.seenRows() : [];
  const { rows: shown, nextToken } = page(params, filtered(params, rows, filters(region)), [5, 1000]);
  return { snapshotSet: shown.map((snapshot) => writeSnapshot(region, snapshot)), nextToken };
};

const deleteSnapshot: Action = ({ region, params }) => {
  const snapshot = knownRow(snapshotId, region.snapshots, params.need('SnapshotId'));
  region.snapshots.remove(snapshot.id);
  return { return: true };
};

export const snapshotActions: Readonly<Record<string, Action>> = { CreateSnapshot: createSnapshot, DescribeSnapshots: describeSnapshots, DeleteSnapshot: deleteSnapshot };
