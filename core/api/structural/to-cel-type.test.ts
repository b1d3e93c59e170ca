import { expect } from 'chai';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import type { CelType } from '#core/api/cel/types.ts';
import { toCelType } from './to-cel-type.ts';

const text: JSONSchemaProps = { type: 'string' };
/** The kind of a type, and how large its values are at most. */
const sketch = (schema: JSONSchemaProps): unknown[] => {
  const type = toCelType(schema);
  return [type?.kind, type?.maxElements];
};
const fieldsOf = (type: CelType | undefined): string[] => (type?.kind === 'object' ? [...type.fields.keys()] : []);

describe('toCelType', () => {
  it('gives scalars their types and sizes', () => {
    expect(sketch({ type: 'boolean' })).to.deep.equal(['bool', 0]);
    expect(sketch({ type: 'integer', format: 'int32' })).to.deep.equal(['int', 0]);
    expect(sketch({ type: 'number' })).to.deep.equal(['double', 0]);
    expect(sketch({ ...text, maxLength: 10 })).to.deep.equal(['string', 40]);
    expect(sketch({ ...text, format: 'byte', maxLength: 10 })).to.deep.equal(['bytes', 10]);
    expect(sketch({ ...text, format: 'duration' })[0]).to.equal('duration');
    expect(sketch({ ...text, format: 'date-time' })[0]).to.equal('timestamp');
    expect(sketch({ ...text, format: 'date' })[0]).to.equal('timestamp');
    expect(sketch({ 'x-kubernetes-int-or-string': true })[0]).to.equal('dyn');
  });

  it('gives lists and maps their limits', () => {
    expect(sketch({ type: 'array', items: text, maxItems: 7 })).to.deep.equal(['list', 7]);
    expect(sketch({ type: 'object', additionalProperties: text, maxProperties: 3 })).to.deep.equal(['map', 3]);
    expect(sketch({ type: 'array', items: text })[1]).to.be.greaterThan(100_000);
  });

  it('leaves out what has no type', () => {
    const untyped: JSONSchemaProps = { 'x-kubernetes-preserve-unknown-fields': true };
    expect(toCelType(untyped)).to.equal(undefined);
    expect(toCelType({ type: 'array', items: untyped })).to.equal(undefined);
    expect(fieldsOf(toCelType({ type: 'object', properties: { a: text, b: untyped, c: { type: 'object', additionalProperties: untyped } } }))).to.deep.equal(['a']);
  });

  it('shows of a resource its names only', () => {
    const type = toCelType({ type: 'object', properties: { spec: text, metadata: { type: 'object' } } }, 'X', true);
    expect(fieldsOf(type)).to.have.members(['spec', 'metadata', 'apiVersion', 'kind']);
    const metadata = type?.kind === 'object' ? type.fields.get('metadata')?.type : undefined;
    expect(fieldsOf(metadata)).to.deep.equal(['name', 'generateName']);
  });
});
