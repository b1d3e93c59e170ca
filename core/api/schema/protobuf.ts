import { maxDepth, setOwn, type JsonObject } from '#core/api/value.ts';
import { fieldsOf, textOf, WireError, type WireValue } from './protobuf-reader.ts';
import type { Dictionary, Scalar, ScalarName, Struct, Type, WireField } from './type.ts';

/** What every Kubernetes protobuf body begins with: "k8s" and a zero byte. */
const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  /** The object's own message. */
  readonly raw: Buffer;
}

/** Opens `runtime.Unknown`, in which clients wrap every object. @throws {WireError} */
export function openEnvelope(bytes: Buffer): Envelope {
  if (!bytes.subarray(0, 4).equals(magic)) throw new WireError('it does not begin with the four bytes of a Kubernetes protobuf body');
  let apiVersion = '';
  let kind = '';
  let raw: Buffer = Buffer.alloc(0);
  for (const [number, wire] of fieldsOf(bytes.subarray(4))) {
    if (number === 2) raw = bytesOf(wire);
    if (number !== 1) continue;
    for (const [part, text] of fieldsOf(bytesOf(wire))) {
      if (part === 1) apiVersion = textOf(bytesOf(text));
      if (part === 2) kind = textOf(bytesOf(text));
    }
  }
  return { apiVersion, kind, raw };
}

/**
 * Turns a message into the JSON value that means the same, for `decode` to check as any other. Fields that the table does not know
 * are passed over, as protobuf demands. What Go writes although it is empty comes out empty, and `decode` drops it.
 * @throws {WireError}
 */
export function fromProtobuf(struct: Struct, message: Buffer): JsonObject {
  const result: JsonObject = {};
  readInto(result, struct, message, 0);
  return result;
}

const byNumber = new WeakMap<Struct, ReadonlyMap<number, WireField>>();

function fieldsByNumber(struct: Struct): ReadonlyMap<number, WireField> {
  let fields = byNumber.get(struct);
  if (!fields) {
    fields = new Map(struct.wire.map((field) => [field.number, field]));
    byNumber.set(struct, fields);
  }
  return fields;
}

function readInto(result: JsonObject, struct: Struct, message: Buffer, depth: number): void {
  if (depth > maxDepth) throw new WireError(`it nests deeper than ${maxDepth} levels`);
  const fields = fieldsByNumber(struct);
  for (const [number, wire] of fieldsOf(message)) {
    const field = fields.get(number);
    if (field === undefined) continue;
    const { name, type } = field;
    if (field.inline) readInto(result, type as Struct, bytesOf(wire), depth + 1);
    else if (type.form === 'list') appendTo(listAt(result, name), type.of, wire, depth);
    else if (type.form === 'map') readEntry(mapAt(result, name), type, bytesOf(wire), depth);
    else setOwn(result, name, valueOf(type, wire, depth));
  }
}

function listAt(result: JsonObject, name: string): unknown[] {
  const known = result[name];
  if (Array.isArray(known)) return known;
  const list: unknown[] = [];
  setOwn(result, name, list);
  return list;
}

function mapAt(result: JsonObject, name: string): JsonObject {
  const known = result[name];
  if (typeof known === 'object' && known !== null) return known as JsonObject;
  const map: JsonObject = {};
  setOwn(result, name, map);
  return map;
}

const packable: ReadonlySet<ScalarName> = new Set(['int32', 'int64', 'bool']);

function appendTo(list: unknown[], type: Type, wire: WireValue, depth: number): void {
  if (type.form !== 'scalar' || !packable.has(type.name) || wire.kind !== 'bytes') {
    list.push(valueOf(type, wire, depth));
    return;
  }
  // Packed: numbers one after the other, without tags. A tag of field 0 before each makes them fields again.
  let start = 0;
  wire.value.forEach((byte, end) => {
    if (byte >= 0x80) return;
    for (const [, number] of fieldsOf(Buffer.concat([Buffer.from([0]), wire.value.subarray(start, end + 1)]))) list.push(valueOf(type, number, depth));
    start = end + 1;
  });
}

function readEntry(map: JsonObject, type: Dictionary, entry: Buffer, depth: number): void {
  let key = '';
  let value: unknown;
  for (const [number, wire] of fieldsOf(entry)) {
    if (number === 1) key = textOf(bytesOf(wire));
    if (number === 2) value = valueOf(type.of, wire, depth);
  }
  setOwn(map, key, value ?? null);
}

function valueOf(type: Type, wire: WireValue, depth: number): unknown {
  if (type.form === 'scalar') return type.either ? eitherOf(type.either, wire, depth) : scalarOf(type, wire);
  if (type.form === 'list') return itemsOf(type.of, bytesOf(wire), depth);
  if (type.form !== 'struct') throw new WireError('a map inside a list or map');
  const result: JsonObject = {};
  readInto(result, type, bytesOf(wire), depth + 1);
  return result;
}

/** Protobuf has no lists inside of maps or lists: such a list is a message of its own, with nothing but its items (`ExtraValue`). */
function itemsOf(type: Type, message: Buffer, depth: number): unknown[] {
  if (depth > maxDepth) throw new WireError(`it nests deeper than ${maxDepth} levels`);
  const items: unknown[] = [];
  for (const [number, wire] of fieldsOf(message)) if (number === 1) appendTo(items, type, wire, depth + 1);
  return items;
}

function eitherOf(forms: Struct, wire: WireValue, depth: number): unknown {
  const message: JsonObject = {};
  readInto(message, forms, bytesOf(wire), depth + 1);
  return forms.wire.map(({ name }) => message[name]).findLast((value) => value !== undefined);
}

function jsonOf(wire: WireValue): unknown {
  return firstOf(bytesOf(wire), (text) => {
    const bytes = bytesOf(text);
    return bytes.length === 0 ? null : (JSON.parse(textOf(bytes)) as unknown);
  });
}

const scalars: Record<ScalarName, (wire: WireValue) => unknown> = {
  string: (wire) => textOf(bytesOf(wire)),
  bool: (wire) => numberOf(wire) !== 0,
  int32: (wire) => numberOf(wire),
  int64: (wire) => numberOf(wire),
  double: (wire) => bytesOf(wire, 'fixed64').readDoubleLE(),
  bytes: (wire) => bytesOf(wire).toString('base64'),
  quantity: (wire) => firstOf(bytesOf(wire), (text) => textOf(bytesOf(text))) ?? '0',
  time: (wire) => instantOf(bytesOf(wire)),
  microTime: (wire) => instantOf(bytesOf(wire)),
  duration: (wire) => firstOf(bytesOf(wire), numberOf),
  intOrString: (wire) => intOrStringOf(bytesOf(wire)),
  raw: jsonOf,
  json: jsonOf,
};

const scalarOf = (type: Scalar, wire: WireValue): unknown => scalars[type.name](wire);

function bytesOf(wire: WireValue, kind: 'bytes' | 'fixed64' = 'bytes'): Buffer {
  if (wire.kind !== kind) throw new WireError(`a field is written as ${wire.kind} where ${kind} is meant`);
  return wire.value;
}

function numberOf(wire: WireValue): number {
  if (wire.kind !== 'varint') throw new WireError(`a number is written as ${wire.kind}`);
  return Number(BigInt.asIntN(64, wire.value));
}

/** The value of field 1, which is all that some messages have. */
function firstOf<T>(message: Buffer, read: (wire: WireValue) => T): T | undefined {
  let found: T | undefined;
  for (const [number, wire] of fieldsOf(message)) if (number === 1) found = read(wire);
  return found;
}

/** `metav1.Time` and `MicroTime`: seconds and nanoseconds. Nothing stands for no time. */
function instantOf(message: Buffer): string | null {
  if (message.length === 0) return null;
  let seconds = 0;
  let nanos = 0;
  for (const [number, wire] of fieldsOf(message)) {
    if (number === 1) seconds = numberOf(wire);
    if (number === 2) nanos = numberOf(wire);
  }
  const instant = new Date(seconds * 1000);
  if (Number.isNaN(instant.getTime())) throw new WireError(`${seconds} seconds are no point in time`);
  return `${instant.toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`;
}

function intOrStringOf(message: Buffer): number | string {
  let isText = false;
  let number = 0;
  let text = '';
  for (const [field, wire] of fieldsOf(message)) {
    if (field === 1) isText = numberOf(wire) === 1;
    if (field === 2) number = numberOf(wire);
    if (field === 3) text = textOf(bytesOf(wire));
  }
  return isText ? text : number;
}
