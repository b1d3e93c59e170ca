import { expect } from 'chai';
import { randomFrom } from '#core/api/patch/random-json.ts';
import { deepFreeze, type JsonObject } from '#core/api/value.ts';
import { fieldSet } from './field-set.ts';
import { merge } from './merge.ts';
import { extract, remove } from './remove.ts';
import { Document, flat, randomDocument } from './test-document.ts';
import { toFieldSet } from './to-field-set.ts';

const merged = (live: unknown, applied: unknown): unknown => merge(Document, deepFreeze(live), deepFreeze(applied));
const tags = (live: string[], applied: string[]): unknown => (merged({ tags: live }, { tags: applied }) as JsonObject)['tags'];

describe('laying a configuration over an object', () => {
  it('changes what it sets and keeps all else', () => {
    expect(merged(
      { a: '1', labels: { x: '1', y: '1' }, named: [{ name: 'n', value: '1', size: 1 }, { name: 'm' }], words: ['p'], inner: { a: '1' } },
      { b: 2, labels: { y: '2' }, named: [{ name: 'n', value: '2' }], words: ['q'], inner: { b: '2' } },
    )).to.deep.equal({
      a: '1', b: 2, labels: { x: '1', y: '2' }, named: [{ name: 'n', value: '2', size: 1 }, { name: 'm' }], words: ['q'], inner: { a: '1', b: '2' },
    });
  });

  it('finds items by keys that one side leaves to their default', () => {
    expect(merged({ items: [{ name: 'n', protocol: 'TCP', value: '1' }] }, { items: [{ name: 'n', value: '2' }, { name: 'n', protocol: 'UDP' }] })).to.deep.equal({
      items: [{ name: 'n', protocol: 'TCP', value: '2' }, { name: 'n', protocol: 'UDP' }],
    });
  });

  it('lets null unset a leaf, and nothing that holds others', () => {
    expect(merged({ a: '1', words: ['p'], labels: { x: '1' }, inner: {}, free: { x: 1 } }, { a: null, words: null, labels: null, inner: null, free: null })).to.deep.equal({
      a: null, words: null, labels: { x: '1' }, inner: null, free: { x: 1 },
    });
  });

  for (const [live, applied, result] of [
    ['abc', 'ab', 'abc'], ['ab', 'abc', 'abc'], ['abc', '', 'abc'], ['', 'abc', 'abc'], ['b', 'abc', 'abc'],
    ['abcd', 'adcb', 'adcb'], ['ac', 'abcd', 'abcd'], ['xay', 'ab', 'xayb'], ['xaybz', 'ba', 'xybza'], ['ab', 'cd', 'abcd'], ['axbycz', 'cba', 'xyczba'], ['bax', 'abn', 'axbn'],
  ] as const) {
    it(`orders ${live || 'nothing'} under ${applied || 'nothing'} as ${result}`, () => {
      expect((tags(live.split(''), applied.split('')) as string[]).join('')).to.equal(result);
    });
  }

  it('leaves twins alone until one of their key is applied', () => {
    expect(merged({ tags: ['p', 'p', 'q'] }, { tags: ['r'] })).to.deep.equal({ tags: ['p', 'p', 'q', 'r'] });
    expect(merged({ tags: ['p', 'p', 'q'] }, { tags: ['p'] })).to.deep.equal({ tags: ['p', 'q'] });
    expect(merged({ named: [{ name: 'n', size: 1 }, { name: 'n', size: 2 }, { name: 'm' }] }, { named: [{ name: 'n', value: '1' }] })).to.deep.equal({ named: [{ name: 'n', value: '1' }, { name: 'm' }] });
  });

  it('agrees with an overlay of leaves, at random', () => {
    const random = randomFrom(41);
    for (let i = 0; i < 3000; i++) {
      const live = randomDocument(random);
      const applied = randomDocument(random);
      const message = JSON.stringify({ live, applied });
      const result = merged(live, applied);
      expect([...flat(Document, result)].sort(), message).to.deep.equal([...new Map([...flat(Document, live), ...flat(Document, applied)])].sort());
      expect(merged(result, applied), message).to.deep.equal(result);
    }
  });

  it('keeps the order of each side as far as the other allows, at random', () => {
    const random = randomFrom(43);
    for (let i = 0; i < 2000; i++) {
      const live = 'abcdef'.split('').filter(() => random() < 0.6).sort(() => random() - 0.5);
      const applied = 'abcdef'.split('').filter(() => random() < 0.6).sort(() => random() - 0.5);
      const result = tags(live, applied) as string[];
      expect(result.filter((tag) => applied.includes(tag)), `${live.join('')} ${applied.join('')}`).to.deep.equal(applied);
      expect(result.filter((tag) => !applied.includes(tag)), `${live.join('')} ${applied.join('')}`).to.deep.equal(live.filter((tag) => !applied.includes(tag)));
    }
  });
});

describe('removing and extracting fields', () => {
  const value = { a: '1', labels: { x: '1', y: '2' }, named: [{ name: 'n', value: '1' }, { name: 'm' }], tags: ['p', 'q'] };

  it('removes fields, keys and items', () => {
    expect(remove(Document, deepFreeze(value), fieldSet(['f:a'], ['f:labels', 'f:x'], ['f:named', 'k:{"name":"m"}'], ['f:named', 'k:{"name":"n"}', 'f:value'], ['f:tags', 'v:"p"'])))
      .to.deep.equal({ labels: { y: '2' }, named: [{ name: 'n' }], tags: ['q'] });
  });

  it('leaves null where nothing is left', () => {
    expect(remove(Document, value, fieldSet(['f:labels', 'f:x'], ['f:labels', 'f:y'], ['f:tags', 'v:"p"'], ['f:tags', 'v:"q"'])))
      .to.deep.equal({ a: '1', labels: null, named: value.named, tags: null });
  });

  it('extracts fields with the keys of their items', () => {
    expect(extract(Document, value, fieldSet(['f:labels', 'f:x'], ['f:named', 'k:{"name":"n"}', 'f:value'], ['f:tags', 'v:"q"'], ['f:b'])))
      .to.deep.equal({ labels: { x: '1' }, named: [{ name: 'n', value: '1' }], tags: ['q'] });
    expect(extract(Document, value, fieldSet(['f:words']))).to.equal(undefined);
  });

  it('takes a value apart and puts it together again, at random', () => {
    const random = randomFrom(47);
    // An item or a map's member that is removed goes with all that it has: those with fields of their own are another matter.
    const fields = ['a', 'b', 'labels', 'tags', 'words', 'pair', 'inner'];
    for (let i = 0; i < 1000; i++) {
      const whole = randomDocument(random, fields);
      const part = toFieldSet(Document, randomDocument(random, fields));
      const message = JSON.stringify({ whole, part });
      const back = merge(Document, remove(Document, whole, part) ?? {}, extract(Document, whole, part));
      expect([...flat(Document, back)].sort(), message).to.deep.equal([...flat(Document, whole)].sort());
    }
  });

  it('has everything of a value or nothing, at random', () => {
    const random = randomFrom(53);
    for (let i = 0; i < 1000; i++) {
      const whole = randomDocument(random);
      const set = toFieldSet(Document, whole);
      const message = JSON.stringify({ whole, set });
      expect([...flat(Document, extract(Document, whole, set))].sort(), message).to.deep.equal([...flat(Document, whole)].sort());
      expect([...flat(Document, remove(Document, whole, set))], message).to.deep.equal([]);
    }
  });
});
