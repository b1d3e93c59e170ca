import { ApiError } from '#test/emulators/aws/errors.ts';
import type { Params } from '#test/emulators/aws/params.ts';
import type { Region } from '#test/emulators/aws/region.ts';
import type { Instance, InstanceState } from '#test/emulators/aws/rows.ts';
import type { Action } from '#test/emulators/aws/service.ts';
import type { XmlObject } from '#test/emulators/aws/xml.ts';
import { checkVcpus, roomFor } from './capacity.ts';
import { groupId, instanceId, knownRow, knownRows } from './ids.ts';
import { instanceTypes } from './instance-types.ts';
import { writeState } from './instances.ts';
import { rootDevice } from './launch-volumes.ts';
import { removeAttachment } from './volume-attachments.ts';
import { removeVolume } from './volumes.ts';

/** A pending instance runs a little later. */
export function becomeRunning(region: Region, id: string): void {
  changeLater(region, id, 'instanceStart', 'pending', { state: 'running' });
}

function changeLater(region: Region, id: string, delay: 'instanceStart' | 'instanceStop', from: InstanceState, patch: Partial<Instance>): void {
  region.later(delay, () => {
    if (region.instances.get(id)?.state === from) region.instances.update(id, patch);
  });
}

const byUser = (region: Region): Pick<Instance, 'transition' | 'stateReason'> => ({
  transition: `User initiated (${new Date(region.now).toISOString().slice(0, 19).replace('T', ' ')} GMT)`,
  stateReason: { code: 'Client.UserInitiatedShutdown', message: 'Client.UserInitiatedShutdown: User initiated shutdown' },
});

export function stopInstance(region: Region, id: string): void {
  region.instances.update(id, { ...byUser(region), state: 'stopping', publicIp: undefined });
  changeLater(region, id, 'instanceStop', 'stopping', { state: 'stopped' });
}

/** Also what happens to it behind the user's back. */
export function terminateInstance(region: Region, id: string, why: Pick<Instance, 'transition' | 'stateReason'> = byUser(region)): void {
  const state = region.instances.get(id)?.state;
  if (state === undefined || state === 'terminated' || state === 'shutting-down') return;
  region.instances.update(id, { ...why, state: 'shutting-down', publicIp: undefined });
  region.later('instanceTerminate', () => {
    region.instances.update(id, { state: 'terminated' });
    releaseVolumes(region, id);
    region.later('instanceForget', () => region.instances.remove(id));
  });
}

function releaseVolumes(region: Region, id: string): void {
  for (const volume of [...region.volumes.rows()]) {
    const attachment = volume.attachments.find((one) => one.instanceId === id);
    if (attachment === undefined) continue;
    if (attachment.deleteOnTermination) removeVolume(region, volume.id);
    else removeAttachment(region, volume.id, attachment);
  }
}

/** Applies a change to all named instances, or refuses for one of them. */
function changeStates(check: (region: Region, instance: Instance) => void, change: (region: Region, instance: Instance) => void): Action {
  return ({ region, params }) => {
    const instances = knownRows(instanceId, region.instances, params.texts('InstanceId'));
    for (const instance of instances) check(region, instance);
    for (const instance of instances) change(region, instance);
    return {
      instancesSet: instances.map(({ id, state }): XmlObject => ({ instanceId: id, currentState: writeState(region.instances.get(id)?.state ?? state), previousState: writeState(state) })),
    };
  };
}

const wrongState = (id: string, verb: string): ApiError => new ApiError('IncorrectInstanceState', `The instance '${id}' is not in a state from which it can be ${verb}.`);

const start = changeStates((region, { id, state, zone, type }) => {
  if (state === 'running' || state === 'pending') return;
  if (state !== 'stopped') throw wrongState(id, 'started');
  checkVcpus(region, type, 1);
  if (roomFor(region, zone, type) < 1) throw new ApiError('InsufficientInstanceCapacity', `We currently do not have sufficient ${type} capacity in the Availability Zone you requested (${zone}).`, 500);
}, (region, { id, state }) => {
  if (state !== 'stopped') return;
  region.instances.update(id, { state: 'pending', transition: '', stateReason: undefined, launchedAt: region.now });
  becomeRunning(region, id);
});

const stop = changeStates((_region, { id, state, lifecycle, stopProtected }) => {
  if (stopProtected) throw new ApiError('OperationNotPermitted', `The instance '${id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.`);
  if (lifecycle === 'spot') throw new ApiError('UnsupportedOperation', `You can't stop the Spot Instance '${id}' because it is associated with a one-time Spot Instance request. You can only stop Spot Instances associated with persistent Spot Instance requests.`);
  if (state === 'pending' || state === 'shutting-down' || state === 'terminated') throw wrongState(id, 'stopped');
}, (region, { id, state }) => {
  if (state === 'running') stopInstance(region, id);
});

const terminate = changeStates((_region, { id, terminationProtected }) => {
  if (terminationProtected) throw new ApiError('OperationNotPermitted', `The instance '${id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`);
}, (region, { id }) => terminateInstance(region, id));

const modifyAttribute: Action = ({ region, params }) => {
  const instance = knownRow(instanceId, region.instances, params.need('InstanceId'));
  const given = params.names().filter((name) => !['InstanceId', 'DryRun', 'Value'].includes(name));
  const [name] = given;
  if (name === undefined) throw new ApiError('InvalidParameterCombination', 'No attributes specified.');
  if (given.length > 1) throw new ApiError('InvalidParameterCombination', 'Fields for multiple attribute types specified: ' + given.join(', '));
  region.instances.update(instance.id, changedAttribute(region, instance, name, params));
  return { return: true };
};

function changedAttribute(region: Region, instance: Instance, name: string, params: Params): Partial<Instance> {
  const attribute = name === 'Attribute' ? capitalized(params.need('Attribute')) : name;
  const value = name === 'Attribute' ? params.text('Value') : params.struct(name)?.text('Value') ?? String(params.struct(name)?.flag('Value'));
  switch (attribute) {
    case 'SourceDestCheck': return { sourceDestCheck: value === 'true' };
    case 'DisableApiTermination': return { terminationProtected: value === 'true' };
    case 'DisableApiStop': return { stopProtected: value === 'true' };
    case 'EbsOptimized': return { ebsOptimized: value === 'true' };
    case 'InstanceInitiatedShutdownBehavior': return { shutdownBehavior: value };
    case 'InstanceType': return { type: changedType(instance, value ?? '') };
    case 'GroupId': return { groupIds: knownRows(groupId, region.securityGroups, params.texts('GroupId')).map(({ id }) => id) };
    default: throw new ApiError('UnsupportedOperation', `The emulator does not change the attribute ${attribute}.`);
  }
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function changedType({ id, state }: Instance, type: string): string {
  if (state !== 'stopped') throw new ApiError('IncorrectInstanceState', `The instance '${id}' is not in the 'stopped' state.`);
  if (!instanceTypes.has(type)) throw new ApiError('InvalidInstanceAttributeValue', `Invalid value '${type}' for instanceType.`);
  return type;
}

const describeAttribute: Action = ({ region, params }) => {
  const instance = knownRow(instanceId, region.instances, params.need('InstanceId'));
  const attribute = params.need('Attribute');
  const values: Readonly<Record<string, string | boolean | undefined>> = {
    sourceDestCheck: instance.sourceDestCheck, disableApiTermination: instance.terminationProtected, disableApiStop: instance.stopProtected, ebsOptimized: instance.ebsOptimized,
    instanceInitiatedShutdownBehavior: instance.shutdownBehavior, instanceType: instance.type, userData: instance.userData, rootDeviceName: rootDevice, enaSupport: true,
  };
  if (attribute === 'groupSet') return { instanceId: instance.id, groupSet: instance.groupIds.map((id) => ({ groupId: id, groupName: region.securityGroups.get(id)?.name })) };
  if (!Object.hasOwn(values, attribute)) throw new ApiError('UnsupportedOperation', `The emulator does not show the attribute ${attribute}.`);
  const value = values[attribute];
  return { instanceId: instance.id, [attribute]: value === undefined ? {} : { value } };
};

export const instanceChangeActions: Readonly<Record<string, Action>> = {
  StartInstances: start,
  StopInstances: stop,
  TerminateInstances: terminate,
  ModifyInstanceAttribute: modifyAttribute,
  DescribeInstanceAttribute: describeAttribute,
};
