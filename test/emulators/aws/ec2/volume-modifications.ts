import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Modification, Volume, VolumeShape } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { filtered, page, type Filters } from './describe.ts';
import { checkId, knownRow, volumeId } from './ids.ts';
import { checkVolumeQuotas, volumeShape } from './volume-rules.ts';

const dayMs = 24 * 3600 * 1000;

const modifyVolume: Action = ({ region, params }) => {
  const volume = knownRow(volumeId, region.volumes, params.need('VolumeId'));
  if (!['Size', 'VolumeType', 'Iops', 'Throughput', 'MultiAttachEnabled'].some((name) => params.has(name))) throw new ApiError('MissingParameter', 'The request must contain the parameter size/volumeType/iops/throughput/multiAttachEnabled');
  if (volume.state !== 'available' && volume.state !== 'in-use') throw new ApiError('IncorrectState', `The volume '${volume.id}' is in the '${volume.state}' state.`);
  checkRate(region, volume);
  const to = wantedShape(volume, params);
  checkVolumeQuotas(region, to, volume.id);
  return { volumeModification: writeModification(begin(region, volume, to)) };
};

function wantedShape(volume: Volume, params: Params): VolumeShape {
  const type = params.text('VolumeType') ?? volume.type;
  const kept = type === volume.type;
  const size = params.number('Size') ?? volume.sizeGiB;
  if (size < volume.sizeGiB) throw new ApiError('InvalidParameterValue', 'New size cannot be smaller than existing size');
  return volumeShape({
    type, sizeGiB: size, multiAttach: params.flag('MultiAttachEnabled') ?? volume.multiAttach,
    iops: params.number('Iops') ?? (kept && type !== 'gp2' ? volume.iops : undefined),
    throughput: params.number('Throughput') ?? (kept ? volume.throughput : undefined),
  });
}

function checkRate(region: Region, volume: Volume): void {
  const last = region.modifications.get(volume.id);
  if (last !== undefined && (last.state === 'modifying' || last.state === 'optimizing')) {
    throw new ApiError('IncorrectModificationState', `Cannot modify volume ${volume.id} as it's currently in modification state ${last.state.toUpperCase()}`);
  }
  const pauseMs = region.world.quota('modificationPauseSeconds') * 1000;
  const most = region.world.quota('modificationsPerDay');
  const recent = volume.modifiedAt.filter((at) => at > region.now - dayMs);
  const tooSoon = (volume.modifiedAt.at(-1) ?? -Infinity) > region.now - pauseMs;
  if (tooSoon || recent.length >= most) {
    throw new ApiError('VolumeModificationRateExceeded', pauseMs > 0
      ? `You've reached the maximum modification rate per volume limit. Wait at least ${pauseMs / 3_600_000} hours between modifications per EBS volume.`
      : `You've reached the maximum modification rate per volume limit. A volume can be modified ${most} times within 24 hours.`);
  }
}

function begin(region: Region, volume: Volume, to: VolumeShape): Modification {
  const from = shapeOf(volume);
  const modification: Modification = { id: volume.id, tags: new Map(), sequence: region.nextSequence(), state: 'modifying', progress: 0, startedAt: region.now, from, to };
  region.modifications.insert(modification);
  region.volumes.update(volume.id, { modifiedAt: [...volume.modifiedAt.filter((at) => at > region.now - dayMs), region.now] });
  const goOn = (patch: Partial<Modification>): boolean => {
    if (region.modifications.get(volume.id)?.startedAt !== modification.startedAt) return false;
    region.modifications.update(volume.id, patch);
    return true;
  };
  region.later('volumeModify', () => {
    if (!goOn({ state: 'optimizing', progress: 1 })) return;
    // Bigger from here on, while it goes on being optimized.
    region.volumes.update(volume.id, { ...to, iops: to.iops, throughput: to.throughput });
    region.later('volumeOptimize', () => goOn({ state: 'completed', progress: 100, endedAt: region.now }));
  });
  return modification;
}

const shapeOf = ({ sizeGiB, type, iops, throughput, multiAttach }: Volume): VolumeShape => ({ sizeGiB, type, iops, throughput, multiAttach });

function writeModification({ id, state, progress, startedAt, endedAt, from, to }: Modification): XmlObject {
  return {
    volumeId: id, modificationState: state, progress, startTime: new Date(startedAt), endTime: endedAt === undefined ? undefined : new Date(endedAt),
    targetSize: to.sizeGiB, targetIops: to.iops, targetVolumeType: to.type, targetThroughput: to.throughput, targetMultiAttachEnabled: to.multiAttach,
    originalSize: from.sizeGiB, originalIops: from.iops, originalVolumeType: from.type, originalThroughput: from.throughput, originalMultiAttachEnabled: from.multiAttach,
  };
}

const filters: Filters<Modification> = {
  'modification-state': ({ state }) => state,
  'original-iops': ({ from }) => from.iops,
  'original-size': ({ from }) => from.sizeGiB,
  'original-volume-type': ({ from }) => from.type,
  'originalMultiAttachEnabled': ({ from }) => from.multiAttach,
  'start-time': ({ startedAt }) => new Date(startedAt).toISOString(),
  'target-iops': ({ to }) => to.iops,
  'target-size': ({ to }) => to.sizeGiB,
  'target-volume-type': ({ to }) => to.type,
  'targetMultiAttachEnabled': ({ to }) => to.multiAttach,
  'volume-id': ({ id }) => id,
};

const describeModifications: Action = ({ region, params }) => {
  const ids = params.texts('VolumeId');
  for (const id of ids) {
    checkId(volumeId, id);
    if (region.volumes.seen(id) === undefined) throw volumeId.absent([id]);
    if (region.modifications.seen(id) === undefined) throw new ApiError('InvalidVolumeModification.NotFound', `Modification for volume '${id}' does not exist.`);
  }
  const rows = region.modifications.seenRows().filter(({ id }) => ids.length === 0 || ids.includes(id));
  const { rows: shown, nextToken } = page(params, filtered(params, rows, filters), [1, 500]);
  return { volumeModificationSet: shown.map(writeModification), nextToken };
};

export const modificationActions: Readonly<Record<string, Action>> = { ModifyVolume: modifyVolume, DescribeVolumesModifications: describeModifications };
