import type { FieldErrors } from '#core/api/field-errors.ts';
import { isObject } from '#core/api/value.ts';
import type { Scalar, Struct, Type } from './type.ts';

type Check = (value: unknown, path: string, errors: FieldErrors) => void;

/**
 * Reports every value that is not in its closed set (`oneOf`), in one pass over a decoded object. Parts of the description
 * without closed sets cost nothing.
 */
export function checkEnums(struct: Struct, value: unknown, errors: FieldErrors): void {
  checkOf(struct)?.(value, '', errors);
}

/** `undefined` where there is nothing to check. */
const cache = new WeakMap<Type, Check | undefined>();

function checkOf(type: Type): Check | undefined {
  if (cache.has(type)) return cache.get(type);
  // Until the answer is known, a struct that contains itself is looked up when it is met in a value.
  cache.set(type, (value, path, errors) => cache.get(type)?.(value, path, errors));
  const check = compile(type);
  cache.set(type, check);
  return check;
}

function compile(type: Type): Check | undefined {
  switch (type.form) {
    case 'scalar': return type.values.length === 0 ? undefined : scalarCheck(type);
    case 'struct': return structCheck(type);
    case 'list': {
      const item = checkOf(type.of);
      return item && ((value, path, errors) => {
        if (Array.isArray(value)) value.forEach((each, i) => item(each, `${path}[${i}]`, errors));
      });
    }
    case 'map': {
      const item = checkOf(type.of);
      return item && ((value, path, errors) => {
        if (isObject(value)) for (const [key, each] of Object.entries(value)) item(each, `${path}[${key}]`, errors);
      });
    }
  }
}

function scalarCheck(type: Scalar): Check {
  const allowed = new Set(type.values);
  return (value, path, errors) => {
    if (value !== undefined && !(typeof value === 'string' && allowed.has(value))) errors.notSupported(path, value, type.values);
  };
}

function structCheck(type: Struct): Check | undefined {
  const checks: [string, Check][] = [];
  for (const { name, type: of } of type.fields.values()) {
    const check = checkOf(of);
    if (check) checks.push([name, check]);
  }
  if (checks.length === 0) return undefined;
  return (value, path, errors) => {
    if (!isObject(value)) return;
    for (const [name, check] of checks) {
      const each = value[name];
      if (each !== undefined) check(each, path === '' ? name : `${path}.${name}`, errors);
    }
  };
}
