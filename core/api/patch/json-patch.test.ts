import { expect } from 'chai';
import { StatusError } from '#core/api/status-error.ts';
import { deepCopy, deepEqual, deepFreeze, isObject, setOwn } from '#core/api/value.ts';
import { applyJsonPatch } from './json-patch.ts';
import { below, pick, randomFrom, randomJson, randomObject } from './random-json.ts';

function refusal(doc: unknown, operations: unknown): StatusError {
  try {
    applyJsonPatch(deepFreeze(doc), operations);
  } catch (error) {
    if (StatusError.is(error)) return error;
    throw error;
  }
  throw new Error('the patch was applied');
}

describe('JSON patch', () => {
  it('passes the examples of RFC 6902, and does what upstream does beyond it', () => {
    const examples: [unknown, unknown, unknown][] = [
      [{ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux' }], { foo: 'bar', baz: 'qux' }],
      [{ foo: ['bar', 'baz'] }, [{ op: 'add', path: '/foo/1', value: 'qux' }], { foo: ['bar', 'qux', 'baz'] }],
      [{ foo: 'bar', baz: 'qux' }, [{ op: 'remove', path: '/baz' }], { foo: 'bar' }],
      [{ foo: ['bar', 'qux', 'baz'] }, [{ op: 'remove', path: '/foo/1' }], { foo: ['bar', 'baz'] }],
      [{ foo: 'bar', baz: 'qux' }, [{ op: 'replace', path: '/baz', value: 'boo' }], { foo: 'bar', baz: 'boo' }],
      [{ foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } }, [{ op: 'move', from: '/foo/waldo', path: '/qux/thud' }],
        { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } }],
      [{ foo: ['all', 'grass', 'cows', 'eat'] }, [{ op: 'move', from: '/foo/1', path: '/foo/3' }], { foo: ['all', 'cows', 'eat', 'grass'] }],
      [{ baz: 'qux', foo: ['a', 2, 'c'] }, [{ op: 'test', path: '/baz', value: 'qux' }, { op: 'test', path: '/foo/1', value: 2 }], { baz: 'qux', foo: ['a', 2, 'c'] }],
      [{ foo: 'bar' }, [{ op: 'add', path: '/child', value: { grandchild: {} } }], { foo: 'bar', child: { grandchild: {} } }],
      [{ foo: 'bar' }, [{ op: 'add', path: '/baz', value: 'qux', xyz: 123 }], { foo: 'bar', baz: 'qux' }],
      [{ '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }, { op: 'test', path: '/~1', value: 9 }], { '/': 9, '~1': 10 }],
      [{ foo: ['bar'] }, [{ op: 'add', path: '/foo/-', value: ['abc', 'def'] }], { foo: ['bar', ['abc', 'def']] }],
      [{ foo: ['bar'] }, [{ op: 'add', path: '/foo/1', value: 'end' }], { foo: ['bar', 'end'] }],
      [{ a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }, { op: 'replace', path: '/c/b', value: 2 }], { a: { b: 1 }, c: { b: 2 } }],
      [{ a: 1 }, [{ op: 'replace', path: '', value: [1] }], [1]],
      [{ '': 1 }, [{ op: 'move', from: '/', path: '/a' }], { a: 1 }],
      [{ a: 1 }, [{ op: 'move', from: '/a', path: '/a' }], { a: 1 }],
      [{ a: [1, 2] }, [{ op: 'replace', path: '/a/1', value: 3 }], { a: [1, 3] }],
      [{ a: 1 }, [{ op: 'test', path: '/b', value: null }], { a: 1 }],
      [{ a: 1 }, [{ op: 'replace', path: '/b', value: 2 }], { a: 1, b: 2 }],
      [{ a: 1 }, [], { a: 1 }],
    ];
    for (const [doc, operations, expected] of examples) {
      expect(applyJsonPatch(deepFreeze(doc), deepFreeze(operations)), JSON.stringify(operations)).to.deep.equal(expected);
    }
  });

  it('shares nothing with its arguments', () => {
    const value = { deep: [1] };
    const doc = { kept: { a: 1 } };
    const result = applyJsonPatch(doc, [{ op: 'add', path: '/x', value }, { op: 'add', path: '/y', value }]) as Record<string, unknown>;
    expect(result['x']).not.to.equal(value);
    expect(result['x']).not.to.equal(result['y']);
    expect(result['kept']).not.to.equal(doc.kept);
  });

  it('answers 422 to what does not fit the document', () => {
    const doc = { a: [1, 2], b: { c: 'x' } };
    const cases: [object, string][] = [
      [{ op: 'test', path: '/b/c', value: 'y' }, 'the value is "x", not "y"'],
      [{ op: 'test', path: '/b/d', value: 'y' }, 'the value is nothing, not "y"'],
      [{ op: 'remove', path: '/b/d' }, 'there is nothing at "/b/d"'],
      [{ op: 'replace', path: '/x/y', value: 1 }, 'there is nothing at "/x"'],
      [{ op: 'replace', path: '/a/2', value: 1 }, 'there is nothing at "/a/2"'],
      [{ op: 'replace', path: '/a/-', value: 1 }, 'there is nothing at "/a/-"'],
      [{ op: 'replace', path: '/b/c/d', value: 1 }, 'its parent is neither an object nor a list'],
      [{ op: 'add', path: '/x/y', value: 1 }, 'there is nothing at "/x"'],
      [{ op: 'add', path: '/a/3', value: 1 }, '"3" is no position in a list of 2'],
      [{ op: 'add', path: '/a/01', value: 1 }, '"01" is no position in a list of 2'],
      [{ op: 'add', path: '/a/x', value: 1 }, '"x" is no position in a list of 2'],
      [{ op: 'remove', path: '/a/-' }, 'there is nothing at "/a/-"'],
      [{ op: 'add', path: '/b/c/d', value: 1 }, 'its parent is neither an object nor a list'],
      [{ op: 'remove', path: '' }, 'the whole document cannot be removed'],
      [{ op: 'move', from: '/b', path: '/b/c' }, 'a value cannot move into itself'],
      [{ op: 'copy', from: '/z', path: '/y' }, 'there is nothing at "/z"'],
      [{ op: 'remove', path: '/constructor' }, 'there is nothing at "/constructor"'],
      [{ op: 'add', path: '/__proto__/polluted', value: true }, 'there is nothing at "/__proto__"'],
    ];
    for (const [operation, text] of cases) {
      const error = refusal(doc, [{ op: 'test', path: '/b/c', value: 'x' }, operation]);
      expect([error.code, error.reason], JSON.stringify(operation)).to.deep.equal([422, 'Invalid']);
      expect(error.message).to.match(/^the server rejected our request due to an error in our request: JSON patch operation 1 /).and.to.contain(text);
    }
  });

  it('answers 400 to malformed patches', () => {
    const cases: [unknown, string][] = [
      [{}, 'must be a list'], [['x'], 'operation 0 is malformed: it is not an object'], [[{ path: '/a' }], 'op must be add, remove'],
      [[{ op: 'constructor', path: '/a' }], 'not "constructor"'], [[{ op: 'remove' }], 'path nothing is not a JSON pointer'], [[{ op: 'remove', path: 'a' }], 'path "a" is not a JSON pointer'],
      [[{ op: 'remove', path: '/a~2' }], 'is not a JSON pointer'], [[{ op: 'add', path: '/a' }], 'value is missing'], [[{ op: 'move', path: '/a' }], 'from nothing is not a JSON pointer'],
      [[{ op: 'copy', from: 5, path: '/a' }], 'from 5 is not a JSON pointer'], [[{ op: 'add', path: '/a'.repeat(1001), value: 1 }], 'is not a JSON pointer'],
    ];
    for (const [operations, text] of cases) {
      const error = refusal({ a: 1 }, operations);
      expect([error.code, error.reason], JSON.stringify(operations)).to.deep.equal([400, 'BadRequest']);
      expect(error.message).to.contain(text).and.to.have.length.below(300);
    }
  });

  it('answers 413 to too many operations and to copies without end', () => {
    const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: {} }));
    expect(refusal({}, many)).to.include({ code: 413, message: 'The allowed maximum operations in a JSON patch is 10000, got 10001' });
    expect(applyJsonPatch({}, many.slice(1))).to.deep.equal({});
    const doubling = Array.from({ length: 60 }, (_, i) => ({ op: 'copy', from: '', path: `/k${i}` }));
    expect(refusal({ text: 'x'.repeat(1000) }, doubling).code).to.equal(413);
  });

  it('refuses a document that moves have nested too deep', () => {
    const chain = (length: number): string => '/a'.repeat(length);
    const nest = Array.from({ length: 12 }, () => [
      { op: 'add', path: '/b', value: JSON.parse(`${'{"a":'.repeat(900)}{}${'}'.repeat(900)}`) as unknown },
      { op: 'move', from: '/a', path: `/b${chain(900)}/a` }, { op: 'move', from: '/b', path: '/a' },
    ]).flat();
    expect(refusal({ a: {} }, nest).message).to.contain('nests deeper than 1000 levels');
    expect(refusal({ a: {} }, [...nest, { op: 'test', path: '', value: 1 }]).code).to.equal(422);
    expect(refusal({ a: {} }, [...nest, { op: 'copy', from: '', path: '/c' }]).code).to.equal(400);
  });

  it('keeps __proto__ an ordinary key', () => {
    const result = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }, { op: 'add', path: '/__proto__/more', value: 1 }]);
    expect(JSON.stringify(result)).to.equal('{"__proto__":{"polluted":true,"more":1}}');
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });

  it('undoes what it does, for operations at random', () => {
    const random = randomFrom(5);
    for (let i = 0; i < 1500; i++) {
      const doc = deepFreeze(randomObject(random));
      const operations: object[] = [];
      const undo: object[] = [];
      const mirror = deepCopy(doc) as unknown;
      for (let n = 0; n < 4; n++) addOperation(random, mirror, operations, undo);
      const result = applyJsonPatch(doc, deepFreeze(operations));
      expect(deepEqual(result, mirror), JSON.stringify({ doc, operations, result, mirror })).to.equal(true);
      expect(deepEqual(applyJsonPatch(result, undo.reverse()), doc), JSON.stringify({ doc, operations, undo })).to.equal(true);
    }
  });
});

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** A random object or list inside the value, with the pointer to it. */
function randomPlace(random: () => number, value: unknown, path = ''): [unknown, string] {
  const children: [string, unknown][] = Array.isArray(value) ? value.map((item, index) => [String(index), item]) : Object.entries(value as object);
  const inner = children.filter(([, item]) => typeof item === 'object');
  const next = inner[below(random, inner.length + 1)];
  return next ? randomPlace(random, next[1], `${path}/${escaped(next[0])}`) : [value, path];
}

/** Adds, replaces or removes at a random place: in `mirror` by hand, in `operations` as a patch, in `undo` the way back. */
function addOperation(random: () => number, mirror: unknown, operations: object[], undo: object[]): void {
  const [place, path] = randomPlace(random, mirror);
  const value = randomJson(random, 2);
  if (Array.isArray(place)) changeList(random, place, path, value, operations, undo);
  else if (isObject(place)) changeObject(random, place, path, value, operations, undo);
}

function changeList(random: () => number, place: unknown[], path: string, value: unknown, operations: object[], undo: object[]): void {
  const index = below(random, place.length + 1);
  const at = `${path}/${index}`;
  if (index < place.length && random() < 0.5) {
    undo.push({ op: 'add', path: at, value: deepCopy(place[index]) });
    place.splice(index, 1);
    operations.push({ op: 'remove', path: at });
  } else {
    undo.push({ op: 'remove', path: at });
    place.splice(index, 0, deepCopy(value));
    operations.push({ op: 'add', path: index === place.length - 1 && random() < 0.5 ? `${path}/-` : at, value });
  }
}

function changeObject(random: () => number, place: Record<string, unknown>, path: string, value: unknown, operations: object[], undo: object[]): void {
  const known = Object.keys(place);
  const key = known[below(random, known.length * 2)] ?? pick(random, ['a', '__proto__', 'x/y', 'm~n', '']);
  const at = `${path}/${escaped(key)}`;
  if (Object.hasOwn(place, key)) {
    undo.push({ op: random() < 0.5 ? 'add' : 'replace', path: at, value: deepCopy(place[key]) });
    operations.push({ op: 'replace', path: at, value });
  } else {
    undo.push({ op: 'remove', path: at });
    operations.push({ op: 'add', path: at, value });
  }
  setOwn(place, key, deepCopy(value));
}
