import { expect } from 'chai';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { IndexSet } from './index-set.ts';

const texts = (text: string, completions = 100): string => IndexSet.parse(text, completions).toString();

describe('IndexSet', () => {
  it('reads and writes what stands in the status', () => {
    for (const text of ['', '0', '0,1', '1,3-5', '0,2,3,5-9', '7-99']) expect(texts(text)).to.equal(text);
  });

  it('joins what touches, leaves out what the Job has no more, and passes over what cannot be read', () => {
    expect(texts('1-2,3-4')).to.equal('1-4');
    expect(texts('1-9', 5)).to.equal('1-4');
    expect(texts('4,5-9', 5)).to.equal('4');
    expect(texts('x,1,2-y,5-3,-4,1e3')).to.equal('1');
  });

  it('agrees with a plain set', () => {
    const random = seededRandom(11);
    for (let round = 0; round < 200; round++) {
      const some = (): number[] => Array.from({ length: Math.floor(random() * 30) }, () => Math.floor(random() * 40));
      const [a, b] = [new Set(some()), new Set(some())];
      const [one, two] = [IndexSet.of(a), IndexSet.of(b)];
      expect(IndexSet.parse(one.toString(), 40).toString()).to.equal(one.toString());
      expect(one.size).to.equal(a.size);
      expect(one.union(two).toString()).to.equal(IndexSet.of([...a, ...b]).toString());
      expect(one.common(two)).to.equal([...a].filter((index) => b.has(index)).length);
      for (let index = 0; index < 41; index++) expect(one.has(index)).to.equal(a.has(index));
      const missing = Array.from({ length: 35 }, (_, index) => index).filter((index) => !a.has(index));
      expect(one.firstMissing(7, 35)).to.deep.equal(missing.slice(0, 7));
    }
  });

  it('is quick with many', () => {
    const even = IndexSet.of(Array.from({ length: 50_000 }, (_, i) => 2 * i));
    expect(even.union(IndexSet.of(Array.from({ length: 50_000 }, (_, i) => 2 * i + 1))).toString()).to.equal('0-99999');
  });
});
