import { expect } from 'chai';
import { countFrom } from '#test/conformance/key-value-store-case.ts';
import { byBytes, Random } from '#test/conformance/key-value-store-model.ts';
import { keyValueStoreConformance } from '#test/conformance/key-value-store.ts';
import { compareKeys } from './key-order.ts';
import { keptVersions } from './kept-versions.ts';
import { MemoryStore } from './memory-store.ts';
import { SortedKeys } from './sorted-keys.ts';

keyValueStoreConformance('MemoryStore', async () => ({ store: new MemoryStore(), cleanup: async () => undefined }), {
  skip: [{
    reason: 'its data goes with it',
    cases: ['everything is there after a restart, and revisions go on', 'no revision is used again after a restart, even when nothing is left'],
  }],
});

describe('MemoryStore', () => {
  const random = new Random(5);
  const randomKey = (): string => Array.from({ length: random.below(4) }, () => random.pick(['a', '/', '\0', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '\u{10ffff}'])).join('');

  it('compares keys as their UTF-8 bytes compare', () => {
    for (let turn = 0; turn < 5000; turn++) {
      const [left, right] = [randomKey(), randomKey()];
      expect(Math.sign(compareKeys(left, right)), JSON.stringify([left, right])).to.equal(byBytes(left, right));
    }
  });

  it('keeps no version that a compaction made unreadable', () => {
    const versions = [['1', 2], ['2', 4], [undefined, 6], ['3', 8]].map(([value, modRevision]) => ({ key: 'a', value: value === undefined ? value : String(value), modRevision: Number(modRevision), createRevision: 2 }));
    const kept = (revision: number): number[] => keptVersions(versions, revision).map(({ modRevision }) => modRevision);
    expect(countFrom(1, 9).map(kept)).to.deep.equal([[2, 4, 6, 8], [2, 4, 6, 8], [2, 4, 6, 8], [4, 6, 8], [4, 6, 8], [8], [8], [8], [8]]);
    expect(keptVersions(versions.slice(0, 3), 6)).to.deep.equal([]);
  });

  it('keeps its keys sorted through additions and removals', () => {
    const sorted = new SortedKeys();
    const naive = new Set<string>();
    for (let turn = 0; turn < 500; turn++) {
      const key = randomKey();
      if (!naive.has(key)) sorted.add(key);
      naive.add(key);
      if (turn % 50 === 49) {
        const gone = new Set([...naive].filter(() => random.chance(50)));
        sorted.removeAll(gone);
        for (const each of gone) naive.delete(each);
      }
      expect([...sorted.range('', undefined)]).to.deep.equal([...naive].toSorted(byBytes));
    }
  });
});
