// The kinds of this group and version, for programs that use Keelson; inside, the files are imported themselves.
export { ControllerRevision } from './apps-v1/controller-revision.ts';
export { DaemonSet } from './apps-v1/daemon-set.ts';
export { Deployment } from './apps-v1/deployment.ts';
export { ReplicaSet } from './apps-v1/replica-set.ts';
export { StatefulSet } from './apps-v1/stateful-set.ts';
