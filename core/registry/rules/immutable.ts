import type { Struct, Type } from '#core/api/schema/type.ts';
import { same } from './differences.ts';
import type { FieldPath } from './field-path.ts';

/** Clients in Go leave out 0 and '', though not behind a pointer. */
const tellsAbsence = (type: Type): boolean => type.form === 'struct' || (type.form === 'scalar' && type.pointer);

/** Reports each of these fields that differs in meaning from what is stored. @param field the struct */
export function validateImmutable<T extends object>(type: Struct<T>, names: readonly (keyof T & string)[], now: T, old: T, field: FieldPath): void {
  for (const name of names) {
    const of = type.fields.get(name)?.type;
    if (of === undefined) throw new TypeError(`${type.name} has no field ${name}`);
    const [before, after] = [old[name], now[name]];
    const appears = tellsAbsence(of) && (before === undefined) !== (after === undefined);
    if (appears || !same(of, before, after)) field.at(name).invalid(after ?? null, 'field is immutable');
  }
}
