import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { compileRe2, type Re2 } from '#core/api/re2.ts';
import { formatTest } from './formats.ts';
import { invalid, notSupported, tooLong, typeInvalid } from './findings.ts';
import type { Visit } from './visit.ts';

/** A check that looks at one value alone. */
export type ScalarCheck<T = unknown> = (value: T, visit: Visit) => void;

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

const typesOf = ({ type, 'x-kubernetes-int-or-string': intOrString }: JSONSchemaProps): readonly string[] =>
  intOrString === true ? ['integer', 'string'] : type === undefined ? [] : [type];

export function compileType(schema: JSONSchemaProps): ScalarCheck | undefined {
  const types = typesOf(schema);
  const { nullable = false } = schema;
  if (types.length === 0) return undefined;
  const accepted = new Set([...types, ...(types.includes('number') ? ['integer'] : []), ...(nullable || types.includes('null') ? ['null'] : [])]);
  return (value, visit) => {
    const found = typeOf(value);
    if (accepted.has(found)) visit.matches++;
    else visit.add(typeInvalid(visit.name, found, `${visit.name} in body must be of type ${types.join(',')}: "${found}"`));
  };
}

/** No longer than `max` characters; those beyond the basic plane count once, as in Go. */
const fits = (text: string, max: number): boolean => text.length <= max || (text.length <= max * 2 && codePoints(text) <= max);

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Length and pattern; the first that fails is reported. */
export function compileText({ maxLength, minLength, pattern }: JSONSchemaProps): ScalarCheck<string> | undefined {
  if (maxLength === undefined && minLength === undefined && pattern === undefined) return undefined;
  let re: Re2 | undefined;
  return (text, visit) => {
    if (maxLength !== undefined && !fits(text, maxLength)) return visit.add(tooLong(visit.name, maxLength));
    if (minLength !== undefined && fits(text, minLength - 1)) {
      return visit.add(invalid(visit.name, text, `${visit.name} in body should be at least ${minLength} chars long`));
    }
    if (pattern === undefined) return;
    re ??= compileRe2(pattern);
    if (!re.test(text)) visit.add(invalid(visit.name, text, `${visit.name} in body should match '${pattern}'`));
  };
}

export function compileFormat({ format }: JSONSchemaProps): ScalarCheck<string> | undefined {
  const test = formatTest(format);
  return test && ((text, visit) => {
    if (!test(text)) visit.add(typeInvalid(visit.name, text, `${visit.name} in body must be of type ${format}: ${JSON.stringify(text)}`));
  });
}

export function compileNumber(schema: JSONSchemaProps): ScalarCheck<number> | undefined {
  const { multipleOf, minimum, maximum, exclusiveMinimum = false, exclusiveMaximum = false } = schema;
  if (multipleOf === undefined && minimum === undefined && maximum === undefined) return undefined;
  return (value, visit) => {
    const wrong = (detail: string): void => visit.add(invalid(visit.name, value, `${visit.name} in body should be ${detail}`));
    if (multipleOf !== undefined && !isMultiple(value, multipleOf)) wrong(`a multiple of ${multipleOf}`);
    if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) wrong(`greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
    if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) wrong(`less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
  };
}

/** As upstream does it, so that 0.3 is a multiple of 0.1. */
function isMultiple(value: number, factor: number): boolean {
  if (factor <= 0) return false;
  const times = factor < 1 ? (1 / factor) * value : value / factor;
  const nearest = Math.round(times);
  return times === nearest || Math.abs(times - nearest) <= Math.abs(times) * 1e-9;
}

export function compileEnum({ enum: values }: JSONSchemaProps): ScalarCheck | undefined {
  if (values === undefined || values.length === 0) return undefined;
  const plain = new Set(values.filter((value) => typeof value !== 'object'));
  const structured = values.filter((value) => typeof value === 'object' && value !== null);
  return (value, visit) => {
    const found = typeof value === 'object' ? value !== null && structured.some((each) => deepEqual(each, value)) : plain.has(value);
    if (!found) visit.add(notSupported(visit.name, value, values));
  };
}
