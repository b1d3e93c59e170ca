import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '#core/api/schema/apiextensions-v1.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { apiVersionOf, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { lazyStruct } from '#core/api/structural/to-struct.ts';
import { toOpenApi } from '#core/api/structural/to-openapi.ts';
import { deepEqual } from '#core/api/value.ts';
import { resource, type AnyResource, type Resource } from '#core/registry/resource.ts';
import { VersionView, type Converter } from './conversions.ts';
import { customColumns } from './custom-columns.ts';
import { customScale, validateScaleSpec, validateScaleStatus, valueAt } from './custom-scale.ts';
import { VersionSchema, type CustomObject } from './version-schema.ts';

/** Schema of a version that has none, which only a laxer server can have stored. */
const anything: JSONSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

export interface CustomResourceOptions {
  /** For definitions with a conversion webhook. */
  readonly convert?: Converter | undefined;
  /** Whether the definition is being deleted, or is gone: no objects are made then any more. */
  readonly terminating?: () => boolean;
}

/** What is served for an accepted definition: one resource for each served version. */
export function customResources(definition: CustomResourceDefinition, options: CustomResourceOptions = {}): AnyResource[] {
  const { spec: { group, versions } } = definition;
  const schemas = new Map(versions.map(({ name, schema }) => {
    const made = new VersionSchema(group, name, schema?.openAPIV3Schema ?? anything);
    return [made.apiVersion, made];
  }));
  return versions.filter(({ served }) => served).map((version) => customResource(definition, version, schemas, options));
}

/** The resource of the storage version, whether it is served or not, without conversion: for getting rid of its objects. */
export function storageResource(definition: CustomResourceDefinition): AnyResource {
  const version = storageOf(definition);
  const schema = new VersionSchema(definition.spec.group, version.name, anything);
  return customResource(definition, version, new Map([[schema.apiVersion, schema]]), {});
}

function storageOf({ metadata, spec: { versions } }: CustomResourceDefinition): CustomResourceDefinitionVersion {
  const storage = versions.find((version) => version.storage);
  if (!storage) throw new TypeError(`the CustomResourceDefinition ${metadata.name} has no storage version`);
  return storage;
}

function customResource(
  definition: CustomResourceDefinition, version: CustomResourceDefinitionVersion, schemas: ReadonlyMap<string, VersionSchema>, { convert, terminating }: CustomResourceOptions,
): AnyResource {
  const kind = kindOf(definition, version);
  const apiVersion = apiVersionOf(kind);
  const schema = schemas.get(apiVersion) ?? new VersionSchema(kind.group, kind.version, anything);
  const { scale, status } = version.subresources ?? {};
  const { shortNames, categories } = definition.status.acceptedNames;
  const selectable = version.selectableFields ?? [];
  return resource<CustomObject>({
    kind: kind as Kind<CustomObject>,
    shortNames: shortNames ?? [], categories: categories ?? [],
    hasStatus: status !== undefined,
    subresources: scale ? [customScale(scale)] : [],
    tracksGeneration: true,
    countsAsChange: (object, old) => !deepEqual(counted(object, status !== undefined), counted(old, status !== undefined)),
    allowsUnconditionalUpdate: false,
    ...(version.deprecated ? { deprecation: version.deprecationWarning ?? `${apiVersion} ${kind.kind} is deprecated` } : {}),
    ...storage(definition, kind, new VersionView(schemas, schema), convert),
    codec: { decode: (value) => schema.decode(value) },
    get openApi() {
      return toOpenApi(version.schema?.openAPIV3Schema, selectable.map(({ jsonPath }) => jsonPath));
    },

    checkCreation() {
      if (terminating?.() !== true) return;
      throw new StatusError('MethodNotAllowed', 'create not allowed while custom resource definition is terminating', { group: kind.group, kind: kind.plural });
    },
    validateCreate(object, errors) {
      schema.validateNew(object, errors);
      if (scale) validateScaleSpec(object, scale, errors);
      if (scale) validateScaleStatus(object, scale, errors);
      schema.checkRules(object, undefined, errors);
    },
    validateUpdate(object, old, errors) {
      schema.validateChange(object, old, errors);
      if (scale) validateScaleSpec(object, scale, errors);
      if (scale) validateScaleStatus(object, scale, errors);
      schema.checkRules(object, old, errors);
    },
    validateStatus(object, old, errors) {
      schema.validateStatus(object, old, errors);
      if (scale) validateScaleStatus(object, scale, errors);
      schema.checkRules(object, old, errors);
    },
    warnings: finalizerWarnings,

    columns: customColumns(version),
    selectableFields: Object.fromEntries(selectable.map(({ jsonPath }) => [jsonPath.slice(1), (object: CustomObject) => textAt(object, jsonPath)])),
  });
}

/** Definitions that were accepted under other names than they ask for now are served under those. */
function kindOf({ spec, status: { acceptedNames: names } }: CustomResourceDefinition, { name, schema }: CustomResourceDefinitionVersion): Kind {
  const component = [...spec.group.split('.').reverse(), name, names.kind].join('.');
  return {
    group: spec.group, version: name, kind: names.kind, plural: names.plural, singular: names.singular ?? '', namespaced: spec.scope === 'Namespaced',
    ...(names.listKind === undefined ? {} : { listKind: names.listKind }),
    struct: lazyStruct(component, schema?.openAPIV3Schema ?? anything) as Kind['struct'],
  };
}

function storage(definition: CustomResourceDefinition, kind: Kind, view: VersionView, convert: Converter | undefined): Pick<Resource<CustomObject>, 'storedAs' | 'conversion'> {
  const to = kindOf(definition, storageOf(definition));
  const apiVersion = apiVersionOf(to);
  const names = { kind: to, encode: (object: CustomObject) => (object.apiVersion === apiVersion ? object : { ...object, apiVersion }) };
  if (!convert) return { storedAs: { ...names, decode: (stored) => view.show(stored) as CustomObject } };
  return {
    storedAs: { ...names, decode: (stored) => view.prepared(stored) as CustomObject },
    conversion: {
      prepare: (stored) => view.prepare(stored, convert),
      encode: async (object) => (object.apiVersion === apiVersion ? object : (await convert([object], apiVersion))[0] ?? object),
    },
  };
}

/** What a generation is counted by. */
function counted({ metadata: _metadata, status, ...rest }: CustomObject, hasStatus: boolean): object {
  return hasStatus || status === undefined ? rest : { ...rest, status };
}

function textAt(object: CustomObject, path: string): string {
  const value = valueAt(object, path);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Finalizers without a path are accepted, because they always were. */
function finalizerWarnings({ metadata }: KubernetesObject, old: KubernetesObject | undefined): readonly string[] {
  const known = new Set(old?.metadata.finalizers);
  return (metadata.finalizers ?? []).filter((name) => !known.has(name) && !name.includes('/') && !standard.has(name)).map((name) =>
    `metadata.finalizers: ${JSON.stringify(name)}: prefer a domain-qualified finalizer name${name.includes('.') ? ' including a path (/)' : ''} to avoid accidental conflicts with other finalizer writers`);
}

const standard = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);
