import { expect } from 'chai';
import { fieldSet, union } from './field-set.ts';
import { readFields } from './fields-v1.ts';
import { deepFreeze } from '#core/api/value.ts';

describe('FieldsV1', () => {
  const canonical = {
    'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
    'f:spec': { 'f:containers': { 'k:{"name":"x"}': { '.': {}, 'f:image': {} } }, 'f:set': { 'v:"a"': {} } },
  };

  it('is the set itself when it is canonical', () => {
    expect(readFields(canonical)).to.equal(canonical);
    const frozen = deepFreeze(structuredClone(canonical));
    expect(readFields(frozen)).to.equal(frozen);
    expect(readFields(frozen)).to.equal(frozen);
    expect(readFields(canonical)).to.deep.equal(fieldSet(
      ['f:metadata', 'f:labels'], ['f:metadata', 'f:labels', 'f:a'], ['f:spec', 'f:containers', 'k:{"name":"x"}'],
      ['f:spec', 'f:containers', 'k:{"name":"x"}', 'f:image'], ['f:spec', 'f:set', 'v:"a"'],
    ));
  });

  it('is put in order, with the unknown left out', () => {
    const read = readFields({ 'f:b': { 'f:z': {}, '.': {} }, '.': {}, 'f:a': { 'k:{"b":1,"a":2}': null, 'x:y': {} }, 'f:lonely': { '.': {} } });
    expect(JSON.stringify(read)).to.equal('{"f:a":{"k:{\\"a\\":2,\\"b\\":1}":{}},"f:b":{".":{},"f:z":{}},"f:lonely":{}}');
  });

  it('joins what is written twice', () => {
    expect(readFields({ 'v:1': { 'f:a': {} }, 'v:1.0': {} })).to.deep.equal({ 'v:1': { '.': {}, 'f:a': {} } });
    expect(readFields({ 'v:1': { 'f:a': {} }, 'v:1.0': { 'f:b': {} } })).to.deep.equal({ 'v:1': { 'f:a': {}, 'f:b': {} } });
  });

  it('is nothing when it is missing', () => {
    expect(readFields(undefined)).to.deep.equal({});
    expect(readFields(null)).to.deep.equal({});
  });

  for (const bad of ['text', 7, [], { 'f:a': 1 }, { 'f:a': [] }, { a: {} }, { 'k:{"a":{}}': {} }, { 'f:a': { 'f:b': 'x' } }]) {
    it(`refuses ${JSON.stringify(bad)}`, () => {
      expect(() => readFields(bad)).to.throw(SyntaxError);
    });
  }

  it('keeps the names that objects have by themselves apart', () => {
    const set = readFields(JSON.parse('{"f:constructor":{},"f:__proto__":{"f:a":{}}}'));
    expect(JSON.stringify(union(set, fieldSet(['f:hasOwnProperty'])))).to.equal('{"f:__proto__":{"f:a":{}},"f:constructor":{},"f:hasOwnProperty":{}}');
    expect(() => readFields(JSON.parse('{"__proto__":{"f:a":{}}}'))).to.throw(SyntaxError);
  });
});
