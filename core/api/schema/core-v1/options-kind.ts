import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { string, type Row, type Struct, type Table } from '#core/api/schema/type.ts';
import { core } from './core.ts';

/** Options of a connection are a kind without metadata: they are never stored, and only the URL says what they are. */
export interface OptionsKind<T> extends Kind {
  readonly options: Struct<T>;
}

export function optionsKind<const F extends Table>(kind: string, namespaced: boolean, doc: string, table: F): OptionsKind<Row<F>> {
  const struct = core.type(kind, doc, {
    apiVersion: [-1, string, 'Group and version of this object\'s schema.'],
    kind: [-2, string, 'The kind of this object.'],
    ...table,
  });
  const plural = kind.toLowerCase();
  return { group: '', version: 'v1', kind, plural, singular: plural, namespaced, struct: struct as unknown as Struct<KubernetesObject>, options: struct as unknown as Struct<Row<F>> };
}
