import { expect } from 'chai';
import { randomFrom } from '#core/api/patch/random-json.ts';
import { json } from '#core/api/schema/type.ts';
import { compare } from './compare.ts';
import { has, intersection, isEmpty, pathsOf } from './field-set.ts';
import { pathText } from './path-element.ts';
import { Document, flat, randomDocument } from './test-document.ts';
import { toFieldSet } from './to-field-set.ts';

const texts = (set: Parameters<typeof pathsOf>[0]): string[] => pathsOf(set).map(pathText).sort();

function differences(before: unknown, after: unknown): { added: string[]; modified: string[]; removed: string[] } {
  const { added, modified, removed } = compare(Document, before, after);
  return { added: texts(added), modified: texts(modified), removed: texts(removed) };
}

describe('the fields that a value sets', () => {
  const fields = (value: unknown): string[] => texts(toFieldSet(Document, value));

  it('are its leaves, keys of maps and items', () => {
    expect(fields({ a: '1', labels: { x: '1' }, tags: ['t'], items: [{ name: 'n', value: 'v' }], words: ['w'], pair: { left: '1' }, inner: { a: '1' } })).to.deep.equal([
      '.a', '.inner.a', '.items[name="n",protocol="TCP"]', '.items[name="n",protocol="TCP"].name', '.items[name="n",protocol="TCP"].value',
      '.labels.x', '.pair', '.tags[="t"]', '.words',
    ]);
  });

  it('have what is empty or null as a leaf, but not lists without items', () => {
    expect(fields({ a: null, inner: {}, labels: {}, tags: [], items: [], words: [], named: null })).to.deep.equal(['.a', '.inner', '.labels', '.named', '.words']);
    expect(fields({ inner: { a: undefined } })).to.deep.equal(['.inner']);
  });

  it('own of items with one key only the key', () => {
    expect(fields({ tags: ['t', 't', 'u'], named: [{ name: 'n', value: '1' }, { name: 'n', value: '2' }] })).to.deep.equal(['.named[name="n"]', '.tags[="t"]', '.tags[="u"]']);
  });

  it('follow a value without a description: objects are read, lists are one value', () => {
    expect(fields({ free: { list: [{ name: 'n' }], deep: { x: 1 } } })).to.deep.equal(['.free.deep', '.free.deep.x', '.free.list']);
    expect(fields({ free: 3 })).to.deep.equal(['.free']);
  });

  it('reach into fields that a struct lets through without describing them', () => {
    const open = { ...Document, rest: json };
    expect(texts(toFieldSet(open, { a: '1', Zed: { x: 1 }, more: 2 }))).to.deep.equal(['.Zed', '.Zed.x', '.a', '.more']);
    const { added, modified, removed } = compare(open, { a: '1', gone: 1, Zed: { x: 1 } }, { a: '1', Zed: { x: 2 }, more: {} });
    expect([texts(added), texts(modified), texts(removed)]).to.deep.equal([['.more'], ['.Zed.x'], ['.gone']]);
    expect(Object.keys(toFieldSet(open, { words: [], Zed: 1 }))).to.deep.equal(['f:Zed', 'f:words']);
  });

  it('names an item that has no name of its own', () => {
    expect(() => fields({ items: [{ value: 'v' }] })).not.to.throw();
    expect(() => fields({ items: ['text'] })).to.throw('associative list with keys may not have non-map elements');
    expect(() => fields({ tags: [{}] })).to.throw('an element that\'s a map type');
    expect(() => fields({ named: [{ name: {} }] })).to.throw('whose key field "name" is not a scalar');
  });
});

describe('a comparison', () => {
  it('says what came, changed and went, with what holds it when that is new', () => {
    expect(differences({ a: '1', b: 1, labels: { x: '1' } }, { a: '2', labels: { x: '1', y: '2' }, inner: { a: '1' } })).to.deep.equal({
      added: ['.inner', '.inner.a', '.labels.y'], modified: ['.a'], removed: ['.b'],
    });
    expect(differences({ named: [{ name: 'n', value: '1' }] }, { named: [{ name: 'n', value: '2' }, { name: 'm' }] })).to.deep.equal({
      added: ['.named[name="m"]', '.named[name="m"].name'], modified: ['.named[name="n"].value'], removed: [],
    });
    expect(differences({ labels: { x: '1' } }, {})).to.deep.equal({ added: [], modified: [], removed: ['.labels', '.labels.x'] });
  });

  it('takes what is atomic as one value, in whatever order its keys come', () => {
    expect(differences({ words: ['p', 'q'], pair: { left: '1', right: '2' } }, { words: ['q', 'p'], pair: { right: '2', left: '1' } })).to.deep.equal({
      added: [], modified: ['.words'], removed: [],
    });
  });

  it('does not mind the order of sets and keyed lists', () => {
    expect(differences({ tags: ['p', 'q'], named: [{ name: 'n' }, { name: 'm' }] }, { tags: ['q', 'p'], named: [{ name: 'm' }, { name: 'n' }] })).to.deep.equal({ added: [], modified: [], removed: [] });
  });

  it('takes items with one key together', () => {
    const twins = { named: [{ name: 'n', value: '1' }, { name: 'n', value: '2' }] };
    expect(differences(twins, { named: [{ name: 'n', value: '1' }, { name: 'n', value: '3' }] })).to.deep.equal({ added: [], modified: ['.named[name="n"]'], removed: [] });
    expect(differences({ named: [{ name: 'n' }] }, twins)).to.deep.equal({ added: ['.named[name="n"]'], modified: [], removed: ['.named[name="n"]', '.named[name="n"].name'] });
    expect(differences(twins, { named: [{ name: 'n' }] })).to.deep.equal({ added: ['.named[name="n"]', '.named[name="n"].name'], modified: [], removed: ['.named[name="n"]'] });
    expect(differences(twins, structuredClone(twins))).to.deep.equal({ added: [], modified: [], removed: [] });
  });

  it('follows a value that changes its form', () => {
    expect(differences({ free: { x: 1 } }, { free: 'text' })).to.deep.equal({ added: [], modified: ['.free'], removed: ['.free.x'] });
    expect(differences({ free: [1] }, { free: { x: 1 } })).to.deep.equal({ added: ['.free.x'], modified: ['.free'], removed: [] });
    expect(differences({ free: null }, { free: { x: 1 } })).to.deep.equal({ added: ['.free.x'], modified: [], removed: [] });
    expect(differences({ labels: { x: '1' } }, { labels: null })).to.deep.equal({ added: [], modified: [], removed: ['.labels.x'] });
    expect(differences({ labels: null }, { labels: {} })).to.deep.equal({ added: [], modified: ['.labels'], removed: [] });
  });

  it('finds every difference of leaves, once, at random', () => {
    const random = randomFrom(37);
    for (let i = 0; i < 2000; i++) {
      const before = randomDocument(random);
      const after = randomDocument(random);
      const { added, modified, removed } = compare(Document, before, after);
      const message = JSON.stringify({ before, after, added, modified, removed });
      for (const both of [intersection(added, modified), intersection(added, removed), intersection(modified, removed)]) expect(isEmpty(both), message).to.equal(true);
      const old = flat(Document, before);
      const now = flat(Document, after);
      const changed = [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path));
      expect(isEmpty(added) && isEmpty(modified) && isEmpty(removed) ? [] : ['some'], message).to.satisfy((some: string[]) => changed.length === 0 || some.length === 1);
      const count = [...pathsOf(added), ...pathsOf(modified), ...pathsOf(removed)].filter((path) => !path.at(-1)?.startsWith('k:'));
      expect(count.length, message).to.be.at.least(changed.length);
      expect(has(added, ['f:a']), message).to.equal(before['a'] === undefined && after['a'] !== undefined);
    }
  });
});
