import { expect } from 'chai';
import { formatTest } from './formats.ts';

const cases: Readonly<Record<string, { good: readonly string[]; bad: readonly string[] }>> = {
  ipv4: { good: ['10.0.0.1', '010.0.0.1', '::ffff:1.2.3.4'], bad: ['10.0.0', '10.0.0.256', '::1', 'a'] },
  ipv6: { good: ['::1', '2001:db8::ffff', '::ffff:1.2.3.4'], bad: ['10.0.0.1', '::1%eth0', ':::'] },
  cidr: { good: ['10.0.0.0/8', '2001:db8::/32', '10.0.0.1/24'], bad: ['10.0.0.0', '10.0.0.0/33', '/8'] },
  mac: { good: ['00:00:5e:00:53:01', '02-00-5e-10-00-00-00-01', '0000.5e00.5301'], bad: ['00:00:5e:00:53', '00:00:5e-00:53:01', 'x', ''] },
  uuid: { good: ['123e4567-e89b-12d3-a456-426614174000', '123E4567E89B12D3A456426614174000'], bad: ['123e4567', 'g23e4567-e89b-12d3-a456-426614174000'] },
  uuid4: { good: ['9c858901-8a57-4791-81fe-4c455b099bc9'], bad: ['123e4567-e89b-12d3-a456-426614174000'] },
  date: { good: ['2024-02-29'], bad: ['2023-02-29', '2024-2-1', '2024-01-01T00:00:00Z'] },
  'date-time': { good: ['2024-01-01T00:00:00Z', '2024-01-01t23:59:59.123+02:00'], bad: ['2024-01-01', '2024-01-01T24:00:00Z', '2024-01-01T00:00Z', '2024-01-01 00:00:00Z'] },
  duration: { good: ['1h30m', '10ms', '3 days', '1 week 2 hours', '0'], bad: ['1', '1x', '', 'h', '3 fortnights'] },
  byte: { good: ['YQ==', 'YWI=', 'YWJj'], bad: ['YQ', 'a b=', ''] },
  uri: { good: ['https://example.com/a?b#c', 'mailto:a@b.example', '/path', 'http://[::1]:80/', 'urn:a:b'], bad: ['example.com', '', 'http://a b/', 'http://a:port/', '%zz', 'a/b'] },
  email: { good: ['a@b.example', 'Ann <a.b+c@d.example>', '"a b"@c.example'], bad: ['a', 'a@', '@b', 'a@b@c', 'a..b@c.example'] },
  hostname: { good: ['example.com', 'a', '1a.example.com', 'bücher.example'], bad: ['-a.example', 'a_b.example', 'a..b', '', `${'a'.repeat(64)}.example`] },
  isbn: { good: ['0321751043', '978-0321751041'], bad: ['0321751044', '978-0321751042', 'x'] },
  creditcard: { good: ['4111 1111 1111 1111'], bad: ['4111 1111 1111 1112', '1'] },
  hexcolor: { good: ['#FFF', 'a0b1c2'], bad: ['#FFFF', 'g00'] },
  rgbcolor: { good: ['rgb(0, 255,12)'], bad: ['rgb(0,256,0)', 'rgb(0,0)'] },
  ssn: { good: ['111-22-3333'], bad: ['111-22-333'] },
  bsonobjectid: { good: ['507f1f77bcf86cd799439011'], bad: ['507f1f77'] },
  password: { good: ['', 'anything'], bad: [] },
};

describe('formatTest', () => {
  for (const [format, { good, bad }] of Object.entries(cases)) {
    it(`knows ${format}`, () => {
      const test = formatTest(format);
      expect(good.filter((text) => test?.(text) !== true), 'wrongly refused').to.deep.equal([]);
      expect(bad.filter((text) => test?.(text) === true), 'wrongly taken').to.deep.equal([]);
    });
  }

  it('has no opinion on formats that custom resources do not check', () => {
    for (const format of ['int32', 'int64', 'float', 'no-such-format', undefined]) expect(formatTest(format)).to.equal(undefined);
  });

  it('takes little time for long texts', () => {
    const start = performance.now();
    for (const format of Object.keys(cases)) {
      for (const unit of ['1a ', 'a.', 'a-', '::', '1', '@', '<a@', '0.']) formatTest(format)?.(unit.repeat(200_000));
    }
    expect(performance.now() - start).to.be.lessThan(2000);
  });
});
