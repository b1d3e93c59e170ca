import type { List, Struct, Type } from '#core/api/schema/type.ts';
import { StatusError } from '#core/api/status-error.ts';
import { isObject, own, setOwn, type JsonObject } from '#core/api/value.ts';
import { mergeKeyedList } from './keyed-list.ts';
import { mergeScalarList } from './scalar-list.ts';
import { badPatch, goText } from './strategic-failure.ts';

const patchMarker = '$patch';
const retainKeysMarker = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList/';
const orderPrefix = '$setElementOrder/';

/** What a patch says of one field: its new value and the directives that stand beside it. */
interface FieldPatch {
  value?: unknown;
  deletions?: readonly unknown[];
  order?: readonly unknown[];
}

/**
 * Applies a strategic merge patch: a merge patch in which lists with a merge key merge item by item, and in which directives
 * (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList/…`, `$setElementOrder/…`) delete, replace and order.
 *
 * Items that the patch names stand in the patch's order (or that of `$setElementOrder`); the others keep their places
 * among themselves and behind what stood before them. Where upstream leaves directives in a part that the document lacks, they
 * are carried out on an empty one.
 *
 * Neither argument is changed. Unpatched parts of the result are the document's own, not copies.
 * @throws {StatusError} BadRequest for malformed directives, Invalid (422) for a patch that does not fit, such as an item
 * without its merge key.
 */
export function applyStrategicMergePatch(struct: Struct, doc: unknown, patch: unknown): JsonObject {
  if (!isObject(patch)) throw StatusError.badRequest('a strategic merge patch must be an object');
  return mergeObject(struct, isObject(doc) ? doc : undefined, patch);
}

function mergeObject(type: Type, original: JsonObject | undefined, patch: JsonObject): JsonObject {
  const directive = own(patch, patchMarker);
  if (directive === 'delete') return {};
  if (directive === 'replace') return without(patch, patchMarker);
  if (directive !== undefined && directive !== 'merge') {
    throw badPatch(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
  }
  const fields = fieldPatches(patch);
  const result = retained(original ?? {}, patch, fields);
  for (const [name, field] of fields) {
    const merged = mergeField(typeOf(type, name), own(result, name), field);
    if (merged === undefined) delete result[name];
    else setOwn(result, name, merged);
  }
  return result;
}

function without(object: JsonObject, key: string): JsonObject {
  const { [key]: _, ...rest } = object;
  return rest;
}

function typeOf(parent: Type, name: string): Type | undefined {
  if (parent.form === 'struct') return parent.fields.get(name)?.type;
  return parent.form === 'map' ? parent.of : undefined;
}

function fieldPatches(patch: JsonObject): Map<string, FieldPatch> {
  const fields = new Map<string, FieldPatch>();
  const of = (name: string): FieldPatch => {
    let field = fields.get(name);
    if (!field) fields.set(name, field = {});
    return field;
  };
  for (const [key, value] of Object.entries(patch)) {
    if (key === patchMarker || key === retainKeysMarker) continue;
    if (key.startsWith(deletePrefix)) of(key.slice(deletePrefix.length)).deletions = listOf(value, 'primitive list');
    else if (key.startsWith(orderPrefix)) of(key.slice(orderPrefix.length)).order = listOf(value, 'setElementOrder list');
    else of(key).value = value;
  }
  return fields;
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw StatusError.badRequest(`invalid patch format of ${name}`);
  return value;
}

/** The original's fields, or of them those that `$retainKeys` names. */
function retained(original: JsonObject, patch: JsonObject, fields: ReadonlyMap<string, FieldPatch>): JsonObject {
  const given = own(patch, retainKeysMarker);
  if (given === undefined) return { ...original };
  const keys = new Set(listOf(given, 'retainKeys'));
  for (const [name, { value }] of fields) {
    if (value !== undefined && value !== null && !keys.has(name)) {
      throw StatusError.badRequest(`invalid patch format of retainKeys: the patch sets ${name}, which is not among ${goText(given)}`);
    }
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.has(key)));
}

/** @returns undefined when the field goes. */
function mergeField(type: Type | undefined, original: unknown, patch: FieldPatch): unknown {
  const { value } = patch;
  if (value === null) return undefined;
  if (type?.form === 'list' && isListOr(original) && isListOr(value)) return mergeListField(type, original, value, patch);
  if (value === undefined) return original;
  if (isObject(value) && (type?.form === 'struct' || type?.form === 'map')) return mergeMember(type, original, value);
  return value;
}

function mergeListField(type: List, original: unknown[] | undefined, value: unknown[] | undefined, { deletions, order }: FieldPatch): unknown[] | undefined {
  if (type.mergeKey !== undefined) return mergeList(type, original, value, deletions, order);
  // The client thinks that this list merges. Deleting is clear all the same; an order without merging means nothing.
  const gone = new Set(deletions);
  return value ?? original?.filter((item) => !gone.has(item));
}

function mergeMember(type: Type, original: unknown, value: JsonObject): JsonObject | undefined {
  if (type.form === 'struct' && type.replaced === true && !Object.hasOwn(value, patchMarker)) return value;
  if (isObject(original)) return mergeObject(type, original, value);
  return original === undefined && own(value, patchMarker) === 'delete' ? undefined : mergeObject(type, undefined, value);
}

const isListOr = (value: unknown): value is unknown[] | undefined => value === undefined || Array.isArray(value);

function mergeList(
  type: List, original: readonly unknown[] | undefined, patch: readonly unknown[] | undefined,
  deletions: readonly unknown[] | undefined, order: readonly unknown[] | undefined,
): unknown[] | undefined {
  if (original === undefined && patch === undefined) return undefined;
  const key = type.mergeKey ?? '';
  if (key === '') return mergeScalarList(original ?? [], patch ?? [], deletions ?? [], order);
  return mergeKeyedList(key, original ?? [], patch ?? [], order, (item, change) => mergeObject(type.of, item, change));
}
