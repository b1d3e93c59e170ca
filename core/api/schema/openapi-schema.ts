import { apiVersionOf, listKindOf, type Kind } from './kind.ts';
import { ListMeta } from './meta.ts';
import { scalarComponent, scalarSchema } from './openapi-scalars.ts';
import type { GroupVersionKind, Schema } from './openapi-type.ts';
import type { Field, List, Scalar, Struct, Type } from './type.ts';

export const refTo = (component: string): Schema => ({ $ref: `#/components/schemas/${component}` });

export const gvkOf = ({ group, version, kind }: GroupVersionKind): GroupVersionKind => ({ group, kind, version });

export const listName = (kind: Kind): string => `${kind.struct.name}List`;

/** The schema of `<Kind>List`. */
export function listSchemaFor(kind: Kind): Schema {
  return {
    description: `A list of ${kind.kind} objects.`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string', description: `${apiVersionOf(kind)}.` },
      kind: { type: 'string', description: `${listKindOf(kind)}.` },
      metadata: { allOf: [refTo(ListMeta.name)], default: {}, description: ListMeta.doc },
      items: { type: 'array', description: 'The objects.', items: { allOf: [refTo(kind.struct.name)], default: {} } },
    },
    'x-kubernetes-group-version-kind': [{ group: kind.group, kind: listKindOf(kind), version: kind.version }],
  };
}

/**
 * `components.schemas` for the structs and for all that they contain, sorted by name. Structs of `kinds` carry their
 * `x-kubernetes-group-version-kind`.
 */
export function componentsFor(structs: Iterable<Struct>, kinds: Iterable<Kind> = []): Record<string, Schema> {
  const found = new Components();
  for (const struct of structs) found.add(struct);
  for (const kind of kinds) found.add(kind.struct);
  const schemas = found.schemas();
  for (const kind of kinds) {
    const schema = schemas[kind.struct.name];
    if (schema) schema['x-kubernetes-group-version-kind'] = [gvkOf(kind)];
  }
  return schemas;
}

class Components {
  private readonly structs = new Map<string, Struct>();
  private readonly scalars = new Map<string, Schema>();
  /** Names of structs that are atomic; a use that is not says so itself. */
  private readonly atomic = new Set<string>();

  add(type: Type): void {
    switch (type.form) {
      case 'scalar': return this.addScalar(type);
      case 'list':
      case 'map': return this.add(type.of);
      case 'struct': return this.addStruct(type);
    }
  }

  schemas(): Record<string, Schema> {
    const entries: [string, Schema][] = [...this.scalars];
    for (const [name, struct] of this.structs) entries.push([name, this.component(struct)]);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private addScalar(type: Scalar): void {
    const component = scalarComponent(type);
    if (component) this.scalars.set(component.name, component.schema);
  }

  private addStruct(struct: Struct): void {
    if (struct.atomic) this.atomic.add(struct.name);
    if (this.structs.has(struct.name)) return;
    this.structs.set(struct.name, struct);
    for (const field of struct.fields.values()) this.add(field.type);
  }

  private component(struct: Struct): Schema {
    const fields = [...struct.fields.values()];
    const required = fields.filter((field) => field.required).map((field) => field.name);
    return {
      type: 'object',
      ...(struct.doc === '' ? {} : { description: struct.doc }),
      ...(required.length === 0 ? {} : { required }),
      ...(fields.length === 0 ? {} : { properties: Object.fromEntries(fields.map((field) => [field.name, this.property(field)])) }),
      ...(this.atomic.has(struct.name) ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    };
  }

  private property(field: Field): Schema {
    const schema = this.schemaOf(field.type);
    // In OpenAPI 3.0 a reference hides what stands beside it.
    const property: Schema = schema.$ref === undefined ? schema : { allOf: [schema] };
    if (field.doc !== '') property.description = field.doc;
    if (field.default !== undefined) property.default = field.default;
    else if (field.always) property.default = {};
    return property;
  }

  private schemaOf(type: Type): Schema {
    switch (type.form) {
      case 'scalar': return scalarSchema(type);
      case 'list': return this.listSchema(type);
      case 'map': return {
        type: 'object', additionalProperties: this.schemaOf(type.of), ...(type.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
      };
      case 'struct': return this.structSchema(type);
    }
  }

  private structSchema(type: Struct): Schema {
    const reference = refTo(type.name);
    const granular = !type.atomic && this.atomic.has(type.name);
    const strategy = type.retainKeys ? 'retainKeys' : type.replaced === true ? 'replace' : undefined;
    if (!granular && strategy === undefined) return reference;
    return {
      allOf: [reference],
      ...(granular ? { 'x-kubernetes-map-type': 'granular' } : {}),
      ...(strategy === undefined ? {} : { 'x-kubernetes-patch-strategy': strategy }),
    };
  }

  private listSchema(type: List): Schema {
    const { mergeKey } = type;
    const strategy = [...(mergeKey === undefined ? [] : ['merge']), ...(type.retainKeys ? ['retainKeys'] : [])].join(',');
    return {
      type: 'array',
      items: this.schemaOf(type.of),
      'x-kubernetes-list-type': type.semantics,
      ...(type.keys.length === 0 ? {} : { 'x-kubernetes-list-map-keys': type.keys }),
      ...(mergeKey === undefined || mergeKey === '' ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
      ...(strategy === '' ? {} : { 'x-kubernetes-patch-strategy': strategy }),
    };
  }
}
