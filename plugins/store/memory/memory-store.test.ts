import { expect } from 'chai';
import { byBytes, Random } from '#test/conformance/key-value-store-model.ts';
import { keyValueStoreConformance } from '#test/conformance/key-value-store.ts';
import { compareKeys } from './key-order.ts';
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
