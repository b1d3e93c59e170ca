import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { JSONSchemaProps, ValidationRule } from '#core/api/schema/json-schema-v1.ts';
import { hasRules, rulesOf } from './rules.ts';
import { uncorrelated } from './visit.ts';

const int: JSONSchemaProps = { type: 'integer' };
const text: JSONSchemaProps = { type: 'string' };
const object = (properties: Record<string, JSONSchemaProps>, ...rules: ValidationRule[]): JSONSchemaProps => ({ type: 'object', properties, 'x-kubernetes-validations': rules });

function lines(schema: JSONSchemaProps, value: unknown, old: unknown = uncorrelated): string[] {
  const errors = new FieldErrors();
  rulesOf(schema, true)?.check(value, old, '', errors);
  return errors.causes.map(({ field, message }) => `${field}: ${message}`);
}

describe('rulesOf', () => {
  it('is nothing for a schema without rules', () => {
    expect(hasRules(object({ a: int }))).to.equal(false);
    expect(rulesOf({ type: 'array', items: { type: 'object', additionalProperties: int } }, true)).to.equal(undefined);
    expect(hasRules({ type: 'array', items: { type: 'object', additionalProperties: { ...int, 'x-kubernetes-validations': [{ rule: 'true' }] } } })).to.equal(true);
  });

  it('names the place, the type, and the rule or its message', () => {
    const schema = object({ spec: object({ min: int, max: int }, { rule: 'self.min <= self.max' }, { rule: 'self.max < 10', message: ' too much ' }) });
    expect(lines(schema, { spec: { min: 1, max: 2 } })).to.deep.equal([]);
    expect(lines(schema, { spec: { min: 30, max: 20 } })).to.deep.equal(['spec: Invalid value: "object": failed rule: self.min <= self.max', 'spec: Invalid value: "object": too much']);
    expect(lines(object({}, { rule: 'self.metadata.name == self.kind' }), { kind: 'a', metadata: { name: 'b' } })).to.deep.equal(['<nil>: Invalid value: "object": failed rule: self.metadata.name == self.kind']);
  });

  it('goes through items, values and fields with names that no expression can spell', () => {
    const positive = { ...int, 'x-kubernetes-validations': [{ rule: 'self > 0' }] };
    const schema = object({ list: { type: 'array', items: positive }, map: { type: 'object', additionalProperties: positive }, 'a b': positive });
    expect(lines(schema, { list: [1, 0], map: { 'x.y/z': 0 }, 'a b': 0 })).to.deep.equal([
      'list[1]: Invalid value: "integer": failed rule: self > 0', 'map[x.y/z]: Invalid value: "integer": failed rule: self > 0', 'a b: Invalid value: "integer": failed rule: self > 0',
    ]);
    expect(lines(object({ a: { ...positive, nullable: true } }), { a: null })).to.deep.equal([]);
  });

  it('gives the reason and blames the field that the rule names', () => {
    const rule = (reason: string): ValidationRule => ({ rule: 'false', message: 'no', reason, fieldPath: ".labels['a.b']" });
    const schema = object({ spec: object({ labels: { type: 'object', additionalProperties: text } }, ...['FieldValueForbidden', 'FieldValueRequired', 'FieldValueDuplicate', 'FieldValueInvalid'].map(rule)) });
    expect(lines(schema, { spec: {} })).to.deep.equal([
      'spec.labels[a.b]: Forbidden: no', 'spec.labels[a.b]: Required value: no', 'spec.labels[a.b]: Duplicate value: "object"', 'spec.labels[a.b]: Invalid value: "object": no',
    ]);
  });

  it('takes the message of an expression, as long as it gives one line', () => {
    const said = (messageExpression: string): string | undefined => lines(object({ n: int, s: text }, { rule: 'false', message: 'plain', messageExpression }), { n: 5, s: 'a\nb' })[0]?.split(': ').at(-1);
    expect(said('"not " + string(self.n)')).to.equal('not 5');
    for (const failing of ['self.s', '"  "', 'string(1 / (self.n - 5))', '"x".replace("x", "0123456789").replace("0", "0".format([])) + ["' + 'y'.repeat(5200) + '"][0]']) expect(said(failing)).to.equal('plain');
  });

  it('runs rules about changes only when there was something before', () => {
    const schema = object({ n: { ...int, 'x-kubernetes-validations': [{ rule: 'self >= oldSelf' }, { rule: 'oldSelf.orValue(5) == 5', optionalOldSelf: true }] } });
    expect(lines(schema, { n: 1 })).to.deep.equal([]);
    expect(lines(schema, { n: 1 }, { n: 2 })).to.deep.equal(['n: Invalid value: "integer": failed rule: self >= oldSelf', 'n: Invalid value: "integer": failed rule: oldSelf.orValue(5) == 5']);
    expect(lines(schema, { n: 7 }, { n: 5 })).to.deep.equal([]);
    expect(lines(schema, { n: 1 }, {})).to.deep.equal([]);
  });

  it('knows the items of map lists again by their keys, and those of other lists not at all', () => {
    const grows = { ...object({ k: text, n: int }), 'x-kubernetes-validations': [{ rule: 'self.n >= oldSelf.n' }] };
    const list = (rest: JSONSchemaProps): JSONSchemaProps => object({ l: { type: 'array', items: grows, ...rest } });
    const [value, old] = [{ l: [{ k: 'b', n: 1 }, { k: 'a', n: 2 }] }, { l: [{ k: 'a', n: 1 }, { k: 'b', n: 2 }] }];
    expect(lines(list({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] }), value, old)).to.deep.equal(['l[0]: Invalid value: "object": failed rule: self.n >= oldSelf.n']);
    expect(lines(list({}), value, old)).to.deep.equal([]);
  });

  it('forgives what has not changed, unless the rule is about changes', () => {
    const odd = object({ n: int }, { rule: 'self.n > 10' }, { rule: 'self != oldSelf', message: 'same' });
    const schema = object({ a: odd, l: { type: 'array', items: { ...int, 'x-kubernetes-validations': [{ rule: 'self > 10' }] } } });
    const old = { a: { n: 1 }, l: [1] };
    expect(lines(schema, { a: { n: 1 }, l: [1] }, old)).to.deep.equal(['a: Invalid value: "object": same']);
    expect(lines(schema, { a: { n: 2 }, l: [1, 1] }, old)).to.deep.equal([
      'a: Invalid value: "object": failed rule: self.n > 10', 'l[0]: Invalid value: "integer": failed rule: self > 10', 'l[1]: Invalid value: "integer": failed rule: self > 10',
    ]);
  });

  it('reports what goes wrong while a rule runs', () => {
    const schema = object({ n: int, x: { 'x-kubernetes-int-or-string': true } }, { rule: '10 / self.n > 1' }, { rule: 'self.x > 1', message: 'small' }, { rule: 'self.missing > 1' });
    expect(lines(schema, { n: 0, x: 'a' })).to.deep.equal([
      '<nil>: Invalid value: "object": division by zero evaluating rule: 10 / self.n > 1',
      '<nil>: Invalid value: "object": \'no such overload\': call arguments did not match a supported operator, function or macro signature for rule: small',
      `<nil>: Invalid value: "object": rule compile error: compilation failed: ERROR: <input>:1:5: undefined field 'missing'\n | self.missing > 1\n | ....^`,
    ]);
  });

  it('stops when a rule, or all together, cost too much', () => {
    const l = { type: 'array', items: int };
    const list = Array.from({ length: 600 }, (_, i) => i);
    const quadratic = 'self.l.all(x, self.l.all(y, x + y >= 0))';
    expect(lines(object({ l }, { rule: quadratic }, { rule: 'false' }), { l: list })).to.deep.equal([
      `<nil>: Invalid value: "object": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${quadratic}`,
    ]);
    const rules = Array.from({ length: 40 }, () => ({ rule: quadratic }));
    expect(lines(object({ l }, ...rules, { rule: 'false' }), { l: list.slice(0, 300) })).to.deep.equal([
      '<nil>: Invalid value: "object": validation failed due to running out of cost budget, no further validation rules will be run',
    ]);
  });

  it('reports a hundred findings, not a million', () => {
    const schema = object({ l: { type: 'array', items: { ...int, 'x-kubernetes-validations': [{ rule: 'false' }] } } });
    expect(lines(schema, { l: Array.from({ length: 5000 }, (_, i) => i) })).to.have.length(100);
  });
});
