import { expect } from 'chai';
import { StatusError } from './status-error.ts';
import { checkDepth, deepCopy, deepEqual, deepFreeze, own, pathText, setOwn } from './value.ts';

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
};

describe('JSON values', () => {
  it('are equal whatever the order of keys, and an undefined member is none', () => {
    expect(deepEqual({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 })).to.equal(true);
    expect(deepEqual({ a: 1, b: undefined }, { a: 1 })).to.equal(true);
    expect(deepEqual({ a: undefined }, { b: undefined })).to.equal(true);
  });

  it('differ in a value, a key, a type or a length', () => {
    const pairs: [unknown, unknown][] = [
      [{ a: 1 }, { a: 2 }], [{ a: 1 }, { b: 1 }], [{ a: 1 }, { a: 1, b: 1 }], [{ a: 1, b: 1 }, { a: 1 }],
      [[1, 2], [1]], [[1], [1, 2]], [[], {}], [{}, []], [null, {}], [{}, null], ['1', 1], [{ a: null }, {}],
    ];
    for (const [a, b] of pairs) expect(deepEqual(a, b), JSON.stringify([a, b])).to.equal(false);
  });

  it('take keys of the prototype for ordinary ones', () => {
    expect(deepEqual(JSON.parse('{"__proto__":{}}'), { a: 1 })).to.equal(false);
    expect(deepEqual(JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}'))).to.equal(true);
    expect(deepEqual({ constructor: 1 }, {})).to.equal(false);
    const copy = deepCopy(JSON.parse('{"__proto__":{"polluted":true}}') as Record<string, unknown>);
    expect(Object.keys(copy)).to.deep.equal(['__proto__']);
    expect(copy['polluted']).to.equal(undefined);
    expect(own({}, 'toString')).to.equal(undefined);
    const target: Record<string, unknown> = {};
    setOwn(target, '__proto__', { polluted: true });
    expect(Object.getPrototypeOf(target)).to.equal(Object.prototype);
  });

  it('are copied all the way', () => {
    const source = { list: [{ a: 1 }], gone: undefined };
    const copy = deepCopy(source);
    expect(copy).to.deep.equal({ list: [{ a: 1 }] });
    expect(copy.list[0]).not.to.equal(source.list[0]);
  });

  it('are frozen all the way', () => {
    const value = deepFreeze({ list: [{ a: { b: 1 } }] });
    expect(Object.isFrozen(value.list) && Object.isFrozen(value.list[0]?.a)).to.equal(true);
    expect(() => { value.list.push({ a: { b: 2 } }); }).to.throw(TypeError);
  });

  it('may nest 1000 levels and no deeper', () => {
    expect(() => { checkDepth(nested(1000)); }).not.to.throw();
    expect(deepEqual(deepCopy(nested(1000)), nested(1000))).to.equal(true);
    for (const refuse of [checkDepth, deepCopy]) {
      expect(() => refuse(nested(1001))).to.throw('nests deeper than 1000 levels').that.satisfies((error: unknown) => StatusError.is(error, 'BadRequest'));
    }
  });

  it('have paths', () => {
    expect(pathText(['spec', 'containers', 0, 'name'])).to.equal('spec.containers[0].name');
    expect(pathText(['x'.repeat(1000)])).to.have.length(257);
  });
});
