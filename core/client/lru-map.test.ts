import { expect } from 'chai';
import { LruMap } from './lru-map.ts';

describe('LruMap', () => {
  it('keeps what was used last and makes the rest anew', () => {
    const map = new LruMap<string>(2);
    map.getOrMake('a', () => 'a1');
    map.getOrMake('b', () => 'b1');
    expect(map.getOrMake('a', () => 'a2')).to.equal('a1');
    map.getOrMake('c', () => 'c1');
    expect(map.size).to.equal(2);
    expect(map.getOrMake('a', () => 'a2')).to.equal('a1');
    expect(map.getOrMake('b', () => 'b2')).to.equal('b2');
  });
});
