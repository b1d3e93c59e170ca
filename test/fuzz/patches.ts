import { mutated, nasty, type Choices } from './choices.ts';

export const strategies = { json: 'application/json-patch+json', merge: 'application/merge-patch+json', strategic: 'application/strategic-merge-patch+json', apply: 'application/apply-patch+yaml' } as const;
export const patchTypes: readonly string[] = [...Object.values(strategies), strategies.apply, 'application/apply-patch+cbor'];

const paths = ['', '/', '/metadata/labels', '/metadata/labels/a', '/metadata/annotations/big', '/spec', '/spec/0', '/spec/template/spec/containers/0/image', '/spec/template/spec/containers/-', '/data/a', '/-', '/metadata/~0', '/metadata/~2', '/__proto__/x', '/constructor/prototype/x', '/metadata/finalizers/-', '/metadata/finalizers/99999999', '/metadata/name', '/metadata/managedFields/0', '/status', '/kind'];
const operation = (choices: Choices): unknown => ({ op: choices.one(['add', 'add', 'remove', 'replace', 'replace', 'move', 'copy', 'test', 'x']), path: choices.one(paths), from: choices.one(paths), value: choices.one(nasty) });

/** Patches whose result is much larger than they are. */
const growing: readonly unknown[] = [
  Array.from({ length: 20_000 }, () => ({ op: 'copy', from: '', path: '/x' })), Array.from({ length: 60 }, (_, i) => ({ op: 'copy', from: '/metadata', path: `/metadata/x${i}` })), Array.from({ length: 9999 }, () => ({ op: 'add', path: '/metadata/labels', value: {} })),
  [{ op: 'add', path: '/data', value: { a: 'x'.repeat(50_000) } }, ...Array.from({ length: 25 }, (_, i) => ({ op: 'copy', from: '/data', path: `/data/k${i}` }))],
  [{ op: 'add', path: '/metadata/labels', value: { a: 'b' } }, { op: 'move', from: '/metadata', path: '/metadata/labels' }],
];

const directives: readonly Record<string, unknown>[] = [
  { $patch: 'delete' }, { $patch: 'replace' }, { $patch: 'x' }, { $retainKeys: ['a', 5] }, { '$deleteFromPrimitiveList/finalizers': ['a', { b: 1 }] }, { '$setElementOrder/containers': [{ name: 'c' }, 5, null] }, { '$setElementOrder/x': 'y' }, { metadata: { $patch: 'replace' } }, { spec: { containers: [{ $patch: 'delete', name: 'c' }, { name: 'c' }, { $patch: 'merge' }] } },
];

/** What a manager says that it owns. */
const fields: readonly unknown[] = [
  { 'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } } }, { 'f:spec': { 'k:{"name":"c"}': { '.': {} } } }, { 'k:x': {} }, { 'k:{': {} }, { 'v:"x"': {}, 'i:0': {}, 'i:x': {} }, { x: {} }, { '.': 5 }, JSON.parse(`${'{"f:a":'.repeat(900)}{}${'}'.repeat(900)}`), 'x', [], { 'f:__proto__': { 'f:x': {} } },
];
const managed = (choices: Choices): unknown => ({ manager: choices.one(['a', '', 'x'.repeat(200)]), operation: choices.one(['Apply', 'Update', 'x']), apiVersion: choices.one(['v1', 'apps/v1', 'x']), time: '2026-01-01T00:00:00Z', fieldsType: choices.one(['FieldsV1', 'x']), fieldsV1: choices.one(fields), subresource: choices.one(['', 'status', 'x']) });

const withMetadata = (object: Record<string, unknown>, more: object): Record<string, unknown> => ({ ...object, metadata: { ...(object['metadata'] as object | undefined), ...more } });

/** A document of a patch that is more or less one for `object`. */
export function patchDocument(type: string, object: Record<string, unknown>, choices: Choices): unknown {
  if (type === strategies.json) {
    if (choices.chance(0.1)) return choices.one(growing);
    return choices.chance(0.05) ? choices.one(nasty) : Array.from({ length: choices.below(5) }, () => operation(choices));
  }
  if (choices.chance(0.1)) return withMetadata(object, { managedFields: choices.one([[], [{}], Array.from({ length: 1 + choices.below(3) }, () => managed(choices))]) });
  if (type === strategies.strategic && choices.chance(0.3)) return { ...object, ...choices.one(directives) };
  return choices.chance(0.5) ? mutated(object, choices) : object;
}
