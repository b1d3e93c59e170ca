import type { CustomResourceDefinition } from '#core/api/schema/apiextensions-v1.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { unknownFields } from '#core/api/structural/normalize.ts';
import { structureOf } from '#core/api/structural/structure.ts';
import { deepEqual } from '#core/api/value.ts';
import { FieldErrors } from '#core/api/field-errors.ts';
import { FieldPath } from '#core/registry/rules/field-path.ts';
import { caBundleProblem } from '#core/registry/rules/webhook-client.ts';
import { knowsReview, type ConversionOptions } from './conversion.ts';
import { checkMapKeys, hasLooseItems } from './list-rules.ts';
import { isKnownType, type SchemaOptions } from './schema-rules.ts';
import { someSchemaOf } from './schemas.ts';
import { structuralErrors } from './structural.ts';

/** What is asked of a definition. An update is not asked for more than the stored definition gives: it may stem from a laxer server. */
export interface ValidationOptions extends SchemaOptions, ConversionOptions {
  readonly schemas: boolean;
  readonly structural: boolean;
  readonly prunedDefaults: boolean;
  /** Names of versions whose schema does not change. */
  readonly unchanged: ReadonlySet<string>;
}

export const forCreate: ValidationOptions = {
  schemas: true, structural: true, prunedDefaults: true, validTypes: true, atomicSets: true, definiteKeys: true, knownReview: true, anyBundle: true, unchanged: new Set(),
};

export function forUpdate(now: CustomResourceDefinition, old: CustomResourceDefinition): ValidationOptions {
  const { spec } = old;
  return {
    schemas: spec.versions.every(({ schema }) => schema?.openAPIV3Schema !== undefined),
    structural: !spec.versions.some(({ schema }) => schema?.openAPIV3Schema && !structuralErrors(schema.openAPIV3Schema, []).empty),
    prunedDefaults: !someSchemaOf(spec, hasUnprunedDefault),
    validTypes: !someSchemaOf(spec, ({ type }) => !isKnownType(type)),
    atomicSets: !someSchemaOf(spec, hasLooseItems),
    definiteKeys: !someSchemaOf(spec, hasIndefiniteKeys),
    knownReview: spec.conversion?.webhook === undefined || knowsReview(spec.conversion.webhook.conversionReviewVersions),
    anyBundle: !isEstablished(old) || hasUnreadableBundle(old),
    unchanged: new Set(now.spec.versions.filter(({ name, schema }) => deepEqual(schema, spec.versions.find((version) => version.name === name)?.schema)).map(({ name }) => name)),
  };
}

export const isEstablished = ({ status }: CustomResourceDefinition): boolean => status.conditions.some(({ type, status: holds }) => type === 'Established' && holds === 'True');

const hasUnprunedDefault = (schema: JSONSchemaProps): boolean => schema.default !== undefined && unknownFields(schema.default, structureOf(schema)).length > 0;

function hasIndefiniteKeys(schema: JSONSchemaProps): boolean {
  const errors = new FieldErrors();
  checkMapKeys({ ...schema, 'x-kubernetes-list-map-keys': schema['x-kubernetes-list-map-keys'] ?? [] }, FieldPath.root(errors), true);
  return !errors.empty;
}

function hasUnreadableBundle({ spec }: CustomResourceDefinition): boolean {
  const bundle = spec.conversion?.webhook?.clientConfig?.caBundle ?? '';
  return bundle !== '' && caBundleProblem(bundle) !== undefined;
}
