// The kinds of this group and version, for programs that use Keelson; inside, the files are imported themselves.
export { ComponentStatus } from './core-v1/component-status.ts';
export { ConfigMap, Secret } from './core-v1/config.ts';
export { Endpoints } from './core-v1/endpoints.ts';
export { Event } from './core-v1/event.ts';
export { LimitRange } from './core-v1/limit-range.ts';
export { Namespace } from './core-v1/namespace.ts';
export { Node } from './core-v1/node.ts';
export { PersistentVolume } from './core-v1/persistent-volume.ts';
export { PersistentVolumeClaim } from './core-v1/persistent-volume-claim.ts';
export { Binding, Pod } from './core-v1/pod.ts';
export { PodTemplate } from './core-v1/pod-template.ts';
export { ReplicationController } from './core-v1/replication-controller.ts';
export { ResourceQuota } from './core-v1/resource-quota.ts';
export { Service } from './core-v1/service.ts';
export { ServiceAccount } from './core-v1/service-account.ts';
