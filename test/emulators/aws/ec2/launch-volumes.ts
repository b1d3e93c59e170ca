import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Instance, VolumeShape } from '#test/emulators/aws/rows.ts';
import { knownRow, snapshotId } from './ids.ts';
import type { Tags } from './tags.ts';
import { checkVolumeQuotas, volumeShape } from './volume-rules.ts';

export const rootDevice = '/dev/xvda';

/** A volume that comes with an instance. */
export interface LaunchVolume {
  readonly device: string;
  readonly shape: VolumeShape;
  readonly encrypted: boolean;
  readonly snapshotId?: string;
  readonly deleteOnTermination: boolean;
}

/** The root's, 8 GiB when nothing else is said, and what the mappings add. */
export function launchVolumes(region: Region, mappings: readonly Params[]): LaunchVolume[] {
  const volumes = new Map<string, LaunchVolume>();
  volumes.set(rootDevice, { device: rootDevice, encrypted: false, deleteOnTermination: true, shape: volumeShape({ type: 'gp3', sizeGiB: 8, iops: undefined, throughput: undefined, multiAttach: false }) });
  for (const mapping of mappings) {
    const device = mapping.text('DeviceName');
    if (device === undefined) throw new ApiError('MissingParameter', 'The request must contain the parameter deviceName');
    if (mapping.has('NoDevice')) volumes.delete(device);
    const ebs = mapping.struct('Ebs');
    if (ebs !== undefined) volumes.set(device, mapped(region, device, ebs, volumes.get(device)));
  }
  return [...volumes.values()];
}

function mapped(region: Region, device: string, ebs: Params, usual: LaunchVolume | undefined): LaunchVolume {
  const source = ebs.has('SnapshotId') ? knownRow(snapshotId, region.snapshots, ebs.need('SnapshotId')) : undefined;
  const sizeGiB = ebs.number('VolumeSize') ?? source?.sizeGiB ?? usual?.shape.sizeGiB;
  const shape = volumeShape({ type: ebs.text('VolumeType') ?? 'gp3', sizeGiB, iops: ebs.number('Iops'), throughput: ebs.number('Throughput'), multiAttach: false });
  checkVolumeQuotas(region, shape);
  return { device, shape, encrypted: ebs.flag('Encrypted') ?? false, snapshotId: source?.id, deleteOnTermination: ebs.flag('DeleteOnTermination') ?? true };
}

export function makeVolumes(region: Region, instance: Instance, volumes: readonly LaunchVolume[], tags: Tags): void {
  for (const { device, shape, encrypted, snapshotId: source, deleteOnTermination } of volumes) {
    region.volumes.insert({
      id: region.newId('vol'), sequence: region.nextSequence(), tags, zone: instance.zone, ...shape, encrypted, snapshotId: source, state: 'in-use', createdAt: region.now, modifiedAt: [],
      attachments: [{ instanceId: instance.id, device, state: 'attached', since: region.now, deleteOnTermination }],
    });
  }
}
