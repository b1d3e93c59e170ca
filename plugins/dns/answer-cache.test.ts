import { expect } from 'chai';
import { encode } from 'dns-packet';
import { AnswerCache } from './answer-cache.ts';
import { KeptMessage } from './kept-message.ts';

const message = (ttl = 60, text = 'x'): KeptMessage => {
  const kept = KeptMessage.of(encode({ type: 'response', id: 1, questions: [{ name: 'a.example', type: 'TXT' }], answers: [{ name: 'a.example', type: 'TXT', ttl, data: [text] }] }));
  if (kept === undefined) throw new Error('the message is broken');
  return kept;
};

describe('kept answers', () => {
  it('are forgotten when there are too many, those that are used last', () => {
    const cache = new AnswerCache({ entries: 3, bytes: 1e6 });
    for (const key of ['a', 'b', 'c']) cache.set(key, message(), 0);
    cache.get('a', 1);
    cache.set('d', message(), 1);
    expect(['a', 'b', 'c', 'd'].filter((key) => cache.get(key, 2) !== undefined)).to.deep.equal(['a', 'c', 'd']);
    // All are used now, and still the new one stays.
    cache.set('e', message(), 2);
    expect([cache.size, cache.get('e', 3) !== undefined]).to.deep.equal([3, true]);
  });

  it('are forgotten when they are too large together, and one that is too large by itself is not kept', () => {
    const size = message().size;
    const cache = new AnswerCache({ entries: 100, bytes: 3 * size });
    for (let index = 0; index < 10; index++) cache.set(`k${index}`, message(), 0);
    expect([cache.size, cache.bytes]).to.deep.equal([3, 3 * size]);
    cache.set('large', message(60, 'y'.repeat(250)), 0);
    expect(cache.get('large', 0)).to.equal(undefined);
    cache.set('k9', message(), 1);
    expect([cache.size, cache.bytes]).to.deep.equal([3, 3 * size]);
    cache.clear();
    expect([cache.size, cache.bytes]).to.deep.equal([0, 0]);
  });

  it('end with their time, and when the clock was put back', () => {
    const cache = new AnswerCache({ entries: 3, bytes: 1e6 });
    cache.set('a', message(10), 5000);
    expect(cache.get('a', 14_999)?.ageMs).to.equal(9999);
    expect(cache.get('a', 15_000)).to.equal(undefined);
    cache.set('a', message(10), 5000);
    expect(cache.get('a', 4000)).to.equal(undefined);
    expect([cache.size, cache.bytes]).to.deep.equal([0, 0]);
  });
});
