import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { ListMeta } from '#core/api/schema/meta.ts';
import type { AnyResource } from '#core/registry/resource.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

interface ColumnDefinition {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

export interface Table {
  kind: 'Table';
  apiVersion: string;
  metadata: ListMeta;
  columnDefinitions: ColumnDefinition[];
  rows: { cells: unknown[]; object?: unknown }[];
}

/** A resource, or the view of a subresource. */
type Columned = Pick<AnyResource, 'columns'>;

/** An object reduced to its metadata (`PartialObjectMetadata`). */
export const partial = (object: KubernetesObject, version: string) =>
  ({ kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata });

const columnDefinitions = ({ columns }: Columned): ColumnDefinition[] =>
  columns.map(({ name, type, format, description, priority = 0 }) => ({ name, type: type === 'date' && format === undefined ? 'string' : type, format: format ?? (name === 'Name' ? 'name' : ''), description, priority }));

/** What `kubectl get` prints (`meta.k8s.io` Table). */
export function table(
  kind: Columned, objects: readonly KubernetesObject[], metadata: ListMeta,
  options: { version: string; include: IncludeObject; now: number; withColumns?: boolean },
): Table {
  return {
    kind: 'Table', apiVersion: `meta.k8s.io/${options.version}`, metadata,
    columnDefinitions: options.withColumns === false ? [] : columnDefinitions(kind),
    rows: objects.map((object) => ({
      cells: kind.columns.map((column) => column.cell(object, options.now)),
      ...(options.include === 'None' ? {} : { object: options.include === 'Object' ? object : partial(object, options.version) }),
    })),
  };
}
