import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { deepEqual, isObject, own, type JsonObject } from '#core/api/value.ts';
import { compileAlternatives } from './alternatives.ts';
import { invalid, required, tooMany, type Finding } from './findings.ts';
import { OldItems } from './old-items.ts';
import { compileEnum, compileFormat, compileNumber, compileText, compileType } from './scalar-checks.ts';
import { additionalOf, itemsOf } from './structure.ts';
import { TooMuchWork, uncorrelated, Visit, type Check } from './visit.ts';

/** Judges values by a schema. */
export interface Validator {
  /** What is wrong with the value; at most about 100 findings. */
  validate(value: unknown): readonly Finding[];
  /** As `validate`, but parts that did not change are not blamed (KEP-4008). */
  validateUpdate(value: unknown, old: unknown): readonly Finding[];
}

/** Compiles at the first use. Time is linear in the value for any schema, times the alternatives that the schema has. */
export function validatorOf(schema: JSONSchemaProps): Validator {
  let check: Check | undefined;
  const run = (value: unknown, old: unknown): readonly Finding[] => {
    check ??= compile(schema);
    const visit = new Visit();
    try {
      check(value, visit, old);
    } catch (error) {
      if (!(error instanceof TooMuchWork)) throw error;
      return [invalid('', '', error.message)];
    }
    return visit.findings;
  };
  return { validate: (value) => run(value, uncorrelated), validateUpdate: run };
}

/** A schema at a place in the value. What is wrong there is forgiven when nothing there changed. */
function compile(schema: JSONSchemaProps): Check {
  const check = compileChecks(schema);
  return (value, visit, old) => {
    const before = visit.findings.length;
    check(value, visit, old);
    if (visit.findings.length > before && old !== uncorrelated && deepEqual(old, value)) visit.findings.length = before;
  };
}

/** All that a schema says of one value, in upstream's order. */
export function compileChecks(schema: JSONSchemaProps): Check {
  const type = compileType(schema);
  const alternatives = compileAlternatives(schema, compileChecks);
  const contents = compileContents(schema);
  const values = compileEnum(schema);
  return (value, visit, old) => {
    visit.step();
    visit.matches++;
    type?.(value, visit);
    if (value !== null) {
      alternatives?.(value, visit, old);
      contents(value, visit, old);
    }
    values?.(value, visit);
  };
}

/** What a schema says of values of one JSON type only. */
function compileContents(schema: JSONSchemaProps): Check {
  const text = compileText(schema);
  const format = compileFormat(schema);
  const number = compileNumber(schema);
  const list = compileList(schema);
  const object = compileObject(schema);
  return (value, visit, old) => {
    if (typeof value === 'string') {
      text?.(value, visit);
      format?.(value, visit);
    } else if (typeof value === 'number') number?.(value, visit);
    else if (Array.isArray(value)) list(value, visit, old);
    else if (isObject(value)) object(value, visit, old);
  };
}

function compileList(schema: JSONSchemaProps): (value: readonly unknown[], visit: Visit, old: unknown) => void {
  const { minItems, maxItems } = schema;
  const items = itemsOf(schema);
  const item = items && compile(items);
  return (value, visit, old) => {
    if (item) {
      const before = new OldItems(schema, old);
      for (const [i, each] of value.entries()) {
        visit.enter(i);
        item(each, visit, before.of(each));
        visit.leave();
      }
    }
    const size = value.length;
    if (minItems !== undefined && size < minItems) visit.add(invalid(visit.name, size, `${visit.name} in body should have at least ${minItems} items`));
    if (maxItems !== undefined && size > maxItems) visit.add(tooMany(visit.name, size, maxItems));
  };
}

function compileObject(schema: JSONSchemaProps): (value: JsonObject, visit: Visit, old: unknown) => void {
  const size = compileSize(schema);
  const fields = compileFields(schema);
  const { required: names = [] } = schema;
  return (value, visit, old) => {
    const keys = Object.keys(value);
    if (!size(keys.length, visit)) return;
    fields(value, keys, visit, old);
    for (const name of names) {
      if (own(value, name) === undefined) visit.add(required(visit.name === '' ? name : `${visit.name}.${name}`));
    }
  };
}

function compileSize({ minProperties = 0, maxProperties = Infinity }: JSONSchemaProps): (size: number, visit: Visit) => boolean {
  return (size, visit) => {
    if (size < minProperties) visit.add(invalid(visit.name, size, `${visit.name} in body should have at least ${minProperties} properties`));
    else if (size > maxProperties) visit.add(tooMany(visit.name, size, maxProperties));
    else return true;
    return false;
  };
}

function compileFields(schema: JSONSchemaProps): (value: JsonObject, keys: readonly string[], visit: Visit, old: unknown) => void {
  const properties = new Map(Object.entries(schema.properties ?? {}).map(([name, property]) => [name, compile(property)]));
  const rest = additionalOf(schema);
  const additional = rest && compile(rest);
  const closed = schema.additionalProperties === false;
  return (value, keys, visit, old) => {
    const { atRoot } = visit;
    for (const key of keys) {
      const check = properties.get(key) ?? additional;
      if (check) {
        visit.enter(key);
        check(value[key], visit, atRoot && isTypeMeta(key) ? uncorrelated : oldField(old, key));
        visit.leave();
      } else if (closed) visit.add(invalid(visit.name, key, `${visit.name}.${key} in body is a forbidden property`));
    }
  };
}

/** Both states of an update are shown in one apiVersion, so a change of it does not show. */
const isTypeMeta = (key: string): boolean => key === 'apiVersion' || key === 'kind';

const oldField = (old: unknown, key: string): unknown => (isObject(old) ? own(old, key) : uncorrelated);
