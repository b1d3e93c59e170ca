import { expect } from 'chai';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { list, map, merged, mergedSet, raw, retainKeys, string, struct, int32, type Struct } from '#core/api/schema/type.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepFreeze, type JsonObject } from '#core/api/value.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

const Port = struct('test.Port', '', { port: [1, int32, ''], note: [2, string, ''] });
const Item = struct('test.Item', '', {
  name: [1, string, ''], value: [2, string, ''], other: [3, string, ''], ports: [4, merged(Port, ['port']), ''], tags: [5, mergedSet(string), ''],
});
const Strategy = struct('test.Strategy', '', { type: [1, string, ''], rolling: [2, map(string), ''], extra: [3, string, ''] });
const Doc = struct('test.Doc', '', {
  items: [1, merged(Item, ['name']), ''],
  volumes: [2, retainKeys(merged(Item, ['name'])), ''],
  tags: [3, mergedSet(string), ''],
  words: [4, list(string), ''],
  plain: [5, list(Item), ''],
  labels: [6, map(string), ''],
  strategy: [7, retainKeys(Strategy), ''],
  one: [8, Item, ''],
  anything: [9, raw, ''],
  byName: [10, map(Item), ''],
});

const patched = (doc: unknown, patch: unknown, of: Struct = Doc): JsonObject => applyStrategicMergePatch(of, deepFreeze(doc), deepFreeze(patch));

function refusal(doc: unknown, patch: unknown): StatusError {
  try {
    patched(doc, patch);
  } catch (error) {
    if (StatusError.is(error)) return error;
    throw error;
  }
  throw new Error('the patch was applied');
}

const names = (value: unknown): unknown => (value as { name: string }[]).map(({ name }) => name);

describe('strategic merge patch', () => {
  it('merges objects, and null deletes', () => {
    expect(patched({ labels: { a: '1', b: '2' }, one: { name: 'x', value: 'v' } }, { labels: { a: null, c: '3', d: null }, one: { value: 'w' } }))
      .to.deep.equal({ labels: { b: '2', c: '3' }, one: { name: 'x', value: 'w' } });
    expect(patched({ one: { name: 'x' } }, { one: null, anything: { keep: null } })).to.deep.equal({ anything: { keep: null } });
    expect(patched({ one: { name: 'x' } }, {})).to.deep.equal({ one: { name: 'x' } });
    expect(patched({}, { one: { name: null, value: 'v' } })).to.deep.equal({ one: { value: 'v' } });
  });

  it('replaces lists without a merge key, raw values, and what has another form', () => {
    expect(patched({ words: ['a', 'b'], plain: [{ name: 'x' }], anything: { a: 1 } }, { words: ['c'], plain: [{ name: 'y' }], anything: { b: 1 } }))
      .to.deep.equal({ words: ['c'], plain: [{ name: 'y' }], anything: { b: 1 } });
    expect(patched({ labels: { a: '1' }, items: [{ name: 'x' }] }, { labels: 'text', items: 'text' })).to.deep.equal({ labels: 'text', items: 'text' });
    expect(patched({}, { unknown: { a: null } })).to.deep.equal({ unknown: { a: null } });
  });

  it('replaces or deletes an object by directive', () => {
    expect(patched({ one: { name: 'x', value: 'v' } }, { one: { $patch: 'replace', value: 'w' } })).to.deep.equal({ one: { value: 'w' } });
    expect(patched({ one: { name: 'x' } }, { one: { $patch: 'delete' } })).to.deep.equal({ one: {} });
    expect(patched({}, { one: { $patch: 'delete' } })).to.deep.equal({});
    expect(patched({ one: { name: 'x' } }, { one: { $patch: 'merge', value: 'w' } })).to.deep.equal({ one: { name: 'x', value: 'w' } });
    expect(patched({ labels: { a: '1' } }, { labels: { $patch: 'replace', b: '2' } })).to.deep.equal({ labels: { b: '2' } });
    expect(patched({ one: { name: 'x' } }, { $patch: 'replace', words: ['a'] })).to.deep.equal({ words: ['a'] });
    expect(refusal({ one: { name: 'x' } }, { one: { $patch: 'destroy' } })).to.include({ code: 422, message: 'unknown patch type: destroy in map: map[$patch:destroy]' });
  });

  it('keeps only the fields that $retainKeys names', () => {
    const doc = { strategy: { type: 'Rolling', rolling: { max: '1' }, extra: 'x' } };
    expect(patched(doc, { strategy: { $retainKeys: ['type', 'extra'], type: 'Recreate' } })).to.deep.equal({ strategy: { type: 'Recreate', extra: 'x' } });
    expect(patched({}, { strategy: { $retainKeys: ['type'], type: 'Recreate' } })).to.deep.equal({ strategy: { type: 'Recreate' } });
    expect(patched({ volumes: [{ name: 'v', value: 'a' }] }, { volumes: [{ name: 'v', $retainKeys: ['name', 'other'], other: 'b' }] }))
      .to.deep.equal({ volumes: [{ name: 'v', other: 'b' }] });
    expect(refusal(doc, { strategy: { $retainKeys: ['type'], extra: 'y' } })).to.include({ code: 400 }).and.to.have.property('message').that.contains('invalid patch format of retainKeys');
    expect(refusal(doc, { strategy: { $retainKeys: 'type' } })).to.include({ code: 400, message: 'invalid patch format of retainKeys' });
  });

  it('merges lists by their key: named items in the patch\'s order, the others where they stood', () => {
    const doc = { items: [{ name: 'a', value: '1' }, { name: 'b', value: '2' }, { name: 'c' }] };
    expect(patched(doc, { items: [{ name: 'b', other: 'x' }] })).to.deep.equal({ items: [{ name: 'a', value: '1' }, { name: 'b', value: '2', other: 'x' }, { name: 'c' }] });
    // A new item comes first, as upstream has it.
    expect(names(patched(doc, { items: [{ name: 'd' }] })['items'])).to.deep.equal(['d', 'a', 'b', 'c']);
    expect(names(patched(doc, { items: [{ name: 'c' }, { name: 'a' }] })['items'])).to.deep.equal(['b', 'c', 'a']);
    expect(names(patched(doc, { items: [{ name: 'b' }, { name: 'd' }] })['items'])).to.deep.equal(['a', 'b', 'd', 'c']);
    expect(patched({}, { items: [{ name: 'a' }, { name: 'a', value: '2' }] })).to.deep.equal({ items: [{ name: 'a', value: '2' }] });
    expect(patched({ items: [{ name: 'a' }, { name: 'a', value: 'twice' }] }, { items: [{ name: 'a', other: 'x' }] })).to.deep.equal({ items: [{ name: 'a', other: 'x' }, { name: 'a', value: 'twice' }] });
    expect(patched(doc, { items: [] })).to.deep.equal(doc);
    expect(patched({ items: [{ name: 'a', ports: [{ port: 80 }, { port: 81, note: 'x' }] }] }, { items: [{ name: 'a', ports: [{ port: 81, note: 'y' }] }] }))
      .to.deep.equal({ items: [{ name: 'a', ports: [{ port: 80 }, { port: 81, note: 'y' }] }] });
  });

  it('deletes and replaces items by directive', () => {
    const doc = { items: [{ name: 'a' }, { name: 'b' }, { name: 'a', value: 'twice' }] };
    expect(patched(doc, { items: [{ $patch: 'delete', name: 'a' }, { name: 'c' }] })).to.deep.equal({ items: [{ name: 'c' }, { name: 'b' }] });
    expect(patched(doc, { items: [{ $patch: 'delete', name: 'zzz' }] })).to.deep.equal(doc);
    expect(patched(doc, { items: [{ name: 'x', ports: [{ $patch: 'delete', port: 1 }] }, { $patch: 'replace' }] })).to.deep.equal({ items: [{ name: 'x', ports: [] }] });
    expect(patched(doc, { items: [{ name: 'b', $patch: 'merge', value: 'v' }] })['items']).to.deep.include({ name: 'b', value: 'v' });
    expect(patched({}, { items: [{ $patch: 'delete', name: 'a' }] })).to.deep.equal({ items: [] });
    expect(refusal(doc, { items: [{ $patch: 'explode', name: 'a' }] }).message).to.equal('unknown patch type: explode in map: map[$patch:explode name:a]');
  });

  it('refuses items without their merge key', () => {
    expect(refusal({ items: [{ name: 'a' }] }, { items: [{ value: 'x', ports: [1, true, null] }] }))
      .to.include({ code: 422, reason: 'Invalid', message: 'map: map[ports:[1 true <nil>] value:x] does not contain declared merge key: name' });
    expect(refusal({}, { items: [{ value: 'x' }] }).message).to.equal('map: map[value:x] does not contain declared merge key: name');
    expect(refusal({}, { items: [{ $patch: 'delete' }] }).message).to.contain('does not contain declared merge key: name');
    expect(refusal({}, { items: ['x'] }).message).to.contain('list element types are not identical');
    expect(refusal({}, { items: [{ name: { a: 1 } }] }).message).to.equal('merge key name must be a scalar, not map[a:1]');
    // What is stored already may lack the key: it stays.
    expect(patched({ items: [{ value: 'old' }, { name: 'a' }] }, { items: [{ name: 'a', value: 'new' }] })).to.deep.equal({ items: [{ value: 'old' }, { name: 'a', value: 'new' }] });
  });

  it('merges lists of scalars by value, and deletes from them', () => {
    expect(patched({ tags: ['a', 'b'] }, { tags: ['c', 'a'] })).to.deep.equal({ tags: ['c', 'a', 'b'] });
    expect(patched({ tags: ['a', 'b', 'c'] }, { '$deleteFromPrimitiveList/tags': ['a', 'x'], tags: ['d'] })).to.deep.equal({ tags: ['d', 'b', 'c'] });
    expect(patched({}, { '$deleteFromPrimitiveList/tags': ['a'] })).to.deep.equal({});
    expect(patched({ words: ['a', 'b'] }, { '$deleteFromPrimitiveList/words': ['a'], '$setElementOrder/words': ['b'] })).to.deep.equal({ words: ['b'] });
    expect(refusal({}, { '$deleteFromPrimitiveList/tags': 'a' })).to.include({ code: 400, message: 'invalid patch format of primitive list' });
    expect(refusal({}, { tags: [{}] }).code).to.equal(422);
  });

  it('orders lists by $setElementOrder', () => {
    const doc = { tags: ['a', 'b', 'c'], items: [{ name: 'a' }, { name: 'server' }, { name: 'b' }] };
    expect(patched(doc, { '$setElementOrder/tags': ['c', 'b', 'a'] })['tags']).to.deep.equal(['c', 'b', 'a']);
    expect(patched(doc, { '$setElementOrder/tags': ['x', 'c', 'a'], tags: ['x'], '$deleteFromPrimitiveList/tags': ['b'] })['tags']).to.deep.equal(['x', 'c', 'a']);
    const order = [{ name: 'b' }, { name: 'new' }, { name: 'a' }];
    expect(names(patched(doc, { '$setElementOrder/items': order, items: [{ name: 'new' }, { name: 'a', value: 'x' }] })['items'])).to.deep.equal(['server', 'b', 'new', 'a']);
    expect(names(patched(doc, { '$setElementOrder/items': [{ name: 'a' }, { name: 'b' }] })['items'])).to.deep.equal(['a', 'server', 'b']);
    const replaced = { '$setElementOrder/items': [{ name: 'a' }, { name: 'new' }], items: [{ name: 'new' }, { name: 'b', $patch: 'delete' }] };
    expect(names(patched(doc, replaced)['items'])).to.deep.equal(['a', 'server', 'new']);
    expect(patched({}, { '$setElementOrder/items': order })).to.deep.equal({});
    expect(refusal(doc, { '$setElementOrder/items': [{ name: 'a' }], items: [{ name: 'b' }] }).message).to.contain("doesn't match $setElementOrder list");
    expect(refusal(doc, { '$setElementOrder/items': order, items: [{ name: 'a' }, { name: 'b' }] }).message).to.contain("doesn't match $setElementOrder list");
    expect(refusal(doc, { '$setElementOrder/items': {} })).to.include({ code: 400, message: 'invalid patch format of setElementOrder list' });
    expect(refusal(doc, { '$setElementOrder/items': ['a'] }).message).to.contain('does not contain declared merge key: name');
  });

  it('carries out directives in parts that the document lacks', () => {
    expect(patched({}, { byName: { x: { tags: ['a'], '$setElementOrder/tags': ['a'], name: null } } })).to.deep.equal({ byName: { x: { tags: ['a'] } } });
  });

  it('refuses a patch that is not an object', () => {
    for (const patch of [null, [], 'x']) expect(refusal({}, patch).code).to.equal(400);
  });

  it('keeps __proto__ an ordinary key', () => {
    const result = patched({ labels: { a: '1' } }, JSON.parse('{"__proto__":{"polluted":1},"labels":{"__proto__":"x","constructor":"y"},"items":[{"name":"__proto__"}]}'));
    expect(JSON.stringify(result)).to.equal('{"labels":{"a":"1","__proto__":"x","constructor":"y"},"__proto__":{"polluted":1},"items":[{"name":"__proto__"}]}');
    expect(({} as JsonObject)['polluted']).to.equal(undefined);
  });

  it('patches a pod as kubectl set image and kubectl apply do', () => {
    const pod = {
      apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', finalizers: ['a/b'] },
      spec: { containers: [{ name: 'one', image: 'a:1', env: [{ name: 'A', value: '1' }] }, { name: 'two', image: 'b:1' }], volumes: [{ name: 'v', emptyDir: {} }] },
    };
    expect(patched(pod, { spec: { containers: [{ name: 'two', image: 'b:2' }] } }, Pod.struct))
      .to.have.nested.property('spec.containers').that.deep.equals([pod.spec.containers[0], { name: 'two', image: 'b:2' }]);
    const applied = patched(pod, {
      metadata: { '$deleteFromPrimitiveList/finalizers': ['a/b'], '$setElementOrder/finalizers': ['c/d'], finalizers: ['c/d'] },
      spec: {
        '$setElementOrder/containers': [{ name: 'two' }, { name: 'three' }],
        containers: [{ name: 'three', image: 'c:1' }, { name: 'one', $patch: 'delete' }],
        '$setElementOrder/volumes': [{ name: 'v' }],
        volumes: [{ name: 'v', $retainKeys: ['name', 'hostPath'], emptyDir: null, hostPath: { path: '/x' } }],
      },
    }, Pod.struct);
    expect(applied['metadata']).to.deep.equal({ name: 'p', finalizers: ['c/d'] });
    expect(applied['spec']).to.deep.equal({ containers: [{ name: 'two', image: 'b:1' }, { name: 'three', image: 'c:1' }], volumes: [{ name: 'v', hostPath: { path: '/x' } }] });
  });
});
