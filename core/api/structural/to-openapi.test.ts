import { expect } from 'chai';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { toOpenApi } from './to-openapi.ts';

const text: JSONSchemaProps = { type: 'string' };

describe('toOpenApi', () => {
  it('adds what every resource has', () => {
    const { properties } = toOpenApi({ type: 'object', description: 'Mine.', properties: { spec: text } }) as { properties: Record<string, { type?: string; allOf?: unknown }> };
    expect(Object.keys(properties)).to.have.members(['apiVersion', 'kind', 'metadata', 'spec']);
    expect(properties['kind']).to.include({ type: 'string' });
    expect(JSON.stringify(properties['metadata'])).to.include('#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
    expect(toOpenApi(undefined)).to.deep.equal({ type: 'object' });
  });

  it('keeps extensions and limits, and drops examples and links', () => {
    const list: JSONSchemaProps = { type: 'array', 'x-kubernetes-list-type': 'set', maxItems: 3, items: { ...text, example: 'a', externalDocs: { url: 'https://a' } } };
    const { properties } = toOpenApi({ type: 'object', example: {}, properties: { list, free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, map: { type: 'object', additionalProperties: { ...text, example: 'b' } } } }) as { properties: object };
    expect(properties).to.deep.include({
      list: { type: 'array', 'x-kubernetes-list-type': 'set', maxItems: 3, items: text },
      free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      map: { type: 'object', additionalProperties: text },
    });
  });

  it('spells int-or-string out', () => {
    const { properties } = toOpenApi({ type: 'object', properties: { port: { 'x-kubernetes-int-or-string': true } } }) as { properties: object };
    expect(properties).to.deep.include({ port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] } });
  });

  it('describes embedded resources as resources, and names the selectable fields', () => {
    const schema = toOpenApi({ type: 'object', properties: { template: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: text } } } }, ['.spec.color']) as { properties: { template: { properties: object } } };
    expect(Object.keys(schema.properties.template.properties)).to.have.members(['apiVersion', 'kind', 'metadata', 'spec']);
    expect(schema).to.deep.include({ 'x-kubernetes-selectable-fields': [{ fieldPath: '.spec.color' }] });
  });
});
