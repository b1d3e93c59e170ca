import { expect } from 'chai';
import { countIndexes, firstCommonIndex, parseIndexes } from './job-indexes.ts';

describe('indexes of Jobs', () => {
  it('are read as ranges and counted', () => {
    expect(parseIndexes('', 5)).to.deep.equal([]);
    expect(parseIndexes('0,2-4,7', 8)).to.deep.equal([{ from: 0, to: 0 }, { from: 2, to: 4 }, { from: 7, to: 7 }]);
    expect(countIndexes(parseIndexes('0,2-4,7', 8))).to.equal(5);
  });

  for (const [text, problem] of [
    ['1-2-3', 'the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by \'-\''],
    ['a', 'cannot convert string to integer for index: "a"'],
    ['1,', 'cannot convert string to integer for index: ""'],
    ['-1', 'cannot convert string to integer for index: ""'],
    ['5', 'too large index: "5"'],
    ['1-5', 'too large index: "5"'],
    ['3-3', 'non-increasing order, previous: 3, current: 3'],
    ['0-2,2', 'non-increasing order, previous: 2, current: 2'],
  ] as const) {
    it(`are refused as ${JSON.stringify(text)}`, () => expect(() => parseIndexes(text, 5)).to.throw(RangeError).with.property('message', problem));
  }

  it('show where two sets overlap first', () => {
    const common = (a: string, b: string): number | undefined => firstCommonIndex(parseIndexes(a, 100), parseIndexes(b, 100));
    expect(common('0,4-6,9', '1-3,6-8')).to.equal(6);
    expect(common('0-2', '3-5')).to.equal(undefined);
    expect(common('', '3-5')).to.equal(undefined);
    expect(common('10-20', '1,2,3,15')).to.equal(15);
  });
});
