import { always, bool, int32, int64, keyed, list, map, merged, pointer, quantity, required, string, time, type Of } from '#core/api/schema/type.ts';
import { ResourceRequirements } from './container.ts';
import { core } from './core.ts';

export const ContainerStateWaiting = core.type('ContainerStateWaiting', 'The container does not run yet.', {
  reason: [1, string, 'One word for what it waits for, such as ImagePullBackOff.'],
  message: [2, string, 'A sentence about it.'],
});
export type ContainerStateWaiting = Of<typeof ContainerStateWaiting>;

export const ContainerStateRunning = core.type('ContainerStateRunning', 'The container runs.', {
  startedAt: [1, time, 'When it was last started.'],
});
export type ContainerStateRunning = Of<typeof ContainerStateRunning>;

export const ContainerStateTerminated = core.type('ContainerStateTerminated', 'The container has ended.', {
  exitCode: [1, required(int32), 'Exit code of the process.'],
  signal: [2, int32, 'Signal that ended it.'],
  reason: [3, string, 'One word, such as Completed, Error or OOMKilled.'],
  message: [4, string, 'The container\'s exit message.'],
  startedAt: [5, time, 'When it had started.'],
  finishedAt: [6, time, 'When it ended.'],
  containerID: [7, string, 'The runtime\'s id, as type://id.'],
});
export type ContainerStateTerminated = Of<typeof ContainerStateTerminated>;

export const ContainerState = core.type('ContainerState', 'What a container does; one of three, waiting when none is set.', {
  waiting: [1, ContainerStateWaiting, 'It does not run yet.'],
  running: [2, ContainerStateRunning, 'It runs.'],
  terminated: [3, ContainerStateTerminated, 'It has ended.'],
});
export type ContainerState = Of<typeof ContainerState>;

export const VolumeMountStatus = core.type('VolumeMountStatus', 'How a volume was mounted.', {
  name: [1, required(string), 'Name of the volume.'],
  mountPath: [2, required(string), 'Where it is mounted.'],
  readOnly: [3, bool, 'Mounted without write access.'],
  recursiveReadOnly: [4, string, 'Whether mounts below are read-only too.'],
});
export type VolumeMountStatus = Of<typeof VolumeMountStatus>;

export const LinuxContainerUser = core.type('LinuxContainerUser', 'Ids of a container\'s first process on Linux.', {
  uid: [1, required(int64), 'User id.'],
  gid: [2, required(int64), 'Primary group id.'],
  supplementalGroups: [3, list(int64), 'Further group ids.'],
});
export type LinuxContainerUser = Of<typeof LinuxContainerUser>;

export const ContainerUser = core.type('ContainerUser', 'As whom a container\'s first process was started.', {
  linux: [1, LinuxContainerUser, 'On Linux.'],
});
export type ContainerUser = Of<typeof ContainerUser>;

export const ResourceHealth = core.type('ResourceHealth', 'Health of one device.', {
  resourceID: [1, required(string), 'Id of the device on its node.'],
  health: [2, string, 'Healthy, Unhealthy or Unknown.'],
});
export type ResourceHealth = Of<typeof ResourceHealth>;

export const ResourceStatus = core.type('ResourceStatus', 'Health of the devices behind one resource.', {
  name: [1, required(string), 'Name of the resource.'],
  resources: [2, keyed(ResourceHealth, 'resourceID'), 'The devices.'],
});
export type ResourceStatus = Of<typeof ResourceStatus>;

export const ContainerStatus = core.type('ContainerStatus', 'What a node reports about one container.', {
  name: [1, required(string), 'Name of the container.'],
  state: [2, always(ContainerState), 'What it does now.'],
  lastState: [3, always(ContainerState), 'How it last ended.'],
  ready: [4, required(bool), 'Whether it passes its readiness probe.'],
  restartCount: [5, required(int32), 'How often it was restarted.'],
  image: [6, required(string), 'Name of the image that runs.'],
  imageID: [7, required(string), 'Id of the image that runs.'],
  containerID: [8, string, 'The runtime\'s id, as type://id.'],
  started: [9, pointer(bool), 'Whether it passed its startup probe.'],
  allocatedResources: [10, map(quantity), 'Compute that the node set aside.'],
  resources: [11, ResourceRequirements, 'Compute settings in force.'],
  volumeMounts: [12, merged(VolumeMountStatus, ['mountPath']), 'How its volumes are mounted.'],
  user: [13, ContainerUser, 'As whom it was started.'],
  allocatedResourcesStatus: [14, merged(ResourceStatus, ['name']), 'Health of its devices.'],
  stopSignal: [15, string, 'Signal that stops it.'],
});
export type ContainerStatus = Of<typeof ContainerStatus>;
