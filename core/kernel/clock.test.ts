import { expect } from 'chai';
import { rfc3339, rfc3339Micro } from './clock.ts';

describe('times as text', () => {
  it('are cut to the second', () => {
    const base = Date.UTC(2026, 1, 28, 23, 59, 59);
    expect([0, 999, 1000, 999, -1].map((ms) => rfc3339(base + ms)))
      .to.deep.equal(['2026-02-28T23:59:59Z', '2026-02-28T23:59:59Z', '2026-03-01T00:00:00Z', '2026-02-28T23:59:59Z', '2026-02-28T23:59:58Z']);
  });

  it('have microseconds where these are wanted', () => {
    expect(rfc3339Micro(1)).to.equal('1970-01-01T00:00:00.001000Z');
  });

  it('of no time are an error', () => {
    expect(() => rfc3339(NaN)).to.throw(RangeError);
  });
});
