import { expressions, patterns } from './bombs.ts';
import type { Choices } from './choices.ts';

type Schema = Readonly<Record<string, unknown>>;

const string: Schema = { type: 'string' };
const integer: Schema = { type: 'integer', minimum: 0, maximum: 1000, default: 1 };

/** One of each thing that a schema can say. */
const properties: Readonly<Record<string, Schema>> = {
  a: { ...integer, 'x-kubernetes-validations': [{ rule: 'self < 500' }] }, b: { ...string, pattern: '^[a-z]+$', maxLength: 20, nullable: true }, c: { 'x-kubernetes-int-or-string': true },
  l: { type: 'array', maxItems: 50, items: { type: 'integer', format: 'int32' } },
  m: { type: 'array', items: { type: 'object', properties: { k: string, v: { type: 'number', default: 0.5 } }, required: ['k'] }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'], maxItems: 10 },
  s: { type: 'array', items: { ...string, maxLength: 10 }, 'x-kubernetes-list-type': 'set', maxItems: 10 },
  d: { type: 'object', maxProperties: 20, additionalProperties: { type: 'object', properties: { x: integer } } }, anything: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  embedded: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }, when: { type: 'string', format: 'date-time' }, bytes: { type: 'string', format: 'byte' }, choice: { type: 'string', enum: ['one', 'two'] },
  __proto__x: string, atomic: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { x: string } }, replicas: { type: 'integer', default: 1 }, selector: string,
};
const spec: Schema = {
  type: 'object', properties, oneOf: [{ required: ['a'] }, { not: { required: ['a'] } }],
  'x-kubernetes-validations': [{ rule: '!has(self.l) || self.l.all(x, self.l.all(y, x + y >= 0 || x < 0))', message: 'sums', fieldPath: '.l' }, { rule: 'self.a >= oldSelf.a || true', reason: 'FieldValueForbidden', messageExpression: "'a is ' + (has(self.b) ? 'there' : 'gone')" }],
};
const status: Schema = { type: 'object', properties: { replicas: { type: 'integer' }, selector: string, conditions: { type: 'array', items: { type: 'object', properties: { type: string } } } } };

/** Content of an object of these definitions. */
export const customContent = {
  spec: { a: 5, b: 'x', c: '50%', l: [1, 2], m: [{ k: 'x' }], s: ['x', 'y'], d: { one: { x: 1 } }, anything: { deep: { er: [1] } }, embedded: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'in' } }, when: '2026-01-01T00:00:00Z', bytes: 'aGVsbG8=', choice: 'one', atomic: { x: 'y' } },
};

const nested = (depth: number, wrap: (inner: Schema) => Schema): Schema => Array.from({ length: depth }).reduce<Schema>((inner) => wrap(inner), string);

/** Schemas that are too deep, too wide or too expensive. */
function bomb(choices: Choices): Schema {
  switch (choices.below(8)) {
    case 0: return nested(choices.one([50, 300]), (inner) => ({ type: 'object', properties: { a: inner } }));
    case 1: return choices.chance(0.5) ? nested(200, (inner) => ({ allOf: [inner] })) : nested(11, (inner) => ({ anyOf: [inner, inner] }));
    case 2: return { type: 'object', properties: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`p${i}`, string])) };
    case 3: return { ...string, pattern: choices.one(patterns) };
    case 4: return { ...string, enum: Array.from({ length: 5000 }, (_, i) => `v${i}`), default: 'v1' };
    case 5: return { type: 'object', properties, 'x-kubernetes-validations': Array.from({ length: choices.one([1, 3, 200]) }, () => ({ rule: choices.one(expressions) })) };
    case 6: return nested(choices.one([3, 20]), (inner) => ({ type: 'array', items: inner, 'x-kubernetes-validations': [{ rule: 'self.all(x, self.exists(y, x == y))' }] }));
    default: return { type: 'object', additionalProperties: nested(5, (inner) => ({ type: 'object', additionalProperties: inner })), default: Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`d${i}`, {}])) };
  }
}

const columns = [{ name: 'A', type: 'integer', jsonPath: '.spec.a' }, { name: 'When', type: 'date', jsonPath: '.spec.when' }, { name: 'M', type: 'string', jsonPath: '.spec.m[?(@.k=="x")].v' }];

/** A CustomResourceDefinition of that name; one in five is an attack. */
export const definition = (name: string, choices: Choices): Record<string, unknown> => definitionOf(name, choices.chance(0.2) ? bomb(choices) : spec, choices.chance(0.8) ? 'Namespaced' : 'Cluster');

/** One that is as it should be. */
export const plainDefinition = (name: string): Record<string, unknown> => definitionOf(name, spec, 'Namespaced');

function definitionOf(name: string, content: Schema, scope: string): Record<string, unknown> {
  const [plural = 'x', ...group] = name.split('.');
  const version = {
    served: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec: content, status } } },
    subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' } }, additionalPrinterColumns: columns, selectableFields: content === spec ? [{ jsonPath: '.spec.b' }] : [],
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name },
    spec: { group: group.join('.'), scope, names: { plural, singular: plural.slice(0, -1), kind: `K${plural}`, shortNames: [plural.slice(0, 2)] }, versions: [{ name: 'v1', storage: true, ...version }, { name: 'v1beta1', storage: false, ...version }] },
  };
}
