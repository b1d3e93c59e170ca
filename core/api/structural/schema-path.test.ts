import { expect } from 'chai';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { resolvePath } from './schema-path.ts';

const text: JSONSchemaProps = { type: 'string' };
const schema: JSONSchemaProps = {
  type: 'object',
  properties: { spec: { type: 'object', properties: { 'a.b': text, list: { type: 'array', items: text }, labels: { type: 'object', additionalProperties: { type: 'integer' } } } } },
};

describe('resolvePath', () => {
  const found: readonly (readonly [string, string, string | undefined])[] = [
    ['.spec', 'spec', 'object'], ["['spec']['a.b']", 'spec.a.b', 'string'], [".spec.labels['x/y']", 'spec.labels[x/y]', 'integer'],
    ['.spec.labels.z', 'spec.labels[z]', 'integer'], [".spec.labels['it\\'s\\t']", "spec.labels[it's\t]", 'integer'], ['.spec.list', 'spec.list', 'array'],
  ];
  for (const [path, name, type] of found) {
    it(`follows ${path}`, () => {
      const field = resolvePath(path, schema);
      expect([field.name, field.schema.type]).to.deep.equal([name, type]);
    });
  }

  const refused: readonly (readonly [string, string])[] = [
    ['spec', 'expected [ or . but got: spec'], ['.', 'unexpected end of JSON path'], ['.spec.nothing', 'does not refer to a valid field'], ['.spec.list[0]', 'expected single quoted string but got 0'],
    ["['spec'", 'unexpected end of JSON path'], ["['spec'.", 'expected ] but got .'], [".spec.labels['\\q']", 'invalid string literal: invalid escape char \\q'], ['.toString', 'does not refer to a valid field'],
  ];
  for (const [path, problem] of refused) it(`refuses ${path}`, () => expect(() => resolvePath(path, schema)).to.throw(RangeError, problem));

  it('may be told to take names only', () => {
    expect(() => resolvePath("['spec']", schema, false)).to.throw(RangeError, 'array notation is not allowed');
    expect(resolvePath('.spec.list', schema, false).name).to.equal('spec.list');
  });
});
