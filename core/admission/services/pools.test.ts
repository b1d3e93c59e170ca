import { expect } from 'chai';
import { Cidr, ipText, type IpAddress } from '#core/api/ip.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { AddressPool, PortPool, type Pool } from './pools.ts';

const addresses = (text: string): AddressPool => {
  const cidr = Cidr.parse(text);
  if (cidr === undefined) throw new Error(`${text} is no range`);
  return new AddressPool(cidr);
};

/** Everything that the pool gives, in the order in which it gives it. */
function drain<T>(pool: Pool<T>, seed = 1): T[] {
  const random = seededRandom(seed);
  const taken = new Set<T>();
  for (;;) {
    const value = pool.pick((each) => taken.has(each), random);
    if (value === undefined) return [...taken];
    if (taken.has(value)) throw new Error(`${String(value)} was given twice`);
    taken.add(value);
  }
}

describe('AddressPool', () => {
  it('has every address but those that mean the network', () => {
    expect(drain(addresses('10.0.0.0/29')).toSorted()).to.deep.equal([1, 2, 3, 4, 5, 6].map((i) => `10.0.0.${i}`));
    expect(drain(addresses('fd00::/126')).toSorted()).to.deep.equal(['fd00::1', 'fd00::2', 'fd00::3']);
    expect(['10.0.0.0/32', '10.0.0.0/31', '10.0.0.0/30'].map((text) => drain(addresses(text)).length)).to.deep.equal([0, 0, 2]);
    const pool = addresses('10.0.0.0/29');
    expect(['10.0.0.0', '10.0.0.1', '10.0.0.6', '10.0.0.7', '10.0.1.1', '::1', 'x'].map((ip) => pool.includes(ip))).to.deep.equal([false, true, true, false, false, false, false]);
    expect(addresses('fd00::/126').includes('fd00::3')).to.equal(true);
  });

  it('leaves the lower part to those who choose, as long as it can', () => {
    const order = drain(addresses('10.0.0.0/24')).map((ip) => Number(ip.split('.')[3]));
    expect(order).to.have.length(254);
    expect(Math.min(...order.slice(0, 238))).to.equal(17);
    expect(order.slice(238).every((last) => last <= 16)).to.equal(true);
    const first = (text: string): string[] => Array.from({ length: 200 }, (_, seed) => addresses(text).pick(() => false, seededRandom(seed)) ?? '');
    const outside = (low: string, ips: string[]): boolean => ips.every((ip) => !addresses(low).includes(ip));
    expect(outside('10.96.0.0/24', first('10.96.0.0/16'))).to.equal(true);
    expect(outside('fd00::/120', first('fd00::/64'))).to.equal(true);
  });

  it('chooses by chance, and the same for the same seed', () => {
    const pick = (seed: number): string | undefined => addresses('10.96.0.0/16').pick(() => false, seededRandom(seed));
    expect(pick(1)).to.equal(pick(1));
    expect(new Set(Array.from({ length: 50 }, (_, seed) => pick(seed))).size).to.be.above(45);
    const huge = (seed: number): string | undefined => addresses('fd00::/64').pick(() => false, seededRandom(seed));
    expect(new Set(Array.from({ length: 50 }, (_, seed) => huge(seed))).size).to.equal(50);
  });

  it('finds the one that is left', () => {
    const last: IpAddress = { family: 'IPv4', value: 0x0a600005n };
    expect(addresses('10.96.0.0/16').pick((ip) => ip !== ipText(last), seededRandom(3))).to.equal('10.96.0.5');
  });
});

describe('PortPool', () => {
  it('has all of its ports, the lower ones last', () => {
    const order = drain(new PortPool(30_000, 32_767));
    expect(order).to.have.length(2768);
    expect(Math.min(...order.slice(0, 2768 - 86))).to.equal(30_086);
    expect(drain(new PortPool(30_000, 30_003)).toSorted()).to.deep.equal([30_000, 30_001, 30_002, 30_003]);
    expect([29_999, 30_000, 32_767, 32_768].map((port) => new PortPool(30_000, 32_767).includes(port))).to.deep.equal([false, true, true, false]);
  });
});
