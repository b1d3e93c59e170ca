import { zeroScalar } from '#core/api/schema/decode-scalar.ts';
import type { Field, Struct } from '#core/api/schema/type.ts';
import { setOwn, type JsonObject } from '#core/api/value.ts';

const blanks = new WeakMap<Struct, JsonObject>();

/**
 * The object of a kind that Go makes before anything is set. What a new object has in common with it is nobody's doing: that there
 * is a spec, for example.
 */
export function blankOf(struct: Struct): JsonObject {
  let blank = blanks.get(struct);
  if (blank === undefined) {
    blank = {};
    for (const field of struct.fields.values()) if (field.always || (field.required && !isPointer(field))) setOwn(blank, field.name, zeroOf(field));
    blanks.set(struct, blank);
  }
  return blank;
}

const isPointer = ({ type }: Field): boolean => type.form === 'struct' && type.pointer === true;

function zeroOf({ type }: Field): unknown {
  if (type.form === 'struct') return blankOf(type);
  return type.form === 'scalar' ? (zeroScalar(type) ?? null) : null;
}
