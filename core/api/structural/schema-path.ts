import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { own } from '#core/api/value.ts';
import { additionalOf } from './structure.ts';

/** A field that a schema describes. */
export interface DescribedField {
  /** As in error messages: `spec.ports`, `labels[a.b/c]`. */
  readonly name: string;
  readonly schema: JSONSchemaProps;
}

const escapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', "'": "'", '\\': '\\' };

/**
 * Follows a path such as `.spec.labels['a.b/c']` through a schema; lists cannot be on it.
 * @param brackets whether the second form of steps is allowed
 * @throws {RangeError} with what is wrong, in upstream's words
 */
export function resolvePath(path: string, schema: JSONSchemaProps, brackets = true): DescribedField {
  let field: DescribedField = { name: '', schema };
  const tokens = tokenize(path);
  const next = (): string => {
    const token = tokens.shift();
    if (token === undefined) throw new RangeError('unexpected end of JSON path');
    return token;
  };
  while (tokens.length > 0) {
    const token = next();
    if (token === '.') field = step(field, next());
    else if (token !== '[') throw new RangeError(`expected [ or . but got: ${token}`);
    else if (!brackets) throw new RangeError('array notation is not allowed');
    else {
      field = step(field, unquote(next()));
      const end = next();
      if (end !== ']') throw new RangeError(`expected ] but got ${end}`);
    }
  }
  return field;
}

/** Delimiters, quoted texts, and what is between them. */
const tokenize = (path: string): string[] => path.match(/[.[\]]|'(?:[^'\\]|\\[^])*'|[^.[\]]+/g) ?? [];

function unquote(token: string): string {
  if (token.length < 2 || !token.startsWith("'") || !token.endsWith("'")) throw new RangeError(`expected single quoted string but got ${token}`);
  return token.slice(1, -1).replace(/\\([^])/g, (escaped, character: string) => {
    const meant = own(escapes, character);
    if (typeof meant !== 'string') throw new RangeError(`invalid string literal: invalid escape char ${escaped}`);
    return meant;
  });
}

function step({ name, schema }: DescribedField, token: string): DescribedField {
  const values = additionalOf(schema);
  if (schema.properties === undefined && values !== undefined) return { name: `${name}[${token}]`, schema: values };
  const property = own(schema.properties ?? {}, token) as JSONSchemaProps | undefined;
  if (property === undefined) throw new RangeError('does not refer to a valid field');
  return { name: name === '' ? token : `${name}.${token}`, schema: property };
}
