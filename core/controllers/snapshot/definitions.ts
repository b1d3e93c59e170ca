import { CustomResourceDefinition } from '#core/api/schema/apiextensions-v1.ts';
import { snapshotGroup } from '#core/controllers/storage/snapshots.ts';
import { bootstrapObject, type BootstrapObject } from '#core/spi/bootstrap-object.ts';

type Schema = Readonly<Record<string, unknown>>;

const text = (description: string, rest: Schema = {}): Schema => ({ type: 'string', description, ...rest });
const object = (description: string, properties: Schema, rest: Schema = {}): Schema => ({ type: 'object', description, properties, ...rest });
const rules = (...all: readonly (readonly [rule: string, message: string])[]): Schema => ({ 'x-kubernetes-validations': all.map(([rule, message]) => ({ rule, message })) });
const column = (name: string, type: string, jsonPath: string, description: string): Schema => ({ name, type, jsonPath, description });
const age = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

const meta: Schema = {
  apiVersion: text('Group and version of this object\'s schema.'), kind: text('The kind of this object.'), metadata: { type: 'object' },
};
const immutable = (name: string): Schema => rules(['self == oldSelf', `${name} is immutable`]);
const oneOf = (one: string, other: string): Schema => rules(
  [`!has(oldSelf.${one}) || has(self.${one})`, `${one} is required once set`],
  [`!has(oldSelf.${other}) || has(self.${other})`, `${other} is required once set`],
  [`(has(self.${one}) && !has(self.${other})) || (!has(self.${one}) && has(self.${other}))`, `exactly one of ${one} and ${other} must be set`],
);
const error = object('The last failure, until it succeeds.', { time: text('When it was met.', { format: 'date-time' }), message: text('What went wrong. No secrets.') });
const quantity = {
  'x-kubernetes-int-or-string': true, pattern: String.raw`^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$`,
};
const className = text('The VolumeSnapshotClass; the default one of the volume\'s driver when it is left out.', rules(['size(self) > 0', 'volumeSnapshotClassName must not be the empty string when set']));
const deletionPolicy = text('Delete: the snapshot on the platform goes with its VolumeSnapshot. Retain: it stays.', { enum: ['Delete', 'Retain'] });

const snapshot = object('A snapshot of a claim\'s volume at a moment, or one that exists already and is to be known under this name.', {
  ...meta,
  spec: object('What is wanted.', {
    source: object('Of what. Cannot change.', {
      persistentVolumeClaimName: text('The claim, in the same namespace, of whose volume a snapshot is taken.', immutable('persistentVolumeClaimName')),
      volumeSnapshotContentName: text('The VolumeSnapshotContent of a snapshot that exists already.', immutable('volumeSnapshotContentName')),
    }, oneOf('persistentVolumeClaimName', 'volumeSnapshotContentName')),
    volumeSnapshotClassName: className,
  }, { required: ['source'] }),
  status: object('What became of it.', {
    boundVolumeSnapshotContentName: text('Its VolumeSnapshotContent, which must name this object too before anything is made of it.'),
    creationTime: text('The moment whose data it holds.', { format: 'date-time' }),
    readyToUse: { type: 'boolean', description: 'Volumes can be made from it.' },
    restoreSize: { ...quantity, description: 'The least size of a volume made from it.' },
    volumeGroupSnapshotName: text('The VolumeGroupSnapshot of which it is a part.'),
    error,
  }),
}, { required: ['spec'] });

const reference = object('The VolumeSnapshot that this is for; without its uid until both are bound. Cannot be for another.', {
  apiVersion: text('Its group and version.'), kind: text('Its kind.'), namespace: text('Its namespace.'), name: text('Its name.'), uid: text('Its uid.'),
  resourceVersion: text('The version that was seen.'), fieldPath: text('Unused.'),
}, { 'x-kubernetes-map-type': 'atomic', ...rules(['has(self.name) && has(self.__namespace__)', 'both spec.volumeSnapshotRef.name and spec.volumeSnapshotRef.namespace must be set']) });

const content = object('A snapshot on a platform.', {
  ...meta,
  spec: object('What it is.', {
    deletionPolicy, driver: text('The CSI driver whose snapshot it is.'),
    source: object('From what. Cannot change.', {
      volumeHandle: text('The driver\'s id of the volume of which a snapshot is taken.', immutable('volumeHandle')),
      snapshotHandle: text('The driver\'s id of a snapshot that exists already.', immutable('snapshotHandle')),
    }, oneOf('volumeHandle', 'snapshotHandle')),
    sourceVolumeMode: text('Filesystem or Block, as the volume was; unknown when it is left out.', immutable('sourceVolumeMode')),
    volumeSnapshotClassName: text('The VolumeSnapshotClass with which it was taken.'),
    volumeSnapshotRef: reference,
  }, { required: ['deletionPolicy', 'driver', 'source', 'volumeSnapshotRef'], ...rules(['!has(oldSelf.sourceVolumeMode) || has(self.sourceVolumeMode)', 'sourceVolumeMode is required once set']) }),
  status: object('What its driver says.', {
    creationTime: { type: 'integer', format: 'int64', description: 'The moment whose data it holds, in nanoseconds since 1970.' },
    readyToUse: { type: 'boolean', description: 'Volumes can be made from it.' },
    restoreSize: { type: 'integer', format: 'int64', minimum: 0, description: 'The least size of a volume made from it, in bytes.' },
    snapshotHandle: text('The driver\'s id of it.'), volumeGroupSnapshotHandle: text('The driver\'s id of the group of which it is a part.'),
    error,
  }),
}, { required: ['spec'] });

const snapshotClass = object('How snapshots of a driver are taken, and what becomes of them.', {
  ...meta,
  driver: text('The CSI driver for which it is.'), deletionPolicy,
  parameters: { type: 'object', additionalProperties: { type: 'string' }, description: 'Settings, as the driver knows them.' },
}, { required: ['deletionPolicy', 'driver'] });

interface Names {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly scope: 'Namespaced' | 'Cluster';
}

const ready = column('ReadyToUse', 'boolean', '.status.readyToUse', 'Volumes can be made from it.');

function definition({ kind, plural, shortNames, scope }: Names, schema: Schema, columns: readonly Schema[], subresources: Schema): BootstrapObject {
  const spec = {
    group: snapshotGroup, scope, names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List`, shortNames: [...shortNames] },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, additionalPrinterColumns: [...columns, age], ...subresources }],
  };
  const annotations = { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-csi/external-snapshotter/pull/955' };
  return bootstrapObject(CustomResourceDefinition, { metadata: { name: `${plural}.${snapshotGroup}`, annotations }, spec });
}

/** What makes a cluster serve snapshots: the API of external-snapshotter, with its rules and columns. A cluster that has these definitions already keeps its own. */
export const snapshotDefinitions: readonly BootstrapObject[] = [
  definition({ kind: 'VolumeSnapshot', plural: 'volumesnapshots', shortNames: ['vs'], scope: 'Namespaced' }, snapshot, [
    ready,
    column('SourcePVC', 'string', '.spec.source.persistentVolumeClaimName', 'The claim of whose volume it is.'),
    column('SourceSnapshotContent', 'string', '.spec.source.volumeSnapshotContentName', 'The content that existed before it.'),
    column('RestoreSize', 'string', '.status.restoreSize', 'The least size of a volume made from it.'),
    column('SnapshotClass', 'string', '.spec.volumeSnapshotClassName', 'Its class.'),
    column('SnapshotContent', 'string', '.status.boundVolumeSnapshotContentName', 'Its content.'),
    column('CreationTime', 'date', '.status.creationTime', 'The moment whose data it holds.'),
  ], { subresources: { status: {} } }),
  definition({ kind: 'VolumeSnapshotContent', plural: 'volumesnapshotcontents', shortNames: ['vsc', 'vscs'], scope: 'Cluster' }, content, [
    ready,
    column('RestoreSize', 'integer', '.status.restoreSize', 'The least size of a volume made from it, in bytes.'),
    column('DeletionPolicy', 'string', '.spec.deletionPolicy', 'What becomes of it after its VolumeSnapshot.'),
    column('Driver', 'string', '.spec.driver', 'Its driver.'),
    column('VolumeSnapshotClass', 'string', '.spec.volumeSnapshotClassName', 'Its class.'),
    column('VolumeSnapshot', 'string', '.spec.volumeSnapshotRef.name', 'The VolumeSnapshot for which it is.'),
    column('VolumeSnapshotNamespace', 'string', '.spec.volumeSnapshotRef.namespace', 'The namespace of that.'),
  ], { subresources: { status: {} } }),
  definition({ kind: 'VolumeSnapshotClass', plural: 'volumesnapshotclasses', shortNames: ['vsclass', 'vsclasses'], scope: 'Cluster' }, snapshotClass, [
    column('Driver', 'string', '.driver', 'The driver for which it is.'),
    column('DeletionPolicy', 'string', '.deletionPolicy', 'What becomes of its snapshots.'),
  ], {}),
];
