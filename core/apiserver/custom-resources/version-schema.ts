import { FieldErrors } from '#core/api/field-errors.ts';
import { apiVersionOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { blocksRules, report } from '#core/api/structural/findings.ts';
import { isNormal } from '#core/api/structural/is-normal.ts';
import { normalize, readMetadata, type Normalized } from '#core/api/structural/normalize.ts';
import { rulesOf, type Rules } from '#core/api/structural/rules.ts';
import { structureOf, type Structure } from '#core/api/structural/structure.ts';
import { checkUniqueLists } from '#core/api/structural/unique-lists.ts';
import { validatorOf, type Validator } from '#core/api/structural/validate.ts';
import { uncorrelated } from '#core/api/structural/visit.ts';
import { deepFreeze, own, type JsonObject } from '#core/api/value.ts';
import { validateFields } from '#core/registry/custom-resources/embedded.ts';
import { FieldPath } from '#core/registry/rules/field-path.ts';

/** An object whose fields no table knows. */
export type CustomObject = KubernetesObject & Readonly<Record<string, unknown>>;

export const asJson = (object: KubernetesObject): JsonObject => object as unknown as JsonObject;
const asObject = (value: JsonObject): KubernetesObject => value as unknown as KubernetesObject;

interface Compiled {
  readonly structure: Structure;
  readonly validator: Validator;
  readonly status: Validator | undefined;
  readonly rules: Rules | undefined;
}

/** What the schema of one version makes of objects. Compiled when it is first needed: most versions of most definitions never are. */
export class VersionSchema {
  readonly apiVersion: string;
  readonly schema: JSONSchemaProps;
  private compiled: Compiled | undefined;

  constructor(group: string, version: string, schema: JSONSchemaProps) {
    this.apiVersion = apiVersionOf({ group, version });
    this.schema = schema;
  }

  /** A body as it is stored: pruned, and with defaults. @throws {StatusError} BadRequest for malformed metadata */
  decode(value: JsonObject): Normalized {
    const metadata = readMetadata(own(value, 'metadata') ?? {}, false, '');
    const rest = normalize(value, this.parts.structure);
    return { value: { ...rest.value, metadata: metadata.value }, unknown: [...metadata.unknown.map((path) => `metadata.${path}`), ...rest.unknown] };
  }

  /** A stored object as the schema of today wants it; the same one when nothing differs. */
  read(stored: KubernetesObject): KubernetesObject {
    const { structure } = this.parts;
    if (isNormal(asJson(stored), structure)) return stored;
    return deepFreeze(asObject(normalize(asJson(stored), structure, { lenient: true }).value));
  }

  validateNew(object: KubernetesObject, errors: FieldErrors): void {
    report(this.parts.validator.validate(object), '', errors);
    this.validateEmbedded(object, errors);
    checkUniqueLists(asJson(object), this.parts.structure, errors);
  }

  validateChange(object: KubernetesObject, old: KubernetesObject, errors: FieldErrors): void {
    report(this.parts.validator.validateUpdate(object, old), '', errors);
    this.validateEmbedded(object, errors);
    this.validateLists(object, old, errors);
  }

  validateStatus(object: CustomObject, old: CustomObject, errors: FieldErrors): void {
    const { status } = this.parts;
    if (status && object['status'] !== undefined) report(status.validateUpdate(object['status'], old['status'] ?? uncorrelated), 'status', errors);
    this.validateLists(object, old, errors);
  }

  /** The rules in CEL, once everything else has been checked. */
  checkRules(object: KubernetesObject, old: KubernetesObject | undefined, errors: FieldErrors): void {
    const { rules } = this.parts;
    if (rules && blocksRules(errors)) {
      errors.invalid('<nil>', 'null', 'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation');
    } else rules?.check(object, old ?? uncorrelated, '', errors);
  }

  private validateEmbedded(object: KubernetesObject, errors: FieldErrors): void {
    validateFields(asJson(object), this.parts.structure, FieldPath.root(errors));
  }

  /** What was repeated before may stay so. */
  private validateLists(object: KubernetesObject, old: KubernetesObject, errors: FieldErrors): void {
    const before = new FieldErrors();
    checkUniqueLists(asJson(old), this.parts.structure, before);
    if (before.empty) checkUniqueLists(asJson(object), this.parts.structure, errors);
  }

  private get parts(): Compiled {
    const { schema } = this;
    const status = schema.properties?.['status'];
    return (this.compiled ??= { structure: structureOf(schema, true), validator: validatorOf(schema), status: status && validatorOf(status), rules: rulesOf(schema, true) });
  }
}
