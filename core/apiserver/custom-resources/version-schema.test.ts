import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { deepFreeze } from '#core/api/value.ts';
import { VersionView } from './conversions.ts';
import { VersionSchema, type CustomObject } from './version-schema.ts';

const text: JSONSchemaProps = { type: 'string' };
const spec: JSONSchemaProps = {
  type: 'object',
  properties: {
    size: { type: 'integer', minimum: 1, default: 2 }, tags: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    template: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  },
  'x-kubernetes-validations': [{ rule: 'self.size < 9' }],
};
const schema = new VersionSchema('example.com', 'v1', { type: 'object', properties: { spec, status: { type: 'object', properties: { phase: { ...text, enum: ['On'] } } } } });

const object = (rest: object, apiVersion = 'example.com/v1'): CustomObject => ({ apiVersion, kind: 'A', metadata: { name: 'x', uid: '', creationTimestamp: '2026-01-01T00:00:00Z' }, ...rest }) as unknown as CustomObject;
const lines = (check: (errors: FieldErrors) => void): string[] => {
  const errors = new FieldErrors();
  check(errors);
  return errors.causes.map(({ field, message }) => `${field}: ${message}`);
};

describe('VersionSchema', () => {
  it('reads bodies: metadata as the API has it, the rest as the schema says', () => {
    const { value, unknown } = schema.decode({ apiVersion: 'example.com/v1', kind: 'A', metadata: { name: 'x', foo: 1, labels: { a: 'b' } }, spec: { more: 1 }, other: {} });
    expect(value).to.deep.equal({ apiVersion: 'example.com/v1', kind: 'A', metadata: { name: 'x', labels: { a: 'b' } }, spec: { size: 2 } });
    expect(unknown).to.deep.equal(['metadata.foo', 'other', 'spec.more']);
    expect(schema.decode({}).value).to.deep.equal({ metadata: {} });
    expect(() => schema.decode({ metadata: { labels: [] } })).to.throw(/labels/);
  });

  it('does not touch what is stored as it should be', () => {
    const stored = deepFreeze(object({ spec: { size: 1 } }));
    expect(schema.read(stored)).to.equal(stored);
    const old = deepFreeze(object({ spec: { gone: true } }));
    expect(schema.read(old)).to.deep.equal(object({ spec: { size: 2 } })).and.satisfy(Object.isFrozen);
  });

  it('forgives what was wrong before', () => {
    const old = object({ spec: { size: 0, tags: ['a', 'a'] } });
    expect(lines((errors) => schema.validateNew(old, errors))).to.deep.equal(['spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1', 'spec.tags[1]: Duplicate value: "a"']);
    expect(lines((errors) => schema.validateChange(object({ spec: { size: 0, tags: ['a', 'a', 'a'] } }), old, errors))).to.deep.equal([]);
    expect(lines((errors) => schema.validateChange(old, object({ spec: { size: 1 } }), errors))).to.have.length(2);
  });

  it('looks at the status alone when that is written', () => {
    const now = object({ spec: { size: 0 }, status: { phase: 'Off' } });
    expect(lines((errors) => schema.validateStatus(now, object({}), errors))).to.deep.equal(['status.phase: Unsupported value: "Off": supported values: "On"']);
    expect(lines((errors) => schema.validateStatus(now, now, errors))).to.deep.equal([]);
    expect(lines((errors) => schema.validateStatus(object({}), now, errors))).to.deep.equal([]);
  });

  it('runs rules once the rest is right', () => {
    const check = (size: unknown): string[] => lines((errors) => {
      schema.validateNew(object({ spec: { size } }), errors);
      schema.checkRules(object({ spec: { size } }), undefined, errors);
    });
    expect(check(9)).to.deep.equal(['spec: Invalid value: "object": failed rule: self.size < 9']);
    expect(check('9')).to.deep.equal([
      'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
      '<nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    ]);
    expect(check(0)).to.deep.equal(['spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1']);
  });

  it('judges embedded resources', () => {
    expect(lines((errors) => schema.validateNew(object({ spec: { template: { kind: 'Pod' } } }), errors))).to.deep.equal(['spec.template.apiVersion: Required value']);
  });
});

describe('VersionView', () => {
  const newer = new VersionSchema('example.com', 'v2', { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' }, level: { type: 'integer', default: 1 } } } } });
  const schemas = new Map([schema, newer].map((each) => [each.apiVersion, each]));

  it('shows what is stored under another version, the same each time', () => {
    const view = new VersionView(schemas, newer);
    const stored = deepFreeze(object({ spec: { tags: ['a'] } }));
    const shown = view.show(stored);
    expect(shown).to.deep.equal(object({ spec: { size: 2, level: 1 } }, 'example.com/v2'));
    expect(view.show(stored)).to.equal(shown);
    expect(view.show(object({ spec: {} })), 'what is not stored').not.to.equal(shown);
    expect(new VersionView(schemas, schema).show(deepFreeze(object({ spec: { size: 1 }, x: 1 }, 'example.com/v0')))).to.deep.equal(object({ spec: { size: 1 } }));
  });

  it('has only those converted that need it', async () => {
    const view = new VersionView(schemas, newer);
    const [own, foreign] = [deepFreeze(object({ spec: { size: 1, level: 3 } }, 'example.com/v2')), deepFreeze(object({ spec: { size: 5 } }))];
    const asked: unknown[] = [];
    const convert = async (objects: readonly object[], apiVersion: string) => {
      asked.push(objects);
      return objects.map(() => object({ spec: { size: 7, junk: 1 } }, apiVersion));
    };
    expect(() => view.prepared(foreign)).to.throw(TypeError, 'x was not converted from example.com/v1 to example.com/v2');
    await view.prepare([own, foreign], convert);
    await view.prepare([own, foreign], convert);
    expect(asked).to.deep.equal([[foreign]]);
    expect(view.prepared(foreign)).to.deep.equal(object({ spec: { size: 7, level: 1 } }, 'example.com/v2'));
    expect(view.prepared(own)).to.equal(own);
  });
});
