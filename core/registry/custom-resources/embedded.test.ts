import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { structureOf } from '#core/api/structural/structure.ts';
import { FieldPath } from '#core/registry/rules/field-path.ts';
import { validateFields } from './embedded.ts';

const embedded: JSONSchemaProps = { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true };
const schema: JSONSchemaProps = {
  type: 'object',
  properties: { one: embedded, list: { type: 'array', items: embedded }, map: { type: 'object', additionalProperties: embedded }, deep: { ...embedded, properties: { inner: embedded } } },
};

function lines(value: Record<string, unknown>): string[] {
  const errors = new FieldErrors();
  validateFields(value, structureOf(schema, true), FieldPath.root(errors));
  return errors.causes.map(({ field, message }) => `${field}: ${message}`);
}

const pod = (metadata?: object) => ({ apiVersion: 'v1', kind: 'Pod', ...(metadata ? { metadata } : {}) });

describe('validateFields', () => {
  it('accepts resources, with names or without', () => {
    expect(lines({ one: pod(), list: [pod({ name: 'a', labels: { a: 'b' } })], map: { x: { ...pod(), apiVersion: 'apps/v1' } } })).to.deep.equal([]);
    expect(lines({ apiVersion: 5, kind: [], metadata: 'the own ones are checked elsewhere' })).to.deep.equal([]);
  });

  it('asks for a kind and a version', () => {
    expect(lines({ one: {} })).to.deep.equal(['one.apiVersion: Required value', 'one.kind: Required value']);
    expect(lines({ list: [{ apiVersion: 'a/b/c', kind: 'Po d' }] })[0]).to.equal('list[0].apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c');
    expect(lines({ list: [{ apiVersion: 'v1', kind: 'Po d' }] })[0]).to.match(/^list\[0\]\.kind: Invalid value: "Po d": may have mixed case, but should otherwise match: /);
    expect(lines({ map: { 'a/b': { apiVersion: 1, kind: 'A' } } })).to.deep.equal(['map[a/b].apiVersion: Invalid value: 1: must be a string']);
  });

  it('asks for valid metadata, at any depth', () => {
    expect(lines({ deep: { ...pod({ name: 'a/b' }), inner: pod({ labels: { a: 'b c' }, finalizers: ['x y'] }) } }).map((line) => line.split(':')[0]))
      .to.deep.equal(['deep.metadata.name', 'deep.inner.metadata.labels', 'deep.inner.metadata.finalizers[0]']);
    expect(lines({ one: pod({ labels: [] }) })[0]).to.match(/^one\.metadata: Invalid value: /);
  });
});
