import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { CustomResourceDefinition } from '#core/api/schema/apiextensions-v1.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { deepCopy } from '#core/api/value.ts';
import { customResourceDefinitions as definitions, setCondition } from './customresourcedefinitions.ts';
import { changed, created, header, judgesCreation, judgesStatus, judgesUpdate, row } from './resource.test.ts';

const text: JSONSchemaProps = { type: 'string' };
const spec: JSONSchemaProps = { type: 'object', properties: { size: { type: 'integer' }, name: text, on: { type: 'boolean' }, labels: { type: 'object', additionalProperties: text } } };

const definition = {
  metadata: { name: 'tabs.example.com' },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural: 'tabs', kind: 'Tab', shortNames: ['tb'] },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } }],
  },
};

const version = (changes: object) => [{ ...definition.spec.versions[0], ...changes }];
const twoVersions = (other: object, one: object = {}) => [...version(one), { ...definition.spec.versions[0], name: 'v2', storage: false, ...other }];

/** What is said of a definition at its creation, in full. */
function lines(draft: object, old?: CustomResourceDefinition): string[] {
  const errors = new FieldErrors();
  const object = created(definitions, draft) as CustomResourceDefinition;
  if (old) {
    object.status = deepCopy(old.status);
    definitions.prepareForUpdate?.(object, old);
    definitions.validateUpdate?.(object, old, errors);
  } else definitions.validateCreate?.(object, errors);
  return errors.causes.map(({ field, message }) => `${field}: ${message}`);
}

const withSchema = (schema: JSONSchemaProps, rest: object = {}): object => changed(definition, 'spec.versions', version({ schema: { openAPIV3Schema: schema }, ...rest }));
const withField = (x: JSONSchemaProps): object => withSchema({ type: 'object', properties: { x } });

const schemaPath = 'spec.validation.openAPIV3Schema';
/** What is said of a schema for one field `x`, without the path of the field. */
const ofField = (x: JSONSchemaProps): string[] => lines(withField(x)).map((line) => line.replace(`${schemaPath}.properties[x]`, ''));

describe('customResourceDefinitions', () => {
  judgesCreation(definitions, definition, [
    ['metadata.name', 'tab.example.com', 'metadata.name: Invalid'],
    ['spec.group', '', 'metadata.name: Invalid', 'spec.group: Required'],
    ['spec.group', 'Example.com', 'metadata.name: Invalid', 'spec.group: Invalid'],
    ['spec.group', 'example', 'metadata.name: Invalid', 'spec.group: Invalid'],
    ['spec.scope', '', 'spec.scope: Required'],
    ['spec.scope', 'Galaxy', 'spec.scope: NotSupported'],
    ['spec.names.kind', '', 'spec.names.singular: Required', 'spec.names.kind: Required', 'spec.names.listKind: Required'],
    ['spec.names.plural', 'Tabs', 'metadata.name: Invalid', 'spec.names.plural: Invalid'],
    ['spec.names.kind', '1Tab', 'spec.names.singular: Invalid', 'spec.names.kind: Invalid', 'spec.names.listKind: Invalid'],
    ['spec.names.listKind', 'Tab', 'spec.names.listKind: Invalid'],
    ['spec.names.shortNames', ['ok', 'Not'], 'spec.names.shortNames[1]: Invalid'],
    ['spec.names.categories', ['all', '-'], 'spec.names.categories[1]: Invalid'],
    ['spec.versions', [], 'spec.versions: Invalid', 'status.storedVersions: Invalid'],
    ['spec.versions[0].name', 'V1', 'spec.versions[0].name: Invalid'],
    ['spec.versions[0].storage', false, 'spec.versions: Invalid', 'status.storedVersions: Invalid'],
    ['spec.versions', twoVersions({})],
    ['spec.versions', twoVersions({ storage: true }), 'spec.versions: Invalid'],
    ['spec.versions', twoVersions({ name: 'v1' }), 'spec.versions: Invalid'],
    ['spec.versions[0].schema', undefined, 'spec.versions[0].schema.openAPIV3Schema: Required'],
    ['spec.versions[0].schema', {}, 'spec.versions[0].schema.openAPIV3Schema: Required'],
    ['spec.versions[0].deprecationWarning', 'old', 'spec.versions[0].deprecationWarning: Invalid'],
    ['spec.versions', version({ deprecated: true, deprecationWarning: 'use v2 – it is better' })],
    ['spec.versions', version({ deprecated: true, deprecationWarning: 'a\nb' }), 'spec.versions[0].deprecationWarning: Invalid'],
    ['spec.versions', version({ deprecated: true, deprecationWarning: 'x'.repeat(257) }), 'spec.versions[0].deprecationWarning: Invalid'],
    ['spec.preserveUnknownFields', true, 'spec.preserveUnknownFields: Invalid'],
    ['spec.versions[0].additionalPrinterColumns', [{ name: 'Size', type: 'integer', jsonPath: '.spec.size', format: 'int32', priority: 1 }]],
    ['spec.versions[0].additionalPrinterColumns', [{ name: '', type: '', jsonPath: '' }], 'spec.additionalPrinterColumns[0].name: Required', 'spec.additionalPrinterColumns[0].type: Required', 'spec.additionalPrinterColumns[0].JSONPath: Required'],
    ['spec.versions', twoVersions({ additionalPrinterColumns: [{ name: 'A', type: 'list', jsonPath: 'spec', format: 'x' }] }), 'spec.versions[1].additionalPrinterColumns[0].type: Invalid', 'spec.versions[1].additionalPrinterColumns[0].format: Invalid', 'spec.versions[1].additionalPrinterColumns[0].JSONPath: Invalid'],
    ['spec.versions[0].subresources', { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size', labelSelectorPath: '.status.selector' } }],
    ['spec.versions[0].subresources', { scale: { specReplicasPath: '', statusReplicasPath: '.spec.size', labelSelectorPath: '.metadata.labels' } }, 'spec.subresources.scale.specReplicasPath: Required', 'spec.subresources.scale.statusReplicasPath: Invalid', 'spec.subresources.scale.labelSelectorPath: Invalid'],
    ['spec.versions[0].selectableFields', [{ jsonPath: '.spec.size' }, { jsonPath: '.spec.name' }, { jsonPath: '.spec.on' }]],
    ['spec.versions[0].selectableFields', [{ jsonPath: '' }, { jsonPath: '.spec.labels' }, { jsonPath: '.spec.other' }], 'spec.selectableFields[0].jsonPath: Required', 'spec.selectableFields[1].jsonPath: Invalid', 'spec.selectableFields[2].jsonPath: Invalid'],
    ['spec.versions[0].selectableFields', [{ jsonPath: '.spec.size' }, { jsonPath: '.spec.size' }], 'spec.selectableFields[1].jsonPath: Duplicate'],
    ['spec.versions[0].selectableFields', [{ jsonPath: "['spec']" }], 'spec.selectableFields[0].jsonPath: Invalid'],
    ['spec.conversion', { strategy: '' }, 'spec.conversion.strategy: Required'],
    ['spec.conversion', { strategy: 'Magic' }, 'spec.conversion.strategy: NotSupported'],
    ['spec.conversion', { strategy: 'None', webhook: { clientConfig: { url: 'https://a' }, conversionReviewVersions: ['v1'] } }, 'spec.conversion.webhookClientConfig: Forbidden', 'spec.conversion.conversionReviewVersions: Forbidden'],
    ['spec.conversion', { strategy: 'Webhook' }, 'spec.conversion.webhookClientConfig: Required', 'spec.conversion.conversionReviewVersions: Required'],
    ['spec.conversion', { strategy: 'Webhook', webhook: { clientConfig: { service: { name: 'a', namespace: 'b', path: '/convert' } }, conversionReviewVersions: ['v1', 'v1beta1'] } }],
    ['spec.conversion', { strategy: 'Webhook', webhook: { clientConfig: { service: { name: '', namespace: '', path: 'convert//x', port: 0 } }, conversionReviewVersions: ['v2', 'v2'] } },
      'spec.conversion.webhookClientConfig.service.name: Required', 'spec.conversion.webhookClientConfig.service.namespace: Required', 'spec.conversion.webhookClientConfig.service.port: Invalid',
      'spec.conversion.webhookClientConfig.service.path: Invalid', 'spec.conversion.webhookClientConfig.service.path: Invalid',
      'spec.conversion.conversionReviewVersions[1]: Invalid', 'spec.conversion.conversionReviewVersions: Invalid'],
    ['spec.conversion', { strategy: 'Webhook', webhook: { clientConfig: { url: 'http://u@a?b#c', service: undefined }, conversionReviewVersions: ['v1'] } },
      'spec.conversion.webhookClientConfig.url: Invalid', 'spec.conversion.webhookClientConfig.url: Invalid', 'spec.conversion.webhookClientConfig.url: Invalid', 'spec.conversion.webhookClientConfig.url: Invalid'],
    ['spec.conversion', { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://a', service: { name: 'a', namespace: 'b' } }, conversionReviewVersions: ['v1'] } }, 'spec.conversion.webhookClientConfig: Required'],
  ]);

  const established = { conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v1'] };
  judgesUpdate(definitions, definition, [
    ['spec.names.shortNames', ['other']],
    ['spec.scope', 'Cluster', 'spec.scope: Invalid'],
    ['spec.names.kind', 'Tub', 'spec.names.kind: Invalid'],
    ['spec.names.plural', 'tubs', 'metadata.name: Invalid', 'spec.names.plural: Invalid'],
    ['spec.versions', twoVersions({ storage: true }, { storage: false })],
    ['spec.versions', [{ ...definition.spec.versions[0], name: 'v2' }], 'status.storedVersions[0]: Invalid'],
  ], established);

  judgesStatus(definitions, definition, [['status.acceptedNames', { plural: 'Tabs', kind: 'Tab' }, 'status.acceptedNames.plural: Invalid'], ['status.storedVersions', ['v7']]]);

  it('fills in names, conversion and port, and notes the storage version', () => {
    const made = created(definitions, changed(definition, 'spec.conversion', { strategy: 'Webhook', webhook: { clientConfig: { service: { name: 'a', namespace: 'b' } }, conversionReviewVersions: ['v1'] } })) as CustomResourceDefinition;
    expect(made.spec.names).to.include({ singular: 'tab', listKind: 'TabList' });
    expect(made.spec.conversion?.webhook?.clientConfig?.service?.port).to.equal(443);
    expect(made.status).to.deep.equal({ conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: ['v1'] });
    expect((created(definitions, definition) as CustomResourceDefinition).spec.conversion).to.deep.equal({ strategy: 'None' });
  });

  it('asks for approval in groups of Kubernetes, but not again', () => {
    const protectedOne = changed(changed(definition, 'spec.group', 'apps.k8s.io'), 'metadata.name', 'tabs.apps.k8s.io');
    const annotated = (value: string): object => changed(protectedOne, 'metadata.annotations', { 'api-approved.kubernetes.io': value });
    const path = 'metadata.annotations[api-approved.kubernetes.io]';
    expect(lines(protectedOne)).to.deep.equal([`${path}: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111`]);
    expect(lines(annotated('because'))[0]).to.match(/Invalid value: "because": protected groups must have approval annotation "api-approved.kubernetes.io" with either a URL or a reason/);
    expect(lines(annotated('https://github.com/kubernetes/kubernetes/pull/1'))).to.deep.equal([]);
    expect(lines(annotated('unapproved, experimental-only'))).to.deep.equal([]);
    expect(lines(protectedOne, created(definitions, protectedOne) as CustomResourceDefinition)).to.deep.equal([]);
  });

  it('is listed by name and time', () => {
    expect(header(definitions)).to.equal('NAME | CREATED AT');
    expect(row(definitions, { metadata: { name: 'a', creationTimestamp: '2026-01-02T11:00:00Z' } })).to.equal('a | 2026-01-02T11:00:00Z');
  });

  describe('schemas', () => {
    it('are named as upstream names them: together when all versions share one, else by version', () => {
      expect(lines(withField({}))).to.deep.equal([`${schemaPath}.properties[x].type: Required value: must not be empty for specified object fields`]);
      const draft = changed(definition, 'spec.versions', twoVersions({ schema: { openAPIV3Schema: { type: 'object', properties: { x: {} } } } }));
      expect(lines(draft)).to.deep.equal(['spec.versions[1].schema.openAPIV3Schema.properties[x].type: Required value: must not be empty for specified object fields']);
    });

    const structural: readonly (readonly [JSONSchemaProps, ...string[]])[] = [
      [{ 'x-kubernetes-preserve-unknown-fields': true }], [{ 'x-kubernetes-int-or-string': true }],
      [{ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }],
      [{ 'x-kubernetes-int-or-string': true, allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { pattern: 'a' }] }],
      [{ type: 'array' }, '.items: Required value: must be specified'],
      [{ type: 'array', items: {} }, '.items.type: Required value: must not be empty for specified array items'],
      [{ type: 'object', additionalProperties: {} }, '.additionalProperties.type: Required value: must not be empty for specified object fields'],
      [{ type: 'string', oneOf: [{ type: 'string' }] }, '.oneOf[0].type: Forbidden: must be empty to be structural'],
      [{ type: 'string', allOf: [{ description: 'd', title: 't', default: 'x', nullable: true }] },
        '.allOf[0].default: Forbidden: must be undefined to be structural', '.allOf[0].description: Forbidden: must be empty to be structural',
        '.allOf[0].nullable: Forbidden: must be false to be structural', '.allOf[0].title: Forbidden: must be empty to be structural'],
      [{ type: 'object', not: { additionalProperties: text } }, '.not.additionalProperties: Forbidden: must be undefined to be structural'],
      [{ type: 'string', anyOf: [{ 'x-kubernetes-validations': [{ rule: 'true' }] }] }, '.anyOf[0].x-kubernetes-validations: Forbidden: must be empty to be structural'],
      [{ type: 'string', pattern: '[' }, '.pattern: Invalid value: "[": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ]: `[`'],
      [{ type: 'string', pattern: '(?=a)' }, '.pattern: Invalid value: "(?=a)": must be a valid regular expression, but isn\'t: error parsing regexp: invalid or unsupported Perl syntax: `(?=`'],
      [{ 'x-kubernetes-embedded-resource': true }, '.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields', '.type: Required value: must be object if x-kubernetes-embedded-resource is true'],
      [{ type: 'object', 'x-kubernetes-embedded-resource': true, properties: { kind: { type: 'integer' }, metadata: { type: 'object' } } }, '.properties[kind].type: Invalid value: "integer": must be string'],
      [{ 'x-kubernetes-int-or-string': true, 'x-kubernetes-preserve-unknown-fields': true }, '.x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true'],
    ];
    for (const [schema, ...expected] of structural) {
      it(`must be structural: ${JSON.stringify(schema)}`, () => {
        expect(ofField(schema).map((line) => line.replaceAll(`${schemaPath}.properties[x]`, ''))).to.deep.equal(expected);
      });
    }

    it('must be structural at the root', () => {
      expect(lines(withSchema({}))).to.deep.equal([`${schemaPath}.type: Required value: must not be empty at the root`]);
      expect(lines(withSchema({ type: 'array', items: text }))).to.deep.equal([`${schemaPath}.type: Invalid value: "array": must be object at the root`]);
      expect(lines(withSchema({ type: 'object', additionalProperties: text }))).to.deep.equal([`${schemaPath}.additionalProperties: Forbidden: must not be used at the root`]);
      expect(lines(withSchema({ type: 'object', nullable: true }))).to.deep.equal([`${schemaPath}.nullable: Forbidden: nullable cannot be true at the root`]);
      const metadata = (properties: Record<string, JSONSchemaProps>): string[] => lines(withSchema({ type: 'object', properties: { metadata: { type: 'object', properties } } }));
      expect(metadata({ name: { type: 'string', pattern: 'a' } })).to.deep.equal([]);
      expect(metadata({ labels: { type: 'object' } })).to.deep.equal([`${schemaPath}.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified`]);
    });

    it('may hold little at the root when the status is a subresource', () => {
      const subresources = { subresources: { status: {} } };
      expect(lines(withSchema({ type: 'object', required: ['spec'], properties: { spec: text } }, subresources))).to.deep.equal([]);
      expect(lines(withSchema({ type: 'object', anyOf: [{ required: ['spec'] }] }, subresources))[0]).to.match(
        /^spec\.validation\.openAPIV3Schema: Invalid value: .*: only \[Description Type Format Title .* XValidations\] fields are allowed at the root of the schema if the status subresource is enabled$/);
    });

    it('describe every field that their alternatives mention', () => {
      expect(lines(withSchema({ type: 'object', anyOf: [{ properties: { a: { minLength: 1 } } }] })))
        .to.deep.equal([`${schemaPath}.properties[a]: Required value: because it is defined in ${schemaPath}.anyOf[0].properties[a]`]);
      expect(lines(withSchema({ type: 'object', properties: { l: { type: 'array', items: { type: 'object' } } }, not: { properties: { l: { items: { properties: { a: {} } } } } } })))
        .to.deep.equal([`${schemaPath}.properties[l].items.properties[a]: Required value: because it is defined in ${schemaPath}.not.properties[l].items.properties[a]`]);
    });

    it('have expressions that are checked once all else is right', () => {
      const ruled = (rest: JSONSchemaProps): JSONSchemaProps => ({ type: 'object', 'x-kubernetes-validations': [{ rule: 'self.no' }], ...rest });
      expect(ofField(ruled({}))[0]).to.match(/^\.x-kubernetes-validations\[0\]\.rule: Invalid value: .*: compilation failed: .* undefined field 'no'/);
      expect(ofField(ruled({ uniqueItems: true }))).to.have.length(1);
      const positive: JSONSchemaProps = { type: 'integer', 'x-kubernetes-validations': [{ rule: 'self > 0' }] };
      expect(ofField({ ...positive, default: 0 })).to.deep.equal(['.default: Invalid value: "integer": failed rule: self > 0']);
      expect(ofField({ ...positive, default: 1 })).to.deep.equal([]);
    });

    const rules: readonly (readonly [JSONSchemaProps, ...string[]])[] = [
      [{ type: 'text' }, '.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"'],
      [{ ...text, uniqueItems: true }, '.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic'],
      [{ type: 'object', properties: { a: text }, additionalProperties: text }, '.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive'],
      [{ type: 'object', properties: { a: text }, additionalProperties: true }],
      [{ ...text, $ref: '#/a' }, '.$ref: Forbidden: $ref is not supported'],
      [{ ...text, definitions: { a: text } }, '.definitions: Forbidden: definitions is not supported'],
      [{ type: 'object', 'x-kubernetes-preserve-unknown-fields': false }, '.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined'],
      [{ ...text, 'x-kubernetes-map-type': 'atomic' }, '.type: Invalid value: "string": must be object if x-kubernetes-map-type is specified'],
      [{ type: 'object', 'x-kubernetes-map-type': 'odd' }, '.x-kubernetes-map-type: Unsupported value: "odd": supported values: "atomic", "granular"'],
      [{ type: 'array', items: text, 'x-kubernetes-list-type': 'set' }],
      [{ type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'set' }, '.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set'],
      [{ type: 'array', items: { ...text, nullable: true }, 'x-kubernetes-list-type': 'set' }, '.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is set'],
      [{ type: 'array', items: text, 'x-kubernetes-list-map-keys': ['a'] }, '.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty'],
      [{ type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' }, '.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map'],
      [{ type: 'array', items: { type: 'object', properties: { a: text }, required: ['a'] }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] }],
      [{ type: 'array', items: { type: 'object', properties: { a: { ...text, nullable: true } } }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] },
        '.items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        '.items.properties[a].nullable: Forbidden: this property is in x-kubernetes-list-map-keys, so it cannot be nullable'],
      [{ type: 'array', items: { type: 'object', properties: { a: { type: 'object' } }, required: ['a'] }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a', 'a', 'b'] },
        ".items.properties[a].type: Invalid value: \"object\": must be a scalar type if parent array's x-kubernetes-list-type is map",
        ".items.properties[a].type: Invalid value: \"object\": must be a scalar type if parent array's x-kubernetes-list-type is map",
        '.x-kubernetes-list-map-keys: Invalid value: ["a","a","b"]: must not contain duplicate entries',
        '.x-kubernetes-list-map-keys: Invalid value: ["a","a","b"]: entries must all be names of item properties'],
      [{ type: 'object', 'x-kubernetes-validations': [{ rule: ' ' }] }, '.x-kubernetes-validations[0].rule: Required value: rule is not specified'],
      [{ type: 'object', 'x-kubernetes-validations': [{ rule: 'true', message: 'a\nb' }] }, '.x-kubernetes-validations[0].message: Invalid value: "a\\nb": must not contain line breaks'],
      [{ type: 'object', 'x-kubernetes-validations': [{ rule: 'true &&\ntrue' }] }, '.x-kubernetes-validations[0].message: Required value: message must be specified if rule contains line breaks'],
      [{ type: 'object', 'x-kubernetes-validations': [{ rule: 'true', reason: 'FieldValueOdd' }] }, '.x-kubernetes-validations[0].reason: Unsupported value: "FieldValueOdd": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"'],
      [{ type: 'object', properties: { a: text }, 'x-kubernetes-validations': [{ rule: 'true', fieldPath: '.a' }, { rule: 'true', fieldPath: '.b' }] }, '.x-kubernetes-validations[1].fieldPath: Invalid value: ".b": must be a valid path'],
    ];
    for (const [schema, ...expected] of rules) it(`obey the rules: ${JSON.stringify(schema)}`, () => expect(ofField(schema)).to.deep.equal(expected));

    const defaults: readonly (readonly [JSONSchemaProps, ...string[]])[] = [
      [{ ...text, default: 'a' }], [{ type: 'object', properties: { a: { ...text, default: 'b' } }, default: {} }],
      [{ ...text, default: 1 }, '.default: Invalid value: "integer":  in body must be of type string: "integer"'],
      [{ type: 'object', properties: { a: text }, default: { a: 1 } }, '.default.a: Invalid value: "integer": a in body must be of type string: "integer"'],
      [{ type: 'object', properties: { a: text }, default: { b: 1 } }, '.default: Invalid value: {"b":1}: must not have unknown fields'],
      [{ type: 'object', 'x-kubernetes-preserve-unknown-fields': true, default: { b: 1 } }],
      [{ type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true, default: { kind: 'A' } }, '.default.apiVersion: Required value'],
      [{ type: 'object', 'x-kubernetes-embedded-resource': true, properties: { metadata: { type: 'object', properties: { name: { ...text, default: 'a/b' } } } } },
        '.properties[metadata].properties[name].default: Invalid value: "a/b": must result in valid metadata: metadata.name: Invalid value: "a/b": may not contain \'/\''],
    ];
    for (const [schema, ...expected] of defaults) it(`have defaults that fit: ${JSON.stringify(schema)}`, () => expect(ofField(schema)).to.deep.equal(expected));

    it('have no defaults in the metadata', () => {
      expect(lines(withSchema({ type: 'object', properties: { metadata: { type: 'object', properties: { name: { ...text, default: 'a' } } } } })))
        .to.deep.equal([`${schemaPath}.properties[metadata].properties[name].default: Forbidden: must not be set in top-level metadata`]);
    });

    it('are refused when they are too large or too deep, at once', () => {
      let deep: JSONSchemaProps = text;
      for (let i = 0; i < 250; i++) deep = { type: 'object', properties: { x: deep } };
      expect(lines(withSchema(deep))).to.deep.equal([`${schemaPath}: Forbidden: must not nest deeper than 200 schemas`]);
      const properties = Object.fromEntries(Array.from({ length: 100_001 }, (_, i) => [`f${i}`, text]));
      expect(lines(withSchema({ type: 'object', properties }))).to.deep.equal([`${schemaPath}: Forbidden: must not consist of more than 100000 schemas`]);
    });

    it('that were stored with a mistake may keep it', () => {
      const mistaken = (size: number): object => withSchema({ type: 'object', properties: {
        set: { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'set' }, untyped: {}, odd: { type: 'text' }, d: { type: 'object', default: { a: 1 } }, size: { type: 'integer', maximum: size },
      } });
      expect(lines(mistaken(1))).to.have.length.greaterThan(2);
      expect(lines(mistaken(2), created(definitions, mistaken(1)) as CustomResourceDefinition)).to.deep.equal([]);
    });
  });
});

describe('setCondition', () => {
  it('keeps the time of the last change while the status stays', () => {
    const made = created(definitions, definition) as CustomResourceDefinition;
    setCondition(made, { type: 'A', status: 'True', reason: 'One' }, '2026-01-01T00:00:00Z');
    setCondition(made, { type: 'B', status: 'True' }, '2026-01-01T00:00:00Z');
    setCondition(made, { type: 'A', status: 'True', reason: 'Two' }, '2026-01-02T00:00:00Z');
    setCondition(made, { type: 'B', status: 'False' }, '2026-01-02T00:00:00Z');
    expect(made.status.conditions).to.deep.equal([
      { type: 'A', status: 'True', reason: 'Two', lastTransitionTime: '2026-01-01T00:00:00Z' }, { type: 'B', status: 'False', lastTransitionTime: '2026-01-02T00:00:00Z' },
    ]);
  });
});
