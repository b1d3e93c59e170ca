import { expect } from 'chai';
import { logQuery } from './log-query.ts';

describe('logQuery', () => {
  const now = Date.UTC(2026, 0, 1);
  const read = (query: string) => JSON.parse(JSON.stringify(logQuery(new URLSearchParams(query), now)));

  it('reads what the API server and old clients send', () => {
    const plain = { follow: false, previous: false, timestamps: false };
    expect(read('')).to.deep.equal(plain);
    expect(read('follow=true&previous=1&timestamps=TRUE&tailLines=5&limitBytes=7&sinceSeconds=60&stream=Stdout'.replace('tailLines=5&', ''))).to.deep.equal({ follow: true, previous: true, timestamps: true, limitBytes: 7, since: now - 60_000, stream: 'stdout' });
    expect(read('follow=false&tail=all')).to.deep.equal(plain);
    expect(read('tail=3&tailLines=9')).to.deep.equal({ ...plain, tailLines: 3 });
    expect(read('sinceTime=2025-12-31T23:00:00.5Z&stream=All')).to.deep.equal({ ...plain, since: now - 3_599_500 });
    expect(read('sinceTime=null&tailLines=9223372036854775807').tailLines).to.equal(Number.MAX_SAFE_INTEGER);
  });

  it('refuses what cannot be meant', () => {
    const refusals: Readonly<Record<string, number>> = { 'tailLines=-1': 422, 'tailLines=1e3': 400, 'sinceSeconds=0': 422, 'sinceTime=1': 400, 'sinceTime=2026-13-01T00:00:00Z': 400, 'stream=constructor': 422, 'limitBytes=0': 422 };
    for (const [query, code] of Object.entries(refusals)) expect(() => read(query), query).to.throw().with.property('code', code);
  });
});
