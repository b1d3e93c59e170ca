import { expect } from 'chai';
import { dropOldest } from './oldest.ts';

describe('dropOldest', () => {
  it('takes keys out in the order in which they were put in, those put in anew last', () => {
    const map = new Map([['a', 1], ['b', 2], ['c', 3]]);
    expect(dropOldest(map)).to.equal('a');
    map.delete('b');
    map.set('b', 4).set('a', 5);
    expect([dropOldest(map), dropOldest(map), dropOldest(map), dropOldest(map)]).to.deep.equal(['c', 'b', 'a', undefined]);
    map.set('d', 6);
    expect(dropOldest(map)).to.equal('d');
    map.clear();
    expect(dropOldest(map.set('e', 7))).to.equal('e');
  });

  it('does as a fresh look at the beginning would, whatever else happens to the collection', () => {
    let seed = 7;
    const random = (below: number): number => Math.floor(((seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31) * below);
    const set = new Set<number>();
    for (let turn = 0; turn < 50_000; turn++) {
      const key = random(300);
      switch (random(4)) {
        case 0: set.delete(key); break;
        case 1: {
          const [first] = set;
          expect(dropOldest(set)).to.equal(first);
          break;
        }
        default:
          if (random(2) === 0) set.delete(key);
          set.add(key);
      }
    }
    expect(set.size).to.be.above(0);
  });
});
