import { expect } from 'chai';
import { listParameters } from './query.ts';

const limit = (value: string): number | undefined => listParameters(new URLSearchParams({ limit: value })).limit;

describe('listParameters', () => {
  it('reads numbers', () => {
    expect([limit(''), limit('0'), limit('500'), limit('+5')]).to.deep.equal([undefined, 0, 500, 5]);
  });

  it('refuses what is no number as upstream does', () => {
    expect(() => limit('x')).to.throw('strconv.ParseInt: parsing "x": invalid syntax');
    expect(() => limit('5"')).to.throw('strconv.ParseInt: parsing "5\\"": invalid syntax');
    expect(() => limit('-1')).to.throw('limit: "-1" is not a number of at least 0');
  });
});
