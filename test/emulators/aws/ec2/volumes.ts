import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Attachment, Snapshot, Volume } from '#test/emulators/aws/rows.ts';
import type { Action, Call } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { describe, type Filters } from './describe.ts';
import { knownRow, snapshotId, volumeId } from './ids.ts';
import { tagsFor, writeTags } from './tags.ts';
import { checkVolumeQuotas, volumeShape } from './volume-rules.ts';

export function writeAttachment(volume: Pick<Volume, 'id'>, attachment: Attachment, status: string = attachment.state): XmlObject {
  return {
    volumeId: volume.id,
    instanceId: attachment.instanceId,
    device: attachment.device,
    status,
    attachTime: new Date(attachment.since),
    deleteOnTermination: attachment.deleteOnTermination,
  };
}

function writeVolume(region: Region, volume: Volume): XmlObject {
  return {
    volumeId: volume.id,
    size: volume.sizeGiB,
    snapshotId: volume.snapshotId ?? '',
    availabilityZone: volume.zone,
    availabilityZoneId: region.zone(volume.zone)?.id,
    status: volume.state,
    createTime: new Date(volume.createdAt),
    attachmentSet: volume.attachments.map((attachment) => writeAttachment(volume, attachment)),
    tagSet: writeTags(volume.tags),
    volumeType: volume.type,
    iops: volume.iops,
    throughput: volume.throughput,
    encrypted: volume.encrypted,
    kmsKeyId: volume.kmsKeyId,
    multiAttachEnabled: volume.multiAttach,
  };
}

export const volumeFilters: Filters<Volume> = {
  'attachment.attach-time': ({ attachments }) => attachments.map(({ since }) => new Date(since).toISOString()),
  'attachment.delete-on-termination': ({ attachments }) => attachments.map(({ deleteOnTermination }) => deleteOnTermination),
  'attachment.device': ({ attachments }) => attachments.map(({ device }) => device),
  'attachment.instance-id': ({ attachments }) => attachments.map((attachment) => attachment.instanceId),
  'attachment.status': ({ attachments }) => attachments.map(({ state }) => state),
  'availability-zone': ({ zone }) => zone,
  'create-time': ({ createdAt }) => new Date(createdAt).toISOString(),
  encrypted: ({ encrypted }) => encrypted,
  'multi-attach-enabled': ({ multiAttach }) => multiAttach,
  size: ({ sizeGiB }) => sizeGiB,
  'snapshot-id': (volume) => volume.snapshotId,
  status: ({ state }) => state,
  'volume-id': ({ id }) => id,
  'volume-type': ({ type }) => type,
};

const createVolume: Action = ({ region, params }) => {
  const token = params.text('ClientToken');
  const fingerprint = params.fingerprint(['DryRun']);
  if (token !== undefined && token.length > 64) throw new ApiError('InvalidParameterValue', `Value (${token}) for parameter clientToken is invalid. Invalid client token.`);
  const [madeBefore] = token === undefined ? [] : region.idempotency.find('CreateVolume', token, fingerprint) ?? [];
  if (madeBefore !== undefined) {
    const volume = region.volumes.get(madeBefore);
    if (volume === undefined) throw volumeId.absent([madeBefore]);
    return writeVolume(region, volume);
  }
  const volume = makeVolume(region, params);
  if (token !== undefined) region.idempotency.remember('CreateVolume', token, fingerprint, [volume.id]);
  return writeVolume(region, volume);
};

function makeVolume(region: Region, params: Params): Volume {
  const zone = zoneFrom(region, params);
  const source = params.has('SnapshotId') ? knownRow(snapshotId, region.snapshots, params.need('SnapshotId')) : undefined;
  const shape = volumeShape({
    type: params.text('VolumeType') ?? 'gp2', sizeGiB: sizeFrom(params, source), iops: params.number('Iops'), throughput: params.number('Throughput'), multiAttach: params.flag('MultiAttachEnabled') === true,
  });
  const encryption = encryptionFrom(region, params, source);
  const tags = tagsFor(region, params, 'volume');
  checkVolumeQuotas(region, shape);
  if (region.capacity.get(`${zone}/${shape.type}`) === 0) throw new ApiError('InsufficientVolumeCapacity', `There is not enough capacity to fulfill your EBS volume provision request in ${zone}.`, 500);
  const id = region.newId('vol');
  const volume = region.volumes.insert({
    id, tags, sequence: region.nextSequence(), zone, ...shape, ...encryption, state: 'creating', createdAt: region.now, attachments: [], modifiedAt: [], snapshotId: source?.id, clientToken: params.text('ClientToken'),
  });
  region.later('volumeCreate', () => {
    if (region.volumes.get(id)?.state === 'creating') region.volumes.update(id, { state: 'available' });
  });
  return volume;
}

function sizeFrom(params: Params, source: Snapshot | undefined): number | undefined {
  const size = params.number('Size') ?? source?.sizeGiB;
  if (source === undefined || size === undefined) return size;
  if (source.state !== 'completed') throw new ApiError('IncorrectState', `Snapshot is in invalid state - ${source.state}`);
  if (size < source.sizeGiB) throw new ApiError('InvalidParameterValue', `Value (${size}) for parameter size is invalid. The volume size is smaller than that of the snapshot ${source.id}, ${source.sizeGiB} GiB.`);
  return size;
}

function encryptionFrom(region: Region, params: Params, source: Snapshot | undefined): Pick<Volume, 'encrypted' | 'kmsKeyId'> {
  const encrypted = params.flag('Encrypted') === true || source?.encrypted === true;
  if (encrypted) return { encrypted, kmsKeyId: params.text('KmsKeyId') ?? source?.kmsKeyId ?? region.arn('kms', 'key/aws-ebs') };
  if (params.has('KmsKeyId')) throw new ApiError('InvalidParameterDependency', 'The parameter KmsKeyId requires the parameter Encrypted to be set.');
  return { encrypted };
}

function zoneFrom(region: Region, params: Params): string {
  const name = params.text('AvailabilityZone');
  const id = params.text('AvailabilityZoneId');
  if (name !== undefined && id !== undefined) throw new ApiError('InvalidParameterCombination', 'You cannot specify both AvailabilityZone and AvailabilityZoneId.');
  if (name === undefined && id === undefined) throw new ApiError('MissingParameter', 'The request must contain the parameter AvailabilityZone');
  const zone = region.zones.find((known) => (name === undefined ? known.id === id : known.name === name));
  if (zone === undefined) throw new ApiError('InvalidZone.NotFound', `The zone '${name ?? id}' does not exist.`);
  return zone.name;
}

const describeVolumes: Action = (call) => {
  const { region } = call;
  const { rows, nextToken } = describe(call, { kind: volumeId, ids: 'VolumeId', table: region.volumes, filters: volumeFilters, pages: [5, 500] });
  return { volumeSet: rows.map((volume) => writeVolume(region, volume)), nextToken };
};

const deleteVolume: Action = ({ region, params }: Call) => {
  const volume = knownRow(volumeId, region.volumes, params.need('VolumeId'));
  const user = volume.attachments[0];
  if (user !== undefined) throw new ApiError('VolumeInUse', `Volume ${volume.id} is currently attached to ${user.instanceId}`);
  if (volume.state === 'deleting') throw volumeId.absent([volume.id]);
  if (volume.state !== 'available' && volume.state !== 'error') throw new ApiError('IncorrectState', `The volume '${volume.id}' is '${volume.state}'.`);
  removeVolume(region, volume.id);
  return { return: true };
};

/** Begins its deletion, whatever state it is in. */
export function removeVolume(region: Region, id: string): void {
  region.volumes.update(id, { state: 'deleting', attachments: [] });
  region.later('volumeDelete', () => {
    region.volumes.remove(id);
    region.modifications.remove(id);
  });
}

export const volumeActions: Readonly<Record<string, Action>> = { CreateVolume: createVolume, DescribeVolumes: describeVolumes, DeleteVolume: deleteVolume };
