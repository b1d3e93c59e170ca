import { expect } from 'chai';
import { isWatch, listParameters, watchParameters } from './query.ts';

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
