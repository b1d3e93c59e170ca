import { expect } from 'chai';
import { FieldErrors } from '#core/api/field-errors.ts';
import type { JSONSchemaProps, ValidationRule } from '#core/api/schema/json-schema-v1.ts';
import { checkRules } from './rules.ts';

const text: JSONSchemaProps = { type: 'string' };
const ruled = (schema: JSONSchemaProps, ...rules: (string | ValidationRule)[]): JSONSchemaProps =>
  ({ ...schema, 'x-kubernetes-validations': rules.map((rule) => (typeof rule === 'string' ? { rule } : rule)) });

/** What is said of a schema for one field `x`. */
function lines(x: JSONSchemaProps, unchanged = false): string[] {
  const errors = new FieldErrors();
  checkRules({ type: 'object', properties: { x } }, 'schema', unchanged, errors);
  return errors.causes.map(({ field, message }) => `${field}: ${message}`.replace('schema.properties[x]', ''));
}

const advice = '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

describe('checkRules', () => {
  it('accepts what compiles', () => {
    expect(lines(ruled({ type: 'object', properties: { a: text } }, 'self.a.startsWith("b")', { rule: 'self.a == oldSelf.a', messageExpression: 'self.a + " is new"' }))).to.deep.equal([]);
  });

  it('refuses expressions that do not compile, and those of the wrong type', () => {
    const rules = ['self.b', '1 + 1', 'self.a ==', { rule: 'true', messageExpression: 'self.b' }, { rule: 'true', messageExpression: '1' }];
    expect(lines(ruled({ type: 'object', properties: { a: text } }, ...rules))).to.deep.equal([
      `.x-kubernetes-validations[0].rule: Invalid value: {"rule":"self.b"}: compilation failed: ERROR: <input>:1:5: undefined field 'b'\n | self.b\n | ....^`,
      '.x-kubernetes-validations[1].rule: Invalid value: {"rule":"1 + 1"}: cel expression must evaluate to a bool',
      lines(ruled({ type: 'object', properties: { a: text } }, 'self.a =='))[0]?.replace('[0]', '[2]'),
      `.x-kubernetes-validations[3].messageExpression: Invalid value: {"rule":"true","messageExpression":"self.b"}: messageExpression compilation failed: ERROR: <input>:1:5: undefined field 'b'\n | self.b\n | ....^`,
      '.x-kubernetes-validations[4].messageExpression: Invalid value: {"rule":"true","messageExpression":"1"}: messageExpression must evaluate to a string',
    ]);
    expect(lines(ruled(text, 'self =='))[0]).to.match(/^\.x-kubernetes-validations\[0\]\.rule: Invalid value: \{"rule":"self =="\}: compilation failed: ERROR: <input>:1:/);
  });

  it('refuses rules about what has no type', () => {
    expect(lines(ruled({ 'x-kubernetes-preserve-unknown-fields': true }, 'true'))).to.deep.equal([
      '.x-kubernetes-validations: Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations',
    ]);
  });

  it('refuses oldSelf where nothing was before that could be found, and optionalOldSelf without it', () => {
    const list = (type: JSONSchemaProps): JSONSchemaProps => ({ type: 'array', maxItems: 5, items: { type: 'object', properties: { a: ruled({ ...text, maxLength: 5 }, 'self == oldSelf') } }, ...type });
    expect(lines(list({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] }))).to.deep.equal([]);
    for (const type of [{}, { 'x-kubernetes-list-type': 'set' }]) {
      expect(lines(list(type))).to.deep.equal(['.items.properties[a].x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within schema.properties[x]']);
    }
    expect(lines({ type: 'object', maxProperties: 5, additionalProperties: ruled({ ...text, maxLength: 5 }, 'self == oldSelf') })).to.deep.equal([]);
    expect(lines(ruled(text, { rule: 'true', optionalOldSelf: false }))).to.deep.equal(['.x-kubernetes-validations[0].optionalOldSelf: Invalid value: false: may not be set if oldSelf is not used in rule']);
  });

  it('refuses what could cost too much, by the sizes that the schema allows', () => {
    const rule = 'self.all(x, self.all(y, x == y))';
    const list = (rest: JSONSchemaProps, ...rules: string[]): JSONSchemaProps => ruled({ type: 'array', items: { type: 'string', maxLength: 10 }, ...rest }, ...rules);
    expect(lines(list({ maxItems: 100 }, rule))).to.deep.equal([]);
    expect(lines(list({}, rule))).to.deep.equal([`.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${advice}`,
      '.x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
      `schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${advice}`]);
    expect(lines(list({ maxItems: 2000 }, rule))[0]).to.match(/^\.x-kubernetes-validations\[0\]\.rule: Forbidden: estimated rule cost exceeds budget by factor of \d\.\dx /);
    expect(lines(list({ maxItems: 1200 }, rule))[0]).to.match(/ exceeds budget by factor of 1\.\d{6}x /);
    expect(lines(list({ maxItems: 2000 }, rule), true)).to.deep.equal([]);
  });

  it('counts how often a rule runs', () => {
    const inner = ruled({ type: 'string', maxLength: 100_000 }, 'self.contains("a")');
    const wrapped = (rest: JSONSchemaProps): string[] => lines({ type: 'array', items: { type: 'object', additionalProperties: inner, maxProperties: 10 }, ...rest });
    expect(wrapped({ maxItems: 10 })).to.deep.equal([]);
    expect(wrapped({ maxItems: 100 })[0]).to.match(/^\.items\.additionalProperties\.x-kubernetes-validations\[0\]\.rule: Forbidden: estimated rule cost exceeds budget/);
    expect(wrapped({})[0]).to.match(/exceeds budget by factor of more than 100x/);
  });

  it('adds up the costs of a version, and names those that cost most', () => {
    const rules = Array.from({ length: 15 }, () => 'self.all(x, self.all(y, x == y))');
    const found = lines(ruled({ type: 'array', maxItems: 1000, items: { type: 'string', maxLength: 10 } }, ...rules));
    expect(found).to.have.length(5);
    expect(found[0]).to.match(/^\.x-kubernetes-validations\[0\]\.rule: Forbidden: contributed to estimated rule cost total/);
    expect(found[4]).to.match(/^schema: Forbidden: x-kubernetes-validations estimated rule cost total .* by factor of 1\.\d+x /);
  });
});
