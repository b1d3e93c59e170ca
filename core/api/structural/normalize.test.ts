import { expect } from 'chai';
import { below, pick, randomFrom, randomJson } from '#core/api/patch/random-json.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual, deepFreeze, type JsonObject } from '#core/api/value.ts';
import { isNormal } from './is-normal.ts';
import { normalize, readMetadata } from './normalize.ts';
import { structureOf } from './structure.ts';

const object = (properties: Record<string, JSONSchemaProps>, rest: JSONSchemaProps = {}): JSONSchemaProps => ({ type: 'object', properties, ...rest });
const text: JSONSchemaProps = { type: 'string' };
const keep = { 'x-kubernetes-preserve-unknown-fields': true } as const;

/** What becomes of `x` under a schema. */
function of(schema: JSONSchemaProps, x: unknown): { x: unknown; unknown: readonly string[] } {
  const { value, unknown } = normalize(deepFreeze({ x }), structureOf(object({ x: schema }), true));
  return { x: value.x, unknown };
}

describe('normalize', () => {
  describe('drops what the schema does not know', () => {
    const cases: readonly (readonly [string, JSONSchemaProps, unknown, unknown, ...string[]])[] = [
      ['a field', object({ a: text }), { a: 'a', b: 1, c: { d: 1 } }, { a: 'a' }, 'x.b', 'x.c'],
      ['inside of lists', { type: 'array', items: object({ a: text }) }, [{ a: 'a' }, { b: 1 }], [{ a: 'a' }, {}], 'x[1].b'],
      ['inside of maps', { type: 'object', additionalProperties: object({ a: text }) }, { k: { b: 1 } }, { k: {} }, 'x.k.b'],
      ['everything in objects of which nothing is known', { type: 'object', additionalProperties: true }, { k: { b: 1 }, l: [{ c: 1 }], m: 1 }, { k: {}, l: [{}], m: 1 }, 'x.k.b', 'x.l[0].c'],
      ['but not where unknown fields are preserved', object({ a: object({}) }, keep), { a: { b: 1 }, c: { d: null } }, { a: {}, c: { d: null } }, 'x.a.b'],
      ['nor below a list that preserves them', { type: 'array', items: object({ a: object({}) }), ...keep }, [{ b: 1, a: { c: 1 } }], [{ b: 1, a: {} }], 'x[0].a.c'],
      ['a value of another type stays for validation', object({ a: text }), 'text', 'text'],
    ];
    for (const [name, schema, given, kept, ...unknown] of cases) {
      it(name, () => expect(of(schema, given)).to.deep.equal({ x: kept, unknown }));
    }

    it('and takes keys of every name for keys', () => {
      const given = JSON.parse('{"__proto__": {"a": 1}, "constructor": 1, "toString": "t"}') as JsonObject;
      const schema = object(JSON.parse('{"__proto__": {"type": "object", "properties": {}}, "toString": {"type": "string"}}') as Record<string, JSONSchemaProps>);
      const result = of(schema, given);
      expect(JSON.stringify(result.x)).to.equal('{"__proto__":{},"toString":"t"}');
      expect(result.unknown).to.deep.equal(['x.__proto__.a', 'x.constructor']);
    });
  });

  describe('drops nulls that may not be', () => {
    it('in fields and maps, not in lists, and not where nothing is known', () => {
      const schema = object({ a: text, b: { type: 'string', nullable: true }, m: { type: 'object', additionalProperties: text }, l: { type: 'array', items: text }, p: { type: 'object', ...keep } });
      expect(of(schema, { a: null, b: null, m: { k: null }, l: [null], p: { q: null } }).x).to.deep.equal({ b: null, m: {}, l: [null], p: { q: null } });
    });
  });

  describe('fills in defaults', () => {
    const withDefault: JSONSchemaProps = { type: 'string', default: 'd' };

    it('for fields that are missing, and for nulls that may not be', () => {
      const schema = object({ a: withDefault, b: withDefault, c: { type: 'string', nullable: true, default: 'd' }, l: { type: 'array', items: withDefault } });
      expect(of(schema, { b: null, c: null, l: ['a', null] }).x).to.deep.equal({ a: 'd', b: 'd', c: null, l: ['a', 'd'] });
    });

    it('inside of defaults, and not inside of objects that are missing', () => {
      const inner = object({ a: withDefault });
      expect(of(object({ s: { ...inner, default: {} }, t: inner }), {}).x).to.deep.equal({ s: { a: 'd' } });
    });

    it('with values of their own each time', () => {
      const schema = structureOf(object({ m: { type: 'object', additionalProperties: text, default: { k: 'v' } } }), true);
      const [one, other] = [normalize({}, schema).value, normalize({}, schema).value];
      (one.m as JsonObject).k = 'changed';
      expect(other).to.deep.equal({ m: { k: 'v' } });
    });
  });

  describe('reads embedded resources', () => {
    const embedded = object({ spec: object({}) }, { 'x-kubernetes-embedded-resource': true });

    it('as the API does, with metadata that need not be described', () => {
      const given = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', creationTimestamp: null, foo: 1 }, spec: { b: 1 }, status: {} };
      expect(of(embedded, given)).to.deep.equal({
        x: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: {} }, unknown: ['x.metadata.foo', 'x.spec.b', 'x.status'],
      });
    });

    it('and refuses metadata that is malformed, unless it was stored so', () => {
      const given = { x: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 1, labels: { a: 'b' } } } };
      expect(() => normalize(given, structureOf(object({ x: embedded }), true))).to.throw('json: cannot unmarshal number into Go struct field ObjectMeta.name of type string')
        .which.satisfies((error: unknown) => StatusError.is(error, 'BadRequest'));
      expect(normalize(given, structureOf(object({ x: embedded }), true), { lenient: true }).value).to.have.nested.property('x.metadata').deep.equal({ labels: { a: 'b' } });
    });
  });

  it('leaves apiVersion, kind and metadata of the resource to its caller', () => {
    const value = { apiVersion: 'a/v1', kind: 'A', metadata: { name: 'n', odd: 1 } };
    expect(normalize(value, structureOf(object({}), true))).to.deep.equal({ value, unknown: [] });
  });

  it('names a hundred unknown fields at most', () => {
    expect(of(object({}), Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i]))).unknown).to.have.length(100);
  });
});

describe('readMetadata', () => {
  it('keeps of stored metadata what can be read', () => {
    expect(readMetadata({ name: 'a', generation: 'x', labels: [], annotations: { a: 'b' } }, true, 'metadata').value).to.deep.equal({ name: 'a', annotations: { a: 'b' } });
  });
});

describe('isNormal', () => {
  const keys = ['a', 'b', 'c', '__proto__', 'constructor'] as const;

  function randomSchema(random: () => number, depth: number): JSONSchemaProps {
    const shared: JSONSchemaProps = { ...(random() < 0.2 ? { nullable: true } : {}), ...(random() < 0.3 ? { default: pick<unknown>(random, ['d', {}, []]) } : {}), ...(random() < 0.2 ? keep : {}) };
    const form = depth === 0 ? 0 : below(random, 4);
    if (form === 0) return { type: 'string', ...shared };
    if (form === 1) return { type: 'array', items: randomSchema(random, depth - 1), ...shared };
    if (form === 2) return { type: 'object', additionalProperties: random() < 0.3 ? true : randomSchema(random, depth - 1), ...shared };
    return { type: 'object', properties: Object.fromEntries(Array.from({ length: 3 }, () => [pick(random, keys), randomSchema(random, depth - 1)])), ...shared };
  }

  const withNulls = (value: unknown, random: () => number): unknown => {
    if (random() < 0.1) return null;
    if (Array.isArray(value)) return value.map((each) => withNulls(each, random));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withNulls(each, random)]));
  };

  it('says whether normalize would change anything', () => {
    let normal = 0;
    for (let seed = 0; seed < 3000; seed++) {
      const random = randomFrom(seed);
      const structure = structureOf(object({ x: randomSchema(random, 3) }), true);
      const value = deepFreeze({ x: withNulls(randomJson(random, 3), random) });
      const once = normalize(value, structure).value;
      expect(isNormal(value, structure), `seed ${seed}`).to.equal(deepEqual(once, value));
      if (isNormal(once, structure)) normal++;
      expect(normalize(once, structure).value, `seed ${seed}, twice`).to.deep.equal(once);
    }
    expect(normal).to.equal(3000);
  });
});
