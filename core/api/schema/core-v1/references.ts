import { atomic, bool, inline, pointer, quantity, required, string, withDefault, type Of } from '#core/api/schema/type.ts';
import { core } from './core.ts';

export const ObjectReference = atomic(core.type('ObjectReference', 'Points at an object, or at a part of one.', {
  apiVersion: [5, string, 'Group and version of the object.'],
  kind: [1, string, 'Kind of the object.'],
  namespace: [2, string, 'Namespace of the object.'],
  name: [3, string, 'Name of the object.'],
  uid: [4, string, 'UID of the object; another object of the same name is not meant.'],
  resourceVersion: [6, string, 'The version of the object that was seen, if it matters.'],
  fieldPath: [7, string, 'The part of the object that is meant, such as spec.containers{web}.'],
}));
export type ObjectReference = Of<typeof ObjectReference>;

export const LocalObjectReference = atomic(core.type('LocalObjectReference', 'Names an object in the same namespace.', {
  name: [1, withDefault(string, ''), 'Name of the object.'],
}));
export type LocalObjectReference = Of<typeof LocalObjectReference>;

export const TypedLocalObjectReference = atomic(core.type('TypedLocalObjectReference', 'Names an object of any kind in the same namespace.', {
  apiGroup: [1, pointer(string), 'Group of the object; empty for the core group.'],
  kind: [2, required(string), 'Kind of the object.'],
  name: [3, required(string), 'Name of the object.'],
}));
export type TypedLocalObjectReference = Of<typeof TypedLocalObjectReference>;

export const TypedObjectReference = core.type('TypedObjectReference', 'Names an object of any kind, possibly in another namespace.', {
  apiGroup: [1, pointer(string), 'Group of the object; empty for the core group.'],
  kind: [2, required(string), 'Kind of the object.'],
  name: [3, required(string), 'Name of the object.'],
  namespace: [4, pointer(string), 'Namespace of the object; needs a grant there when it is not the own one.'],
});
export type TypedObjectReference = Of<typeof TypedObjectReference>;

export const SecretReference = atomic(core.type('SecretReference', 'Names a Secret in any namespace.', {
  name: [1, string, 'Name of the Secret.'],
  namespace: [2, string, 'Namespace of the Secret.'],
}));
export type SecretReference = Of<typeof SecretReference>;

export const ConfigMapKeySelector = atomic(core.type('ConfigMapKeySelector', 'One key of a ConfigMap.', {
  localObjectReference: [1, inline(LocalObjectReference)],
  key: [2, required(string), 'The key to read.'],
  optional: [3, pointer(bool), 'Carry on when the ConfigMap or the key is missing.'],
}));
export type ConfigMapKeySelector = Of<typeof ConfigMapKeySelector>;

export const SecretKeySelector = atomic(core.type('SecretKeySelector', 'One key of a Secret.', {
  localObjectReference: [1, inline(LocalObjectReference)],
  key: [2, required(string), 'The key to read.'],
  optional: [3, pointer(bool), 'Carry on when the Secret or the key is missing.'],
}));
export type SecretKeySelector = Of<typeof SecretKeySelector>;

export const FileKeySelector = atomic(core.type('FileKeySelector', 'One variable of an env file in a volume.', {
  volumeName: [1, required(string), 'The volume that holds the file.'],
  path: [2, required(string), 'Path of the file inside the volume.'],
  key: [3, required(string), 'The variable to read.'],
  optional: [4, withDefault(pointer(bool), false), 'Carry on when the file or the variable is missing.'],
}));
export type FileKeySelector = Of<typeof FileKeySelector>;

export const ObjectFieldSelector = atomic(core.type('ObjectFieldSelector', 'One field of the pod itself.', {
  apiVersion: [1, withDefault(string, 'v1'), 'Version in which the path is written.'],
  fieldPath: [2, required(string), 'Path of the field, such as metadata.name or status.podIP.'],
}));
export type ObjectFieldSelector = Of<typeof ObjectFieldSelector>;

export const ResourceFieldSelector = atomic(core.type('ResourceFieldSelector', 'One resource limit or request of a container.', {
  containerName: [1, string, 'The container; needed in volumes, taken from the context in env.'],
  resource: [2, required(string), 'Such as limits.cpu or requests.memory.'],
  divisor: [3, withDefault(quantity, '0'), 'The unit of the answer; 0 stands for 1.'],
}));
export type ResourceFieldSelector = Of<typeof ResourceFieldSelector>;
