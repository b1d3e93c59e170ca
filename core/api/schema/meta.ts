import { always, atomic, bool, int32, int64, list, map, merged, mergedSet, oneOf, pointer, raw, required, string, struct, time, type Of, type Struct } from './type.ts';

const pkg = 'io.k8s.apimachinery.pkg.apis.meta.v1';

export const OwnerReference = atomic(struct(`${pkg}.OwnerReference`, 'Names the object that owns this one, in the same namespace or cluster-wide.', {
  apiVersion: [5, required(string), 'Group and version of the owner.'],
  kind: [1, required(string), 'Kind of the owner.'],
  name: [3, required(string), 'Name of the owner.'],
  uid: [4, required(string), 'UID of the owner; an owner of the same name with another UID is someone else.'],
  controller: [6, pointer(bool), 'True on the one owner that manages this object.'],
  blockOwnerDeletion: [7, pointer(bool), 'The owner cannot finish foreground deletion while this object exists.'],
}));
export type OwnerReference = Of<typeof OwnerReference>;

const fieldsV1: typeof raw = { ...raw, component: [`${pkg}.FieldsV1`, 'A set of fields, as objects in objects: f: before a name, k: before keys, v: before a value.'] };

export const ManagedFieldsEntry = struct(`${pkg}.ManagedFieldsEntry`, 'Which fields one manager has set, and how.', {
  manager: [1, string, 'Name of the manager.'],
  operation: [2, oneOf('Apply', 'Update'), 'How the fields were set.'],
  apiVersion: [3, string, 'Version in which the fields are written.'],
  time: [4, time, 'When the manager last changed the set of fields.'],
  fieldsType: [6, string, 'Format of fieldsV1; always FieldsV1.'],
  fieldsV1: [7, fieldsV1, 'The set of fields.'],
  subresource: [8, string, 'Subresource through which the fields were set.'],
});
export type ManagedFieldsEntry = Of<typeof ManagedFieldsEntry>;

const ObjectMetaTable = struct(`${pkg}.ObjectMeta`, 'Identity of an object, its labels, and what the server keeps about it.', {
  name: [1, string, 'Unique among objects of this kind in the namespace. Cannot change.'],
  generateName: [2, string, 'Prefix from which the server makes a unique name when name is empty.'],
  namespace: [3, string, 'The namespace; empty for cluster-wide kinds. Cannot change.'],
  selfLink: [4, string, 'Not used any more.'],
  uid: [5, string, 'Set by the server: tells this object from an earlier one of the same name.'],
  resourceVersion: [6, string, 'Set by the server at each write. Send it back with an update to detect a change in between.'],
  generation: [7, int64, 'Counts changes of the desired state.'],
  creationTimestamp: [8, time, 'Set by the server.'],
  deletionTimestamp: [9, time, 'When deletion was asked for; the object stays until its finalizers are gone.'],
  deletionGracePeriodSeconds: [10, pointer(int64), 'Seconds the object may take to end gracefully.'],
  labels: [11, map(string), 'Keys and values to select objects by.'],
  annotations: [12, map(string), 'Keys and values for tools; not selectable.'],
  ownerReferences: [13, merged(OwnerReference, ['uid']), 'Objects on which this one depends; it is collected when all are gone.'],
  finalizers: [14, mergedSet(string), 'Who must act before the object can go.'],
  managedFields: [17, list(ManagedFieldsEntry), 'Who set which field; maintained by the server.'],
});

/** The server guarantees `name`, `uid`, `resourceVersion` and `creationTimestamp` on what it returns; `Draft` makes them optional. */
export interface ObjectMeta {
  name: string;
  generateName?: string;
  namespace?: string;
  selfLink?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}
export const ObjectMeta = ObjectMetaTable as unknown as Struct<ObjectMeta>;
/** The metadata of a template: the object that will be made from it has no name, UID or revision yet. */
export const TemplateMeta: Struct<Partial<ObjectMeta>> = ObjectMeta;

export const ListMeta = struct(`${pkg}.ListMeta`, 'Bookkeeping of a list.', {
  selfLink: [1, string, 'Not used any more.'],
  resourceVersion: [2, string, 'The state of the store that this list shows; watch from here.'],
  continue: [3, string, 'Token for the next page; empty on the last.'],
  remainingItemCount: [4, int64, 'How many items follow this page, when that is known.'],
});
export type ListMeta = Of<typeof ListMeta>;

export const LabelSelectorRequirement = struct(`${pkg}.LabelSelectorRequirement`, 'One condition on a label.', {
  key: [1, required(string), 'The label.'],
  operator: [2, required(string), 'In, NotIn, Exists or DoesNotExist.'],
  values: [3, list(string), 'For In and NotIn: the values; otherwise empty.'],
});
export type LabelSelectorRequirement = Of<typeof LabelSelectorRequirement>;

export const FieldSelectorRequirement = struct(`${pkg}.FieldSelectorRequirement`, 'One condition on a field.', {
  key: [1, required(string), 'The field.'],
  operator: [2, required(string), 'In, NotIn, Exists or DoesNotExist.'],
  values: [3, list(string), 'For In and NotIn: the values; otherwise empty.'],
});
export type FieldSelectorRequirement = Of<typeof FieldSelectorRequirement>;

export const LabelSelector = atomic(struct(`${pkg}.LabelSelector`, 'Selects objects by label; all conditions must hold. Empty selects all.', {
  matchLabels: [1, map(string), 'Labels that must have exactly these values.'],
  matchExpressions: [2, list(LabelSelectorRequirement), 'Further conditions.'],
}));
export type LabelSelector = Of<typeof LabelSelector>;

export const Condition = struct(`${pkg}.Condition`, 'One aspect of an object\'s state.', {
  type: [1, required(string), 'Name of the aspect.'],
  status: [2, required(oneOf('True', 'False', 'Unknown')), 'Whether it holds.'],
  observedGeneration: [3, int64, 'The generation to which this speaks.'],
  lastTransitionTime: [4, required(time), 'When status last changed.'],
  reason: [5, required(string), 'One word in CamelCase for programs.'],
  message: [6, required(string), 'A sentence for people.'],
});
export type Condition = Of<typeof Condition>;

export const StatusCause = struct(`${pkg}.StatusCause`, 'One of several reasons for a failure.', {
  reason: [1, string, 'Machine-readable.'],
  message: [2, string, 'Human-readable.'],
  field: [3, string, 'Path of the field at fault.'],
});
export type StatusCause = Of<typeof StatusCause>;

export const StatusDetails = struct(`${pkg}.StatusDetails`, 'To what a failure refers.', {
  name: [1, string, 'Name of the object.'],
  group: [2, string, 'Its group.'],
  kind: [3, string, 'Its kind or resource.'],
  uid: [6, string, 'Its UID.'],
  causes: [4, list(StatusCause), 'All the reasons.'],
  retryAfterSeconds: [5, int32, 'When to try again.'],
});
export type StatusDetails = Of<typeof StatusDetails>;

export const Status = struct(`${pkg}.Status`, 'The answer to a request that returns no object.', {
  apiVersion: [-1, string, 'v1.'],
  kind: [-2, string, 'Status.'],
  metadata: [1, always(ListMeta), 'Empty.'],
  status: [2, string, 'Success or Failure.'],
  message: [3, string, 'A sentence for people.'],
  reason: [4, string, 'One word for programs.'],
  details: [5, StatusDetails, 'To what it refers.'],
  code: [6, int32, 'The HTTP status.'],
});
export type Status = Of<typeof Status>;

export const Preconditions = struct(`${pkg}.Preconditions`, 'What must be true of the stored object for a deletion to go ahead.', {
  uid: [1, pointer(string), 'Its UID.'],
  resourceVersion: [2, pointer(string), 'Its resourceVersion.'],
});

export const DeleteOptions = struct(`${pkg}.DeleteOptions`, 'How to delete.', {
  apiVersion: [-1, string, 'Version of the options, such as v1.'],
  kind: [-2, string, 'DeleteOptions.'],
  gracePeriodSeconds: [1, pointer(int64), 'Seconds until the object must be gone; 0 at once.'],
  preconditions: [2, Preconditions, 'What must hold.'],
  orphanDependents: [3, pointer(bool), 'Old form of propagationPolicy.'],
  propagationPolicy: [4, pointer(string), 'Orphan, Background or Foreground.'],
  dryRun: [5, list(string), 'All: do everything but the deletion.'],
  ignoreStoreReadErrorWithClusterBreakingPotential: [6, pointer(bool), 'Delete an object that cannot be read.'],
});
export type DeleteOptions = Of<typeof DeleteOptions>;

