import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { report } from './findings.ts';
import { validatorOf } from './validate.ts';

const object = (properties: Record<string, JSONSchemaProps>, rest: JSONSchemaProps = {}): JSONSchemaProps => ({ type: 'object', properties, ...rest });

function lines(schema: JSONSchemaProps, value: unknown, old?: { was: unknown }, base = ''): string[] {
  const errors = new FieldErrors();
  const validator = validatorOf(schema);
  report(old ? validator.validateUpdate(value, old.was) : validator.validate(value), base, errors);
  return errors.causes.map(({ field, message }) => `${field}: ${message}`);
}

describe('validatorOf', () => {
  /** A property `x` of the schema, its value, and what is said of it. */
  const cases: readonly (readonly [JSONSchemaProps, unknown, ...string[]])[] = [
    [{ type: 'integer' }, 'string', 'x: Invalid value: "string": x in body must be of type integer: "string"'],
    [{ type: 'integer' }, 1.5, 'x: Invalid value: "number": x in body must be of type integer: "number"'],
    [{ type: 'number' }, 1],
    [{ type: 'string' }, 1, 'x: Invalid value: "integer": x in body must be of type string: "integer"'],
    [{ type: 'string' }, null, 'x: Invalid value: "null": x in body must be of type string: "null"'],
    [{ type: 'string', nullable: true }, null],
    [{ type: 'string', nullable: true, enum: ['a'] }, null, 'x: Unsupported value: "null": supported values: "a"'],
    [{ type: 'array', items: { type: 'string' } }, {}, 'x: Invalid value: "object": x in body must be of type array: "object"'],
    [{ 'x-kubernetes-int-or-string': true }, 5],
    [{ 'x-kubernetes-int-or-string': true }, '50%'],
    [{ 'x-kubernetes-int-or-string': true }, true, 'x: Invalid value: "boolean": x in body must be of type integer,string: "boolean"'],
    [{ type: 'string', enum: ['b', 'c'] }, 'a', 'x: Unsupported value: "a": supported values: "b", "c"'],
    [{ type: 'integer', enum: [1, 2] }, 3, 'x: Unsupported value: 3: supported values: "1", "2"'],
    [{ type: 'string', maxLength: 2 }, 'äöü', 'x: Too long: may not be more than 2 bytes'],
    [{ type: 'string', maxLength: 2 }, '😀😀'],
    [{ type: 'string', minLength: 2 }, '😀', 'x: Invalid value: "😀": x in body should be at least 2 chars long'],
    [{ type: 'string', pattern: '^a+$' }, 'b', 'x: Invalid value: "b": x in body should match \'^a+$\''],
    [{ type: 'string', pattern: 'b' }, 'abc'],
    [{ type: 'string', maxLength: 1, pattern: 'b' }, 'aa', 'x: Too long: may not be more than 1 bytes'],
    [{ type: 'string', format: 'ipv4' }, 'a', 'x: Invalid value: "a": x in body must be of type ipv4: "a"'],
    [{ type: 'string', format: 'no-such-format' }, 'a'],
    [{ type: 'integer', format: 'int32' }, 2 ** 40],
    [{ type: 'integer', minimum: 3 }, 2, 'x: Invalid value: 2: x in body should be greater than or equal to 3'],
    [{ type: 'integer', minimum: 3, exclusiveMinimum: true }, 3, 'x: Invalid value: 3: x in body should be greater than 3'],
    [{ type: 'integer', maximum: 3 }, 4, 'x: Invalid value: 4: x in body should be less than or equal to 3'],
    [{ type: 'number', maximum: 1.5, exclusiveMaximum: true }, 1.5, 'x: Invalid value: 1.5: x in body should be less than 1.5'],
    [{ type: 'integer', multipleOf: 2 }, 3, 'x: Invalid value: 3: x in body should be a multiple of 2'],
    [{ type: 'number', multipleOf: 0.1 }, 0.3],
    [{ type: 'array', items: { type: 'string' }, minItems: 1 }, [], 'x: Invalid value: 0: x in body should have at least 1 items'],
    [{ type: 'array', items: { type: 'string' }, maxItems: 1 }, ['a', 1], 'x[1]: Invalid value: "integer": x[1] in body must be of type string: "integer"', 'x: Too many: 2: must have at most 1 items'],
    [object({}, { minProperties: 1 }), {}, 'x: Invalid value: 0: x in body should have at least 1 properties'],
    [object({}, { maxProperties: 1 }), { a: 1, b: 2 }, 'x: Too many: 2: must have at most 1 items'],
    [object({}, { required: ['a'] }), {}, 'x.a: Required value'],
    [object({}, { additionalProperties: false }), { a: 1 }, 'x: Invalid value: "a": x.a in body is a forbidden property'],
    [object({}, { additionalProperties: { type: 'string' } }), { 'a.b': 1 }, 'x.a.b: Invalid value: "integer": x.a.b in body must be of type string: "integer"'],
    [{ type: 'string', not: { pattern: '^a' } }, 'ab', '<nil>: Invalid value: "": "x" must not validate the schema (not)'],
    [{ type: 'string', anyOf: [{ pattern: '^a' }, { pattern: '^b' }] }, 'bc'],
    [
      { type: 'string', anyOf: [{ pattern: '^a' }, { pattern: '^b' }] }, 'c',
      '<nil>: Invalid value: "": "x" must validate at least one schema (anyOf)', 'x: Invalid value: "c": x in body should match \'^a\'',
    ],
    [{ type: 'string', oneOf: [{ pattern: 'a' }, { pattern: 'b' }] }, 'ab', '<nil>: Invalid value: "": "x" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    [
      object({}, { oneOf: [{ required: ['a'] }, { required: ['b'] }] }), {},
      '<nil>: Invalid value: "": "x" must validate one and only one schema (oneOf). Found none valid', 'x.a: Required value',
    ],
    [
      { type: 'string', allOf: [{ pattern: 'a' }, { minLength: 1 }] }, 'b',
      'x: Invalid value: "b": x in body should match \'a\'', '<nil>: Invalid value: "": "x" must validate all the schemas (allOf)',
    ],
  ];
  for (const [schema, value, ...expected] of cases) {
    it(`says of ${JSON.stringify(value)} under ${JSON.stringify(schema).slice(0, 90)}: ${expected.length === 0 ? 'nothing' : expected.length}`, () => {
      expect(lines(object({ x: schema }), { x: value })).to.deep.equal(expected);
    });
  }

  it('reports the alternative that came closest', () => {
    const schema = object({}, {
      anyOf: [{ required: ['nothing'], properties: { a: { type: 'string' } } }, { required: ['nothing'], properties: { a: { enum: ['x'] }, b: { type: 'string' }, c: { type: 'string' } } }],
    });
    expect(lines(schema, { a: 1, b: 'b', c: 'c' })).to.include('a: Unsupported value: 1: supported values: "x"');
  });

  it('names what is wrong with the whole value, and puts everything below a base', () => {
    expect(lines({ type: 'object' }, 'a')).to.deep.equal(['<nil>: Invalid value: "string":  in body must be of type object: "string"']);
    expect(lines({ type: 'object' }, 'a', undefined, 'status')).to.deep.equal(['status: Invalid value: "string":  in body must be of type object: "string"']);
    expect(lines(object({ x: { type: 'string' } }), { x: 1 }, undefined, 'status')).to.deep.equal(['status.x: Invalid value: "integer": x in body must be of type string: "integer"']);
  });

  it('takes keys of every name', () => {
    const value = JSON.parse('{"__proto__": 1, "constructor": "a"}') as unknown;
    const schema = JSON.parse('{"type": "object", "properties": {"__proto__": {"type": "string"}, "toString": {"type": "string"}}, "required": ["toString", "__proto__"]}') as JSONSchemaProps;
    expect(lines(schema, value)).to.deep.equal(['__proto__: Invalid value: "integer": __proto__ in body must be of type string: "integer"', 'toString: Required value']);
  });

  describe('on update', () => {
    const short: JSONSchemaProps = { type: 'string', maxLength: 1 };
    const tooLong = (path: string): string => `${path}: Too long: may not be more than 1 bytes`;

    it('forgives what did not change, by field', () => {
      const schema = object({ a: short, b: short });
      expect(lines(schema, { a: 'long', b: 'long' }, { was: { a: 'long', b: '' } })).to.deep.equal([tooLong('b')]);
      expect(lines(schema, { a: 'long', b: 'b' }, { was: { a: 'long', b: 'a' } })).to.deep.equal([]);
      expect(lines(schema, { a: 'long' }, { was: {} })).to.deep.equal([tooLong('a')]);
    });

    it('finds items again by their keys, and in atomic lists not at all', () => {
      const item = object({ name: { type: 'string' }, x: short });
      const keyed = object({ l: { type: 'array', items: item, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] } });
      const was = { l: [{ name: 'a', x: 'long' }, { name: 'b', x: 'b' }] };
      const now = { l: [{ name: 'b', x: 'long' }, { name: 'a', x: 'long' }] };
      expect(lines(keyed, now, { was })).to.deep.equal([tooLong('l[0].x')]);
      const atomic = object({ l: { type: 'array', items: item } });
      expect(lines(atomic, now, { was })).to.deep.equal([tooLong('l[0].x'), tooLong('l[1].x')]);
      expect(lines(atomic, was, { was }), 'the list as a whole is the same').to.deep.equal([]);
    });

    it('blames a required field that is missing as before only when something beside it changed', () => {
      const schema = object({ s: object({ a: { type: 'string' }, b: { type: 'string' } }, { required: ['a'] }), t: { type: 'string' } });
      expect(lines(schema, { s: { b: 'b' }, t: 't' }, { was: { s: { b: 'b' } } })).to.deep.equal([]);
      expect(lines(schema, { s: { b: 'c' } }, { was: { s: { b: 'b' } } })).to.deep.equal(['s.a: Required value']);
    });

    it('forgives fields inside of alternatives', () => {
      const schema = object({ a: { type: 'string' }, b: { type: 'string' } }, { anyOf: [{ properties: { a: { maxLength: 1 } } }] });
      expect(lines(schema, { a: 'long', b: 'c' }, { was: { a: 'long', b: 'b' } })).to.deep.equal([]);
      expect(lines(schema, { a: 'longer', b: 'c' }, { was: { a: 'long', b: 'b' } })).to.have.length(2);
    });
  });

  it('finds at most a hundred things, and gives up on what would take too long', () => {
    const list: JSONSchemaProps = { type: 'array', items: { type: 'string' } };
    expect(lines(object({ l: list }), { l: Array.from({ length: 1000 }, () => 1) })).to.have.length(100);
    const costly: JSONSchemaProps = { type: 'array', items: { type: 'string', anyOf: Array.from({ length: 1000 }, () => ({ pattern: 'x' })) } };
    expect(lines(object({ l: costly }), { l: Array.from({ length: 10_000 }, () => '') })).to.deep.equal(['<nil>: Invalid value: "": validation takes more than 5000000 steps']);
  });
});
