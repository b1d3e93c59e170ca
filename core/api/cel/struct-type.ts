import type { Scalar, Struct, Type } from '#core/api/schema/type.ts';
import { bool, bytesOf, double, dyn, int, intOrString, listOf, mapOf, stringOf, timestamp, type CelField, type CelType, type ObjectType } from './types.ts';

const known = new WeakMap<Struct, ObjectType>();

/**
 * The type of a built-in kind, as upstream declares it for the type checks of admission policies: quantities and durations are
 * text, times are timestamps, and what can be an int or a string is `dyn`.
 *
 * Upstream evaluates policies on `dyn` objects all the same, where times are text, too.
 */
export function celTypeOfStruct(struct: Struct): ObjectType {
  let type = known.get(struct);
  if (type === undefined) {
    // Structs may contain themselves: their fields are described when they are first asked for.
    let fields: ReadonlyMap<string, CelField> | undefined;
    type = {
      kind: 'object', name: struct.name, maxElements: 0, minSize: 2,
      get fields() {
        return (fields ??= fieldsOf(struct));
      },
    };
    known.set(struct, type);
  }
  return type;
}

const fieldsOf = (struct: Struct): ReadonlyMap<string, CelField> =>
  new Map([...struct.fields.values()].map(({ name, type, required }): [string, CelField] => [name, { type: typeFor(type), required }]));

function typeFor(type: Type): CelType {
  switch (type.form) {
    case 'struct': return celTypeOfStruct(type);
    case 'map': return mapOf(typeFor(type.of));
    case 'list': return listOf(typeFor(type.of), { merge: type.semantics === 'map' ? type.keys : type.semantics });
    case 'scalar': return scalarType(type);
  }
}

function scalarType({ name, values }: Scalar): CelType {
  switch (name) {
    case 'bool': return bool;
    case 'int32': case 'int64': return int;
    case 'double': return double;
    case 'bytes': return bytesOf();
    case 'time': case 'microTime': return timestamp;
    case 'intOrString': return intOrString();
    case 'raw': case 'json': return dyn;
    case 'string': case 'quantity': case 'duration': return stringOf({ values });
  }
}
