import { expect } from 'chai';
import { compileRe2 } from './re2.ts';

describe('compileRe2', () => {
  it('matches anywhere, as RE2 does', () => {
    expect(compileRe2('b+').test('abc')).to.equal(true);
    expect(compileRe2('^b+$').test('abc')).to.equal(false);
    expect(compileRe2('(?i)^\\pL+$').test('ÄÖü')).to.equal(true);
    expect(compileRe2('b+')).to.equal(compileRe2('b+'));
  });

  it('refuses what RE2 does not know, in its words', () => {
    expect(() => compileRe2('[')).to.throw(SyntaxError, 'error parsing regexp: missing closing ]: `[`');
    expect(() => compileRe2('(?=a)')).to.throw(SyntaxError, 'invalid or unsupported Perl syntax');
    expect(() => compileRe2('a'.repeat(10_001))).to.throw(SyntaxError, 'longer than 10000 characters');
  });

  it('takes time in proportion to the text, for any pattern', () => {
    const began = performance.now();
    expect(compileRe2('^(a+)+$').test(`${'a'.repeat(20_000)}b`)).to.equal(false);
    expect(performance.now() - began).to.be.lessThan(2000);
  });
});
