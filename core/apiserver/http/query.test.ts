import { expect } from 'chai';
import { deletion, isWatch, listParameters, watchParameters } from './query.ts';

const limit = (value: string): number | undefined => listParameters(new URLSearchParams({ limit: value })).limit;

describe('listParameters', () => {
  it('reads numbers', () => {
    expect([limit(''), limit('0'), limit('500'), limit('+5'), limit('-1'), limit('9223372036854775807')]).to.deep.equal([undefined, 0, 500, 5, -1, Number.MAX_SAFE_INTEGER]);
  });

  it('refuses what is no number as upstream does', () => {
    expect(() => limit('x')).to.throw('strconv.ParseInt: parsing "x": invalid syntax');
    expect(() => limit('5"')).to.throw('strconv.ParseInt: parsing "5\\"": invalid syntax');
  });
});

describe('a yes or no in a query', () => {
  it('is yes in every spelling that is not a no', () => {
    const spelled = (value: string) => isWatch(new URLSearchParams({ watch: value }));
    expect(['true', 'True', 'TRUE', '1', '', 'yes'].map(spelled)).to.deep.equal([true, true, true, true, true, true]);
    expect(['false', 'False', '0'].map(spelled)).to.deep.equal([false, false, false]);
    expect(isWatch(new URLSearchParams())).to.equal(false);
  });

  it('stays undefined when it is not there', () => {
    const { allowWatchBookmarks, sendInitialEvents } = watchParameters(new URLSearchParams({ allowWatchBookmarks: 'True' }));
    expect([allowWatchBookmarks, sendInitialEvents]).to.deep.equal([true, undefined]);
  });
});

describe('deletion', () => {
  it('takes a negative grace period for one second', () => {
    const grace = (value: string) => deletion(new URLSearchParams({ gracePeriodSeconds: value }), undefined).gracePeriodSeconds;
    expect([grace('-1'), grace('0'), grace('30')]).to.deep.equal([1, 0, 30]);
    expect(deletion(new URLSearchParams(), { gracePeriodSeconds: -5 }).gracePeriodSeconds).to.equal(1);
  });
});
