import { expect } from 'chai';
import { Cidr } from '#core/api/ip.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { CidrPool } from './cidr-pool.ts';
import { NodeRanges } from './node-ranges.ts';

const cidr = (text: string): Cidr => {
  const parsed = Cidr.parse(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};
const all = (pool: CidrPool): string[] => Array.from({ length: pool.free }, () => pool.take() ?? '');

describe('a pool of ranges', () => {
  it('hands each out once', () => {
    expect(all(new CidrPool(cidr('10.244.0.0/22'), 24))).to.deep.equal(['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24', '10.244.3.0/24']);
    expect(all(new CidrPool(cidr('fd00:1::/62'), 64))).to.deep.equal(['fd00:1::/64', 'fd00:1:0:1::/64', 'fd00:1:0:2::/64', 'fd00:1:0:3::/64']);
    expect(all(new CidrPool(cidr('10.1.2.0/24'), 24))).to.deep.equal(['10.1.2.0/24']);
    expect(all(new CidrPool(cidr('255.255.255.254/31'), 32))).to.deep.equal(['255.255.255.254/32', '255.255.255.255/32']);
    const pool = new CidrPool(cidr('10.244.0.0/16'), 24);
    expect(new Set(all(pool)).size).to.equal(256);
    expect(pool.take()).to.equal(undefined);
  });

  it('gives back what is released, last', () => {
    const pool = new CidrPool(cidr('10.244.0.0/22'), 24);
    pool.take();
    pool.release(cidr('10.244.0.0/24'));
    expect(all(pool)).to.deep.equal(['10.244.1.0/24', '10.244.2.0/24', '10.244.3.0/24', '10.244.0.0/24']);
  });

  it('keeps clear of ranges of any size that somebody holds, as often as they are held', () => {
    const pool = new CidrPool(cidr('10.244.0.0/22'), 24);
    for (const text of ['10.244.1.128/25', '10.244.2.0/23', '10.244.2.0/24', '10.0.0.0/24', 'fd00::/64']) pool.hold(cidr(text));
    expect(pool.free).to.equal(1);
    pool.release(cidr('10.244.2.0/23'));
    expect(all(pool)).to.deep.equal(['10.244.0.0/24', '10.244.3.0/24']);
    const whole = new CidrPool(cidr('10.244.0.0/22'), 24);
    whole.hold(cidr('10.0.0.0/8'));
    expect(whole.free).to.equal(0);
  });

  it('refuses what cannot be cut', () => {
    expect(() => new CidrPool(cidr('10.244.0.0/25'), 24)).to.throw(RangeError, 'ranges of /24 cannot be cut out of the cluster\'s 10.244.0.0/25');
    expect(() => new CidrPool(cidr('10.0.0.0/8'), 33)).to.throw(RangeError, 'cannot be cut');
    expect(() => new CidrPool(cidr('10.0.0.0/8'), 25)).to.throw(RangeError, 'too small');
  });
});

describe('ranges of nodes', () => {
  it('are one of each family, the same ones until the node is gone', () => {
    const ranges = new NodeRanges({ clusterCidrs: ['10.244.0.0/23', 'fd00:1::/48'], reserved: ['10.244.0.0/28'] });
    expect(ranges.reserve('a')).to.deep.equal(['10.244.1.0/24', 'fd00:1::/64']);
    expect(ranges.reserve('a')).to.deep.equal(['10.244.1.0/24', 'fd00:1::/64']);
    expect(ranges.reserve('b')).to.equal(undefined);
    ranges.release('a');
    expect(ranges.reserve('b')).to.deep.equal(['10.244.1.0/24', 'fd00:1:0:1::/64']);
  });

  it('are those that the node has', () => {
    const ranges = new NodeRanges({ clusterCidrs: ['10.244.0.0/23'] });
    expect(ranges.reserve('a')).to.deep.equal(['10.244.0.0/24']);
    ranges.hold('a', ['10.244.1.0/24', 'rubbish']);
    expect(ranges.reserve('b')).to.deep.equal(['10.244.0.0/24']);
    ranges.releaseOthers(new Set(['b']));
    expect(ranges.reserve('c')).to.deep.equal(['10.244.1.0/24']);
  });

  it('says which range is none', () => {
    expect(() => new NodeRanges({ clusterCidrs: ['10.244.0.0'] })).to.throw(RangeError, '"10.244.0.0" is no range of addresses such as 10.244.0.0/16');
  });

  it('never overlap, whatever comes and goes', () => {
    const random = seededRandom(9);
    const ranges = new NodeRanges({ clusterCidrs: ['10.244.0.0/20'] });
    const held = new Map<string, string>();
    for (let i = 0; i < 5000; i++) {
      const uid = `u${Math.floor(random() * 30)}`;
      if (random() < 0.5) {
        ranges.release(uid);
        held.delete(uid);
      } else {
        const [text] = ranges.reserve(uid) ?? [];
        if (text === undefined) expect(held.size).to.equal(16);
        else held.set(uid, text);
      }
      expect(new Set(held.values()).size).to.equal(held.size);
    }
  });
});
