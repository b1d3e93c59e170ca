import { escapeName } from './escape.ts';
import type { CelField, ObjectType } from './types.ts';

const spelled = new WeakMap<ObjectType, ReadonlyMap<string, string>>();

/** By how expressions spell them: the names of the fields in JSON. */
function spellings(type: ObjectType): ReadonlyMap<string, string> {
  let names = spelled.get(type);
  if (names === undefined) {
    names = new Map([...type.fields.keys()].flatMap((name) => {
      const escaped = escapeName(name);
      return escaped === undefined ? [] : [[escaped, name]];
    }));
    spelled.set(type, names);
  }
  return names;
}

/** The field that an expression spells so. A keyword may also be spelled plainly, as nothing else can be meant. */
export function fieldOf(type: ObjectType, spelling: string): (CelField & { readonly name: string }) | undefined {
  const name = spellings(type).get(spelling) ?? (escapeName(spelling) === `__${spelling}__` ? spelling : undefined);
  const field = name === undefined ? undefined : type.fields.get(name);
  return field === undefined || name === undefined ? undefined : { ...field, name };
}
