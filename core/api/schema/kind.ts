import type { ListMeta, ObjectMeta } from './meta.ts';
import { ObjectMeta as ObjectMetaStruct } from './meta.ts';
import { always, string, struct, type Row, type Struct, type Table } from './type.ts';

/** What every stored object has. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export interface ObjectList<T> {
  apiVersion: string;
  kind: string;
  metadata: ListMeta;
  items: T[];
}

/** How a kind is named and reached over the API. */
export interface KindNames {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The resource's name in a URL: lower case, plural. */
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  /** Kind of a list of them, when that is not `<kind>List`. */
  readonly listKind?: string;
}

/** A top-level kind: the description of its fields and its names. Type and value share one name. */
export interface Kind<T extends KubernetesObject = KubernetesObject> extends KindNames {
  readonly struct: Struct<T>;
}

/** The TypeScript type of a kind's objects. */
export type KindOf<K> = K extends Kind<infer T> ? T : never;

type Partly<T> = T extends readonly (infer U)[] ? Partly<U>[] : T extends object ? { [K in keyof T]?: Partly<T[K]> } : T;

/** What a writer hands in: the server fills the rest of the metadata and the defaults; `apiVersion` and `kind` follow from the kind. */
export type Draft<T extends KubernetesObject> = Partly<Omit<T, 'metadata'>> & { metadata: Partial<ObjectMeta> };

export const listKindOf = ({ kind, listKind }: Pick<KindNames, 'kind' | 'listKind'>): string => listKind ?? `${kind}List`;

export const apiVersionOf = (names: Pick<KindNames, 'group' | 'version'>): string =>
  names.group === '' ? names.version : `${names.group}/${names.version}`;

/** `persistentvolumeclaims`, or `storageclasses.storage.k8s.io`: how error messages name a resource. */
export const resourceName = (names: Pick<KindNames, 'group' | 'plural'>): string =>
  names.group === '' ? names.plural : `${names.plural}.${names.group}`;

export interface KindOptions {
  plural?: string;
  namespaced?: boolean;
}

/**
 * Makes the helpers with which one group-version's tables are written.
 * @param pkg OpenAPI prefix, such as `io.k8s.api.core.v1`
 */
export function groupVersion(pkg: string, group: string, version: string) {
  return {
    /** A struct of this package. */
    type: <const F extends Table>(name: string, doc: string, table: F): Struct<Row<F>> => struct(`${pkg}.${name}`, doc, table),
    /** A top-level kind of this group-version. Namespaced unless it says otherwise; the plural is the kind's with an s. */
    kind: <const F extends Table>(name: string, doc: string, table: F, options: KindOptions = {}): Kind<Row<F> & KubernetesObject> => {
      const described = struct(`${pkg}.${name}`, doc, {
        apiVersion: [-1, string, 'Group and version of this object\'s schema.'],
        kind: [-2, string, 'The kind of this object.'],
        metadata: [1, always(ObjectMetaStruct), 'Name, labels, owners and the server\'s bookkeeping.'],
        ...table,
      });
      return {
        group, version, kind: name,
        singular: name.toLowerCase(),
        plural: options.plural ?? `${name.toLowerCase()}s`,
        namespaced: options.namespaced ?? true,
        struct: described as unknown as Struct<Row<F> & KubernetesObject>,
      };
    },
  };
}

export const isKindOf = <T extends KubernetesObject>(object: KubernetesObject, kind: Kind<T>): object is T =>
  object.kind === kind.kind && object.apiVersion === apiVersionOf(kind);
