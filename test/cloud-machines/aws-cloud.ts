import type { Attachment, Instance, Snapshot, Volume } from '#test/emulators/aws/rows.ts';
import { awsBalancers } from './balancers.ts';
import { GIB, type AttachedDisk, type Cloud, type CloudDisk, type CloudInstance, type CloudView } from './cloud-view.ts';

/** An instance with this tag is a node: the value is its name, or nothing for the instance's id. */
export const nodeTag = 'keelson.dev/node';

/** Tables of the emulator as its side door shows them: `GET /_emulator/state`. */
export type AwsState = Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;

type Plain<T> = Omit<T, 'tags'> & { readonly tags: Readonly<Record<string, string>> };

/** @param read the emulator's state, in process or over HTTP */
export function awsCloud(read: () => Promise<AwsState>, watch?: (changed: () => void) => () => void): Cloud {
  return { name: 'the emulator of AWS', view: async () => awsView(await read()), ...(watch === undefined ? {} : { watch }) };
}

export function awsView(state: AwsState): CloudView {
  const all = <T>(kind: string): readonly Plain<T>[] => Object.values(state).flatMap((region) => (region[kind] ?? []) as readonly Plain<T>[]);
  const volumes = all<Volume>('volumes').filter((volume) => volume.state !== 'deleting' && !volume.attachments.some(isRoot));
  const disks = new Map(volumes.map(({ id, sizeGiB, snapshotId }): [string, CloudDisk] => [id, { bytes: sizeGiB * GIB, source: snapshotId }]));
  const snapshots = new Map(all<Snapshot>('snapshots').map(({ id, volumeId }) => [id, { disk: volumeId }]));
  const instances = all<Instance>('instances').filter(({ tags, state: phase }) => Object.hasOwn(tags, nodeTag) && phase !== 'pending' && phase !== 'shutting-down' && phase !== 'terminated')
    .map((instance): CloudInstance => ({
      name: instance.tags[nodeTag] || instance.id, provider: 'aws', providerId: `aws:///${instance.zone}/${instance.id}`, isRunning: instance.state === 'running', address: instance.privateIp,
      disks: volumes.flatMap((volume) => volume.attachments.filter((attachment) => attachment.instanceId === instance.id && attachment.state !== 'attaching').map((attachment) => attachedDisk(instance, volume, attachment))),
    }));
  const addresses = new Map(instances.map(({ providerId, address }) => [providerId.slice(providerId.lastIndexOf('/') + 1), address]));
  return { instances, disks, snapshots, balancers: awsBalancers(state, (id) => addresses.get(id)) };
}

/** Machines have their own; nobody looks for it. */
const isRoot = ({ device }: Attachment): boolean => device === '/dev/xvda' || device === '/dev/sda1';

/** Nitro shows NVMe disks, to which udev makes links by their serial numbers; Xen the names that were asked for. */
function attachedDisk({ type }: Plain<Instance>, { id }: Plain<Volume>, { device }: Attachment): AttachedDisk {
  const link = type.startsWith('t2.') ? device.replace(/^\/dev\//, '').replace(/^sd/, 'xvd') : `disk/by-id/nvme-Amazon_Elastic_Block_Store_${id.replace('-', '')}`;
  return { id, readOnly: false, links: [link] };
}
