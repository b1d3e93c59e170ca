import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Attachment, Instance, Volume } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import { instanceId, knownRow, volumeId } from './ids.ts';
import { instanceTypes } from './instance-types.ts';
import { writeAttachment } from './volumes.ts';

/** Those of one multi-attach volume. */
const mostInstances = 16;

const attachVolume: Action = ({ region, params }) => {
  const volume = knownRow(volumeId, region.volumes, params.need('VolumeId'));
  const instance = knownRow(instanceId, region.instances, params.need('InstanceId'));
  const device = params.need('Device');
  checkDevice(device);
  checkInstance(instance);
  checkVolume(volume, instance);
  if (volume.zone !== instance.zone) throw new ApiError('InvalidVolume.ZoneMismatch', `The volume '${volume.id}' is not in the same availability zone as instance '${instance.id}'`);
  const attached = attachedTo(region, instance.id);
  if (attached.some((attachment) => attachment.device === device)) throw new ApiError('InvalidParameterValue', `Invalid value '${device}' for unixDevice. Attachment point ${device} is already in use`);
  const most = instanceTypes.get(instance.type)?.attachments ?? 27;
  if (attached.length + 1 > most) throw new ApiError('AttachmentLimitExceeded', `Volume limit of ${most} for the instance type ${instance.type} is exceeded by instance '${instance.id}'.`);
  const attachment: Attachment = { instanceId: instance.id, device, state: 'attaching', since: region.now, deleteOnTermination: false };
  region.volumes.update(volume.id, { state: 'in-use', attachments: [...volume.attachments, attachment] });
  region.later('volumeAttach', () => changeAttachment(region, volume.id, attachment, (current) => (current.state === 'attaching' ? { ...current, state: 'attached' } : current)));
  return writeAttachment(volume, attachment);
};

/** All attachments of an instance, also those that come or go. */
export function attachedTo(region: Region, id: string): Attachment[] {
  return [...region.volumes.rows()].flatMap((volume) => volume.attachments.filter((attachment) => attachment.instanceId === id));
}

function checkDevice(device: string): void {
  if (!/^(\/dev\/)?(sd[a-z][a-z0-9]{0,2}|xvd[a-z][a-z0-9]{0,2}|hd[a-z]\d{0,2})$/.test(device)) throw new ApiError('InvalidParameterValue', `Value (${device}) for parameter device is invalid. ${device} is not a valid EBS device name.`);
}

function checkInstance(instance: Instance): void {
  if (instance.state === 'running' || instance.state === 'stopped' || instance.state === 'stopping') return;
  throw new ApiError('IncorrectState', instance.state === 'pending' ? `Instance '${instance.id}' is not 'running'.` : `The instance '${instance.id}' is in state '${instance.state}'.`);
}

function checkVolume(volume: Volume, instance: Instance): void {
  const same = volume.attachments.find((attachment) => attachment.instanceId === instance.id);
  const joins = volume.multiAttach && volume.state === 'in-use' && same === undefined && volume.attachments.length < mostInstances;
  if (volume.state === 'available' || joins) return;
  if (volume.state === 'in-use') throw new ApiError('VolumeInUse', `${volume.id} is already attached to an instance`);
  throw new ApiError('IncorrectState', `${volume.id} is not 'available'.`);
}

const detachVolume: Action = ({ region, params }) => {
  const volume = knownRow(volumeId, region.volumes, params.need('VolumeId'));
  const named = params.text('InstanceId');
  if (named !== undefined) knownRow(instanceId, region.instances, named);
  if (volume.attachments.length === 0) throw new ApiError('IncorrectState', `Volume '${volume.id}' is in the '${volume.state}' state.`);
  if (named === undefined && volume.attachments.length > 1) throw new ApiError('InvalidParameterCombination', `You must specify the instance to detach the Multi-Attach enabled volume '${volume.id}' from.`);
  const device = params.text('Device');
  const attachment = volume.attachments.find((one) => (named === undefined || one.instanceId === named) && (device === undefined || one.device === device));
  if (attachment === undefined) throw new ApiError('InvalidAttachment.NotFound', `The volume '${volume.id}' is not attached to instance '${named ?? ''}'${device === undefined ? '' : ` as device '${device}'`}.`);
  checkDetachable(region, volume, attachment, params.flag('Force') ?? false);
  const detaching: Attachment = { ...attachment, state: 'detaching' };
  changeAttachment(region, volume.id, attachment, () => detaching);
  region.later('volumeDetach', () => removeAttachment(region, volume.id, attachment));
  return writeAttachment(volume, detaching);
};

function checkDetachable(region: Region, volume: Volume, attachment: Attachment, force: boolean): void {
  if (attachment.state === 'detaching' && !force) throw new ApiError('IncorrectState', `Volume '${volume.id}' is in the 'detaching' state.`);
  const instance = region.instances.get(attachment.instanceId);
  if (attachment.deleteOnTermination && (instance?.state === 'running' || instance?.state === 'pending')) throw new ApiError('OperationNotPermitted', `Unable to detach root volume '${volume.id}' from instance '${attachment.instanceId}'`);
}

function changeAttachment(region: Region, id: string, which: Attachment, change: (current: Attachment) => Attachment): void {
  const volume = region.volumes.get(id);
  if (volume === undefined) return;
  region.volumes.update(id, { attachments: volume.attachments.map((attachment) => (isSame(attachment, which) ? change(attachment) : attachment)) });
}

/** The end of a detachment. */
export function removeAttachment(region: Region, id: string, which: Attachment): void {
  const volume = region.volumes.get(id);
  if (volume === undefined || volume.state !== 'in-use') return;
  const attachments = volume.attachments.filter((attachment) => !isSame(attachment, which));
  region.volumes.update(id, { attachments, state: attachments.length === 0 ? 'available' : 'in-use' });
}

const isSame = (a: Attachment, b: Attachment): boolean => a.instanceId === b.instanceId && a.since === b.since && a.device === b.device;

export const attachmentActions: Readonly<Record<string, Action>> = { AttachVolume: attachVolume, DetachVolume: detachVolume };
