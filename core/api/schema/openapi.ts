import type { KindNames } from './kind.ts';
import { DeleteOptions, ListMeta, ObjectMeta, Status } from './meta.ts';
import { openApiPaths, patchComponent, type PathItem, type Served } from './openapi-paths.ts';
import { componentsFor, gvkOf, listName, listSchemaFor } from './openapi-schema.ts';
import type { Schema } from './openapi-type.ts';

export interface OpenApiDocument {
  readonly openapi: '3.0.0';
  readonly info: { readonly title: 'Kubernetes'; readonly version: string };
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/**
 * The OpenAPI v3 document of one group-version, complete in itself. Among others kubectl reads it: `explain` the components,
 * `apply` and `diff` the merge keys, and all writing commands whether PATCH takes `fieldValidation`.
 * @param version of the server
 */
export function openApiDocument(groupVersion: Pick<KindNames, 'group' | 'version'>, served: readonly Served[], version: string): OpenApiDocument {
  const kinds = served.map(({ kind }) => kind);
  const stray = kinds.find((kind) => kind.group !== groupVersion.group || kind.version !== groupVersion.version);
  if (stray) throw new TypeError(`${stray.kind} of "${stray.group}" ${stray.version} does not belong to "${groupVersion.group}" ${groupVersion.version}`);
  const described = served.filter(({ schema }) => schema === undefined).map(({ kind }) => kind);
  const below = served.flatMap(({ subresources }) => subresources.flatMap(({ kind }) => (kind === undefined ? [] : [kind])));
  const schemas: Record<string, Schema> = { ...componentsFor([DeleteOptions, Status, ObjectMeta, ListMeta], [...described, ...below]), ...patchComponent };
  for (const { kind, schema, verbs } of served) {
    if (schema) schemas[kind.struct.name] = { ...schema, 'x-kubernetes-group-version-kind': [gvkOf(kind)] };
    if (verbs?.includes('list') ?? true) schemas[listName(kind)] = listSchemaFor(kind);
  }
  for (const { struct, kind } of [{ struct: DeleteOptions, kind: 'DeleteOptions' }, { struct: Status, kind: 'Status' }]) {
    const schema = schemas[struct.name];
    if (schema) schema['x-kubernetes-group-version-kind'] = [{ group: '', kind, version: 'v1' }];
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths: Object.assign({}, ...served.map(openApiPaths)) as Record<string, PathItem>,
    components: { schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))) },
  };
}
