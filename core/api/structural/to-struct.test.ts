import { expect } from 'chai';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { json, type Type } from '#core/api/schema/type.ts';
import { lazyStruct, toStruct } from './to-struct.ts';

const text: JSONSchemaProps = { type: 'string' };
const typeOf = (x: JSONSchemaProps): Type | undefined => toStruct('X', { type: 'object', properties: { x } }).fields.get('x')?.type;

describe('toStruct', () => {
  it('says how lists merge', () => {
    expect(typeOf({ type: 'array', items: text })).to.deep.include({ form: 'list', semantics: 'atomic', keys: [] });
    expect(typeOf({ type: 'array', items: text, 'x-kubernetes-list-type': 'set' })).to.deep.include({ form: 'list', semantics: 'set' });
    expect(typeOf({ type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'], items: { type: 'object', properties: { a: text } } })).to.deep.include({ form: 'list', semantics: 'map', keys: ['a'] });
  });

  it('says how objects and maps merge', () => {
    expect(typeOf({ type: 'object', properties: { a: text } })).to.deep.include({ form: 'struct', atomic: false });
    expect(typeOf({ type: 'object', properties: { a: text }, 'x-kubernetes-map-type': 'atomic' })).to.deep.include({ form: 'struct', atomic: true });
    expect(typeOf({ type: 'object', additionalProperties: text })).to.deep.include({ form: 'map', atomic: false });
    expect(typeOf({ type: 'object', additionalProperties: text, 'x-kubernetes-map-type': 'atomic' })).to.deep.include({ form: 'map', atomic: true });
    expect(typeOf({ type: 'object', properties: { a: text }, 'x-kubernetes-preserve-unknown-fields': true })).to.deep.include({ form: 'struct', rest: json });
    expect(typeOf({ 'x-kubernetes-preserve-unknown-fields': true })).to.equal(json);
  });

  it('knows the defaults of keys', () => {
    const { fields } = toStruct('X', { type: 'object', properties: { a: { ...text, default: 'b' }, c: text } });
    expect([fields.get('a')?.default, fields.get('c')?.default]).to.deep.equal(['b', undefined]);
  });

  it('gives resources what every resource has', () => {
    expect([...toStruct('X', { type: 'object', properties: { metadata: { type: 'object' }, spec: text } }, true).fields.keys()]).to.deep.equal(['apiVersion', 'kind', 'metadata', 'spec']);
    const embedded = typeOf({ type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true });
    expect(embedded?.form === 'struct' && [...embedded.fields.keys()]).to.deep.equal(['apiVersion', 'kind', 'metadata']);
  });

  it('can wait until it is needed', () => {
    let looked = 0;
    const schema: JSONSchemaProps = { type: 'object', get properties() {
      looked++;
      return { a: text };
    } };
    const struct = lazyStruct('com.example.v1.X', schema);
    expect([struct.name, looked]).to.deep.equal(['com.example.v1.X', 0]);
    expect([...struct.fields.keys()]).to.include('a');
    expect(struct.fields).to.equal(struct.fields);
    expect(looked).to.equal(1);
  });
});
