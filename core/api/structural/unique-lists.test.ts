import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { structureOf } from './structure.ts';
import { checkUniqueLists } from './unique-lists.ts';

const text: JSONSchemaProps = { type: 'string' };
const set: JSONSchemaProps = { type: 'array', 'x-kubernetes-list-type': 'set', items: text };
const map: JSONSchemaProps = { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['port', 'protocol'], items: { type: 'object', properties: { port: { type: 'integer' }, protocol: text, names: set } } };

function lines(x: JSONSchemaProps, value: unknown): string[] {
  const errors = new FieldErrors();
  checkUniqueLists({ x: value }, structureOf({ type: 'object', properties: { x } }), errors);
  return errors.causes.map(({ field, message }) => `${field}: ${message}`);
}

describe('checkUniqueLists', () => {
  it('finds what is in a set twice, once', () => {
    expect(lines(set, ['a', 'b', 'a', 'a', 'b'])).to.deep.equal(['x[2]: Duplicate value: "a"', 'x[4]: Duplicate value: "b"']);
    expect(lines({ ...set, items: { type: 'object' } }, [{ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 }, { b: [2, 1], a: 1 }])).to.deep.equal(['x[1]: Duplicate value: {"a":1,"b":[1,2]}']);
    expect(lines({ ...set, items: {} }, [1, '1', null, true, 'true'])).to.deep.equal([]);
    expect(lines({ type: 'array', items: text }, ['a', 'a'])).to.deep.equal([]);
  });

  it('tells items of a map by their keys', () => {
    expect(lines(map, [{ port: 1, protocol: 'TCP' }, { port: 1, protocol: 'UDP' }, { port: 1 }, { port: 1, protocol: 'TCP', names: [] }, { port: 1 }]))
      .to.deep.equal(['x[3]: Duplicate value: {"port":1,"protocol":"TCP"}', 'x[4]: Duplicate value: {"port":1}']);
    expect(lines(map, [{ port: 1 }, 'a'])).to.deep.equal(['x[1]: Invalid value: "a": must be an object for an array of list-type map']);
  });

  it('looks inside of items, values and fields', () => {
    expect(lines(map, [{ port: 1, names: ['a', 'a'] }])).to.deep.equal(['x[0].names[1]: Duplicate value: "a"']);
    expect(lines({ type: 'object', additionalProperties: set }, { 'k/v': ['a', 'a'] })).to.deep.equal(['x[k/v][1]: Duplicate value: "a"']);
  });

  it('takes no longer for long lists', () => {
    const list = Array.from({ length: 50_000 }, (_, i) => `item${i}`);
    expect(lines(set, [...list, 'item7'])).to.deep.equal(['x[50000]: Duplicate value: "item7"']);
  });
});
