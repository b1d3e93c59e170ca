import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { age } from './age.ts';
import type { Column } from './resource.ts';

export const nameColumn: Column<KubernetesObject> = {
  name: 'Name', type: 'string', description: 'Name of the object, unique in its namespace.', cell: ({ metadata }) => metadata.name,
};

export const ageColumn: Column<KubernetesObject> = {
  name: 'Age', type: 'string', description: 'Time since the object was created.', cell: ({ metadata }, now) => age(metadata.creationTimestamp, now),
};

const short: readonly (readonly [string, string])[] = [
  ['ReadWriteOnce', 'RWO'], ['ReadOnlyMany', 'ROX'], ['ReadWriteMany', 'RWX'], ['ReadWriteOncePod', 'RWOP'],
];

/** Access modes in a fixed order, such as `RWO,ROX`. */
export const accessModesText = (modes: readonly string[] | undefined): string =>
  short.filter(([mode]) => modes?.includes(mode) === true).map(([, text]) => text).join(',');

/** The class of a claim or volume: the annotation that came before the field still wins. */
export const storageClassOf = (object: KubernetesObject & { spec: { storageClassName?: string } }): string =>
  object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? object.spec.storageClassName ?? '';
