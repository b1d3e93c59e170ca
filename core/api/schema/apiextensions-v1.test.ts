import { expect } from 'chai';
import { protobufBody } from '#test/fixtures/protobuf-writer.ts';
import { CustomResourceDefinition } from './apiextensions-v1.ts';
import { decode } from './decode.ts';
import { checkEnums } from './enums.ts';
import { FieldErrors } from '#core/api/field-errors.ts';
import { openApiDocument } from './openapi.ts';
import { fromProtobuf, openEnvelope } from './protobuf.ts';

const read = (value: unknown) => decode(CustomResourceDefinition.struct, value, { kind: CustomResourceDefinition });

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition',
  metadata: { name: 'tabs.example.com' },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural: 'tabs', kind: 'Tab' },
    versions: [{
      name: 'v1', served: true, storage: true,
      subresources: { status: {} },
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: {
            list: { type: 'array', items: { type: 'string', maxLength: 0, default: null, enum: ['a', null] }, 'x-kubernetes-list-type': 'set' },
            tuple: { items: [{ type: 'string' }, { type: 'integer', minimum: 0.5 }] },
            open: { type: 'object', additionalProperties: true }, closed: { type: 'object', additionalProperties: false },
            typed: { type: 'object', additionalProperties: { type: 'object', additionalProperties: { type: 'string', default: { deep: [1] } } } },
            deps: { dependencies: { a: ['b'], c: { type: 'string' } } },
            kept: { type: 'object', 'x-kubernetes-preserve-unknown-fields': false, 'x-kubernetes-validations': [{ rule: 'true' }] },
          },
        },
      },
    }],
  },
  status: { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: [] },
};

describe('CustomResourceDefinition', () => {
  it('reads JSON with schemas in schemas, and nulls among the values', () => {
    const { value, unknown } = read(definition);
    expect(unknown).to.deep.equal([]);
    const expected = structuredClone(definition);
    // A default of null is none.
    Reflect.deleteProperty(expected.spec.versions[0]!.schema.openAPIV3Schema.properties.list.items, 'default');
    expect(value).to.deep.equal(expected);
  });

  it('reads protobuf as it reads JSON', () => {
    const json = read(definition).value;
    const { raw } = openEnvelope(protobufBody('apiextensions.k8s.io/v1', 'CustomResourceDefinition', CustomResourceDefinition.struct, json as unknown as Record<string, unknown>));
    expect(read(fromProtobuf(CustomResourceDefinition.struct, raw)).value.spec).to.deep.equal(json.spec);
  });

  it('names unknown fields and wrong types deep inside of schemas', () => {
    const nested = (schema: unknown) => ({ ...definition, spec: { ...definition.spec, versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }] } });
    const path = 'spec.versions[0].schema.openAPIV3Schema';
    expect(read(nested({ properties: { a: { items: { foo: 1, additionalProperties: { bar: 1 } } } } })).unknown)
      .to.deep.equal([`${path}.properties.a.items.foo`, `${path}.properties.a.items.additionalProperties.bar`]);
    expect(() => read(nested({ items: 'string' }))).to.throw('json: cannot unmarshal string into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.items');
    expect(() => read(nested({ additionalProperties: 1 }))).to.throw('cannot unmarshal number');
  });

  it('can be gone through by all that goes through descriptions, though it contains itself', () => {
    checkEnums(CustomResourceDefinition.struct, read(definition).value, new FieldErrors());
    const { components } = openApiDocument(CustomResourceDefinition, [{ kind: CustomResourceDefinition, subresources: [] }], 'v1');
    const schema = components.schemas['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'];
    expect(schema?.properties?.not).to.deep.equal({ allOf: [{ $ref: '#/components/schemas/io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps' }] });
    expect(schema?.properties?.items).to.deep.equal({ allOf: [{ $ref: '#/components/schemas/io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray' }] });
    expect(components.schemas['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaPropsOrArray']).to.deep.equal({ description: 'A JSON schema, or a list of them.' });
  });
});
