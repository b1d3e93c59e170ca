import { expect } from 'chai';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { Cidr, canonicalCidrProblem, canonicalIpProblem, cidrProblem, ipBytes, ipProblem, ipText, parseIp } from './ip.ts';

const canonical = (text: string): string => {
  const address = parseIp(text);
  return address === undefined ? 'none' : ipText(address);
};

const invalid = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const invalidRange = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

describe('parseIp', () => {
  it('reads both families into numbers and bytes', () => {
    expect(parseIp('10.96.0.1')).to.deep.equal({ family: 'IPv4', value: 0x0a600001n });
    expect(parseIp('fd00::1:2')).to.deep.equal({ family: 'IPv6', value: (0xfd00n << 112n) | 0x10002n });
    expect([...ipBytes({ family: 'IPv4', value: 0x0a600001n })]).to.deep.equal([10, 96, 0, 1]);
    expect(Buffer.from(ipBytes({ family: 'IPv6', value: (0xfd00n << 112n) | 1n })).toString('hex')).to.equal('fd000000000000000000000000000001');
  });

  it('takes only what is strictly an address', () => {
    const wrong = [
      '', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.04', ' 1.2.3.4', '1.2.3.4 ', '0x1.2.3.4', '1.2.3.-4', '::ffff:10.0.0.1', '::ffff:a00:1', 'fe80::1%eth0',
      '1::2::3', ':::', '12345::', 'g::', '::1/64', '::01.2.3.4', '1'.repeat(100_000),
    ];
    for (const text of wrong) expect(parseIp(text), text.slice(0, 40)).to.equal(undefined);
  });

  it('writes IPv6 as RFC 5952 wants it', () => {
    const cases: [string, string][] = [
      ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'], ['::', '::'], ['::1', '::1'], ['1::', '1::'], ['1:0:0:2:0:0:0:3', '1:0:0:2::3'], ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
      ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'], ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'], ['0:1:2:3:4:5:6:7', '0:1:2:3:4:5:6:7'],
    ];
    for (const [text, expected] of cases) expect(canonical(text), text).to.equal(expected);
  });

  it('finds every address again by its canonical text', () => {
    const random = seededRandom(7);
    for (let round = 0; round < 2000; round++) {
      let value = 0n;
      for (let group = 0; group < 8; group++) value = (value << 16n) | (random() < 0.5 ? 0n : BigInt(Math.floor(random() * 65536)));
      if (value >> 32n === 0xffffn) continue;
      const address = { family: 'IPv6', value } as const;
      expect(parseIp(ipText(address)), ipText(address)).to.deep.equal(address);
    }
  });
});

describe('Cidr', () => {
  const cidr = (text: string): Cidr => {
    const range = Cidr.parse(text);
    if (range === undefined) throw new Error(`${text} is no range`);
    return range;
  };

  it('knows its size, its ends and its addresses', () => {
    const range = cidr('10.96.3.4/16');
    expect([range.toString(), range.size, ipText(range.address)]).to.deep.equal(['10.96.0.0/16', 65536n, '10.96.3.4']);
    expect([ipText(range.nth(0n)), ipText(range.nth(1n)), ipText(range.nth(65535n))]).to.deep.equal(['10.96.0.0', '10.96.0.1', '10.96.255.255']);
    expect(() => range.nth(65536n)).to.throw(RangeError, '10.96.0.0/16 has no address number 65536');
    expect([cidr('fd00::/64').size, cidr('0.0.0.0/0').size, cidr('::/0').size, cidr('1.2.3.4/32').size]).to.deep.equal([1n << 64n, 1n << 32n, 1n << 128n, 1n]);
  });

  it('contains addresses of its own family only', () => {
    const inside = (range: string, ip: string): boolean => cidr(range).contains(parseIp(ip)!);
    expect(['10.95.255.255', '10.96.0.0', '10.96.255.255', '10.97.0.0', '::'].map((ip) => inside('10.96.0.0/16', ip))).to.deep.equal([false, true, true, false, false]);
    expect(inside('::/0', '0.0.0.1')).to.equal(false);
    expect(['10.96.0.0/16', '10.96.8.0/24', '10.0.0.0/8', '::/16'].map((other) => cidr('10.96.0.0/16').containsRange(cidr(other)))).to.deep.equal([true, true, false, false]);
  });

  it('takes only what is strictly a range', () => {
    for (const text of ['10.0.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.0/8/8', '::/129', '/8', '10.0.0.0/8 ', '::ffff:10.0.0.0/104']) {
      expect(Cidr.parse(text), text).to.equal(undefined);
    }
  });
});

describe('problems of addresses', () => {
  it('are told in the API\'s words', () => {
    expect(['10.0.0.1', '2001:DB8::1', '010.0.0.1', '::ffff:10.0.0.1', 'a.b.c.d', '300.1.1.1', '0300.1.1.1'].map(ipProblem))
      .to.deep.equal([undefined, undefined, 'must not have leading 0s', 'must not be an IPv4-mapped IPv6 address', invalid, invalid, invalid]);
    expect(['10.0.0.1', '2001:DB8::1', '01.0.0.1'].map(canonicalIpProblem)).to.deep.equal([undefined, 'must be in canonical form ("2001:db8::1")', 'must not have leading 0s']);
    expect(['10.0.0.1/8', '10.0.0.0/08', '10.00.0.0/8', '::ffff:1.2.3.4/104', '10.0.0.0', 'x/8'].map(cidrProblem)).to.deep.equal([
      undefined, 'must not have leading 0s in IP or prefix length', 'must not have leading 0s in IP or prefix length', 'must not have an IPv4-mapped IPv6 address',
      invalidRange, invalidRange,
    ]);
    expect(['10.0.0.0/8', '10.0.0.1/8', '2001:DB8::/64'].map(canonicalCidrProblem))
      .to.deep.equal([undefined, 'must not have bits set beyond the prefix length', 'must be in canonical form ("2001:db8::/64")']);
  });
});
