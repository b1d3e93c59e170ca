import { FieldErrors } from '#core/api/field-errors.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { report } from '#core/api/structural/findings.ts';
import { unknownFields } from '#core/api/structural/normalize.ts';
import { rulesOf } from '#core/api/structural/rules.ts';
import { itemsOf, structureOf } from '#core/api/structural/structure.ts';
import { validatorOf } from '#core/api/structural/validate.ts';
import { uncorrelated } from '#core/api/structural/visit.ts';
import { StatusError } from '#core/api/status-error.ts';
import { isObject } from '#core/api/value.ts';
import { FieldPath } from '#core/registry/rules/field-path.ts';
import { validateEmbedded, validateResource } from './embedded.ts';

/** Where a schema stands in the innermost resource around it. */
interface Place {
  readonly insideMeta: boolean;
  /** Puts a value where it would stand in an otherwise empty resource. */
  readonly surround: (value: unknown) => unknown;
}

const wholeResource: Place = { insideMeta: false, surround: (value) => (isObject(value) ? { ...value, apiVersion: 'validation/v1', kind: 'Validation' } : value) };

/** Defaults must be what they would be checked for in an object. The schema must be structural. @param pruned they have no fields that would be dropped */
export const defaultErrors = (schema: JSONSchemaProps, path: string, pruned: boolean): FieldErrors => {
  const errors = new FieldErrors();
  new Defaults(errors, pruned).visit(schema, path, wholeResource, true);
  return errors;
};

class Defaults {
  private readonly errors: FieldErrors;
  private readonly pruned: boolean;

  constructor(errors: FieldErrors, pruned: boolean) {
    this.errors = errors;
    this.pruned = pruned;
  }

  visit(schema: JSONSchemaProps, path: string, around: Place, root = false): void {
    const isResource = root || schema['x-kubernetes-embedded-resource'] === true;
    const place = isResource ? wholeResource : around;
    if (schema.default !== undefined) this.check(schema, `${path}.default`, place, isResource);
    const items = itemsOf(schema);
    if (items) this.visit(items, `${path}.items`, { ...place, surround: (value) => place.surround([value]) });
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const insideMeta = place.insideMeta || (isResource && ['metadata', 'apiVersion', 'kind'].includes(name));
      this.visit(property, `${path}.properties[${name}]`, { insideMeta, surround: (value) => place.surround({ [name]: value }) });
    }
  }

  private check(schema: JSONSchemaProps, path: string, place: Place, isResource: boolean): void {
    const before = this.errors.causes.length;
    if (place.insideMeta) this.checkMeta(schema, path, place);
    else this.checkForm(schema, path);
    if (this.errors.causes.length > before) return;
    report(validatorOf(schema).validate(schema.default), path, this.errors);
    if (this.errors.causes.length === before) this.checkRules(schema, path, isResource);
  }

  /** As when an object gets the default, and as when it had it before. */
  private checkRules(schema: JSONSchemaProps, path: string, isResource: boolean): void {
    const rules = rulesOf(schema, isResource);
    const before = this.errors.causes.length;
    for (const old of [schema.default, uncorrelated]) {
      if (this.errors.causes.length === before) rules?.check(schema.default, old, path, this.errors);
    }
  }

  private checkMeta({ default: value }: JSONSchemaProps, path: string, { surround }: Place): void {
    const found = new FieldErrors();
    const resource = surround(value);
    if (isObject(resource)) validateResource(resource, FieldPath.root(found));
    if (!found.empty) this.errors.invalid(path, value, `must result in valid metadata: ${found.toString()}`);
  }

  private checkForm(schema: JSONSchemaProps, path: string): void {
    const structure = structureOf(schema);
    try {
      const unknown = unknownFields(schema.default, structure);
      if (this.pruned && unknown.length > 0) this.errors.invalid(path, schema.default, 'must not have unknown fields');
    } catch (error) {
      if (!StatusError.is(error)) throw error;
      this.errors.invalid(path, schema.default, error.message);
      return;
    }
    validateEmbedded(schema.default, structure, FieldPath.root(this.errors).at(path));
  }
}
