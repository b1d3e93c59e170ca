import { expect } from 'chai';
import { StatusError } from '#core/api/status-error.ts';
import { deepFreeze, isObject, type JsonObject } from '#core/api/value.ts';
import { applyMergePatch } from './merge-patch.ts';
import { randomFrom, randomObject } from './random-json.ts';

/** The patch that turns `from` into `to`. */
function difference(from: JsonObject, to: JsonObject): JsonObject {
  const entries: [string, unknown][] = [];
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) entries.push([key, null]);
  for (const [key, value] of Object.entries(to)) {
    const old = Object.hasOwn(from, key) ? from[key] : undefined;
    if (isObject(value) && isObject(old)) entries.push([key, difference(old, value)]);
    else if (JSON.stringify(value) !== JSON.stringify(old)) entries.push([key, value]);
  }
  return Object.fromEntries(entries);
}

describe('JSON merge patch', () => {
  it('passes the examples of RFC 7386', () => {
    const examples: [unknown, JsonObject, unknown][] = [
      [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
      [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
      [{ a: 'b' }, { a: null }, {}],
      [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
      [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
      [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
      [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
      [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [[1, 2], { a: 'b', c: null }, { a: 'b' }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ];
    for (const [doc, patch, expected] of examples) {
      expect(applyMergePatch(deepFreeze(doc), deepFreeze(patch)), JSON.stringify(patch)).to.deep.equal(expected);
    }
  });

  it('refuses a patch that is not an object', () => {
    for (const patch of [null, [], 'x', 1]) {
      expect(() => applyMergePatch({}, patch)).to.throw('must be an object').that.satisfies((error: unknown) => StatusError.is(error, 'BadRequest'));
    }
  });

  it('keeps __proto__ an ordinary key', () => {
    const result = applyMergePatch({}, JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'));
    expect(JSON.stringify(result)).to.equal('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
    expect(({} as JsonObject)['polluted']).to.equal(undefined);
    expect(Object.keys(applyMergePatch(JSON.parse('{"__proto__":1,"a":1}'), JSON.parse('{"__proto__":null}')))).to.deep.equal(['a']);
  });

  it('turns any document into any other by their difference, and applies twice as once', () => {
    const random = randomFrom(11);
    for (let i = 0; i < 1000; i++) {
      const from = deepFreeze(randomObject(random));
      const to = randomObject(random);
      const patch = deepFreeze(difference(from, to));
      const result = applyMergePatch(from, patch);
      expect(result, JSON.stringify({ from, to, patch })).to.deep.equal(to);
      expect(applyMergePatch(result, patch)).to.deep.equal(result);
      expect(applyMergePatch(from, {})).to.deep.equal(from);
    }
  });
});
