import { expect } from 'chai';
import { FieldSelector } from './field-selector.ts';
import { LabelSelector } from './label-selector.ts';
import { StatusError } from './status-error.ts';

const refused = (parse: () => unknown): boolean => {
  try {
    parse();
  } catch (error) {
    return StatusError.is(error, 'BadRequest');
  }
  return false;
};

describe('LabelSelector', () => {
  const labels = { app: 'web', tier: 'gold', count: '5', in: 'x', empty: '' };
  const matching = ['', 'app', 'app=web', 'app==web', 'app!=db', 'missing!=x', '!missing', 'app in (web,db)', 'app notin (db)', 'missing notin (a)',
    'count>4', 'count<6', 'app=web,tier in (gold, silver),!x', 'in', 'in=x', 'in in (x)', 'empty=', 'empty in ()', 'empty', ' app = web ', 'example.com/none!=1'];
  for (const text of matching) it(`${JSON.stringify(text)} matches`, () => expect(LabelSelector.parse(text).matches(labels)).to.equal(true));

  const others = ['app=db', 'missing', '!app', 'app notin (web)', 'app in (db)', 'missing in (a)', 'count>5', 'app>1', 'missing<1', 'app=web,tier=tin', 'constructor', 'toString'];
  for (const text of others) it(`${JSON.stringify(text)} does not`, () => expect(LabelSelector.parse(text).matches(labels)).to.equal(false));

  for (const text of [',', 'a,', 'a=b,', 'a in', 'a in b', 'a in (b', 'a>b', 'a=b=c', '=a', 'a b', '-a', `${'a'.repeat(64)}`, 'a=@', 'x/y/z', '!', 'a!', '(a)']) {
    it(`${JSON.stringify(text)} is refused`, () => expect(refused(() => LabelSelector.parse(text))).to.equal(true));
  }

  const words = {
    ',': "found ',', expected: !, identifier, or 'end of string'", 'a,': "found '', expected: identifier after ','", 'a=b c': "found 'c', expected: ',' or 'end of string'",
    'a b': "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt", 'a in (b': "unable to parse requirement: found '', expected: ',' or ')'",
    'a in b': "unable to parse requirement: found 'b', expected: '('", '!=a': "found '!=', expected: !, identifier, or 'end of string'",
  };
  for (const [text, message] of Object.entries(words)) it(`${JSON.stringify(text)} is refused in upstream's words`, () => expect(() => LabelSelector.parse(text)).to.throw(message));

  it('comes from an object with all its operators', () => {
    const selector = LabelSelector.of({ matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['gold'] }, { key: 'x', operator: 'DoesNotExist' }] });
    expect([selector.matches(labels), selector.matches({ app: 'web' }), LabelSelector.of(undefined).empty]).to.deep.equal([true, false, true]);
    expect(refused(() => LabelSelector.of({ matchExpressions: [{ key: 'a', operator: 'Near' }] }))).to.equal(true);
  });

  it('reads a hundred thousand terms in one pass', () => {
    const selector = LabelSelector.parse(Array.from({ length: 100_000 }, (_, i) => `!k${i}`).join(','));
    expect([selector.matches({ a: 'b' }), selector.matches({ k99999: '' })]).to.deep.equal([true, false]);
  });
});

describe('FieldSelector', () => {
  const fields: Record<string, string> = { 'metadata.name': 'a', 'spec.x': 'one,two=three' };
  const read = (field: string): string => fields[field] ?? '';
  it('compares fields, and takes escapes', () => {
    for (const text of ['', 'metadata.name=a', 'metadata.name==a', 'metadata.name!=b', 'spec.y=', 'spec.x=one\\,two\\=three', 'metadata.name=a,spec.y!=z']) {
      expect(FieldSelector.parse(text).matches(read), text).to.equal(true);
    }
    expect(FieldSelector.parse('metadata.name=a,spec.x=no').matches(read)).to.equal(false);
  });

  it('knows which value a field must have', () => {
    const selector = FieldSelector.parse('metadata.name=a,metadata.namespace!=b');
    expect([selector.required('metadata.name'), selector.required('metadata.namespace')]).to.deep.equal(['a', undefined]);
  });

  it('refuses a term without an operator', () => expect(refused(() => FieldSelector.parse('metadata.name'))).to.equal(true));
});
