import { expect } from 'chai';
import type { KeyValue, KeyValueStore } from '#core/spi/key-value-store.ts';
import { countFrom, expectRevisionError, itemsAt, keysOf, put, remove, type Law } from './key-value-store-case.ts';
import { byBytes } from './key-value-store-model.ts';

/** Keys whose order differs between UTF-8 bytes, UTF-16 units and locales, and that look like patterns. */
const awkwardKeys = [
  'a', 'a\0', 'a\0b', 'a%', 'a*', 'a.', 'a/', 'a/b', 'a/b/c', 'a0', 'aB', 'a_', 'aa', 'B', 'Z', 'z', '%', '_', '[a]', "'", '"', '\\',
  '\x7f', '\u0080', '\u07ff', '\u0800', 'é', 'e\u0301', 'ß', 'ｚ', '漢', '\ud7ff', '\ud7ffx', '\ue000', '\ufffd', '\uffff', '\uffffx', '😀', '😀/a', '\u{10ffff}', '\u{10ffff}\u{10ffff}', '\u{10ffff}a',
];

/** Order, ranges, pages and snapshots. */
export function readCases(law: Law): void {
  law('keys are listed in the order of their UTF-8 bytes', async ({ store }) => {
    await Promise.all(awkwardKeys.toReversed().map((key) => put(store, key, key)));
    expect(await keysOf(store, '')).to.deep.equal(awkwardKeys.toSorted(byBytes));
  });

  law('a prefix is plain text, to be matched byte for byte', async ({ store }) => {
    await Promise.all(awkwardKeys.map((key) => put(store, key, key)));
    for (const prefix of ['', ...awkwardKeys, 'nothing', 'a/b/c/d']) {
      const wanted = awkwardKeys.filter((key) => Buffer.from(key).subarray(0, Buffer.from(prefix).length).equals(Buffer.from(prefix))).toSorted(byBytes);
      expect(await keysOf(store, prefix), JSON.stringify(prefix)).to.deep.equal(wanted);
    }
  });

  law('a list goes on after a key, be it there or not, within its prefix', async ({ store }) => {
    await Promise.all(['a/1', 'a/2', 'a/3', 'b/1'].map((key) => put(store, key, key)));
    expect(await keysOf(store, 'a/', 'a/1')).to.deep.equal(['a/2', 'a/3']);
    expect(await keysOf(store, 'a/', 'a/1x')).to.deep.equal(['a/2', 'a/3']);
    expect(await keysOf(store, 'a/', 'a/3')).to.deep.equal([]);
    expect(await keysOf(store, 'a/', 'A')).to.deep.equal(['a/1', 'a/2', 'a/3']);
    expect(await keysOf(store, 'a/', '')).to.deep.equal(['a/1', 'a/2', 'a/3']);
    expect(await keysOf(store, 'a/', 'c')).to.deep.equal([]);
    expect(await keysOf(store, '', 'a/2')).to.deep.equal(['a/3', 'b/1']);
    for (const after of awkwardKeys) await put(store, after, after);
    const all = await keysOf(store, '');
    for (const [index, after] of all.entries()) expect(await keysOf(store, '', after)).to.deep.equal(all.slice(index + 1));
  });

  law('pages have the size of the limit, and say whether more follows', async ({ store }) => {
    await Promise.all(countFrom(10, 10).map((turn) => put(store, `k/${turn}`, 'v')));
    await put(store, 'l', 'not in the range');
    const pages: number[] = [];
    let after: string | undefined;
    for (let more = true; more;) {
      const page = await store.list({ prefix: 'k/', limit: 4, ...(after === undefined ? {} : { after }) });
      pages.push(page.items.length);
      after = page.items.at(-1)?.key;
      ({ more } = page);
    }
    expect(pages).to.deep.equal([4, 4, 2]);
    expect((await store.list({ prefix: 'k/', limit: 10 })).more).to.equal(false);
    expect((await store.list({ prefix: 'k/', limit: 9 })).more).to.equal(true);
    expect((await store.list({ prefix: 'k/', limit: 1000 })).items).to.have.length(10);
  });

  law('every kept revision stays readable', async ({ store }) => {
    const states: (readonly KeyValue[])[] = [[], []];
    for (let turn = 0; turn < 40; turn++) {
      const key = `k${(turn * 7) % 5}`;
      await (turn % 4 === 3 && (await store.get(key)) ? remove(store, key) : put(store, key, String(turn)));
      states.push((await store.list({ prefix: '' })).items);
    }
    for (let revision = 1; revision < states.length; revision++) {
      const page = await store.list({ prefix: '', revision });
      expect(page).to.deep.equal({ items: states[revision], more: false, revision });
    }
  });

  law('pages at one revision fit together while writes go on', async ({ store }) => {
    await Promise.all(countFrom(100, 60).map((turn) => put(store, `k/${turn}`, 'before')));
    const first = await store.list({ prefix: 'k/', limit: 7 });
    const before = await itemsAt(store, first.revision);
    const pages = [...first.items];
    for (let more = first.more; more;) {
      const turn = 100 + ((pages.length * 13) % 60);
      await Promise.all([put(store, `k/${turn}`, 'after'), put(store, `k/${turn}/new`, 'after'), remove(store, `k/${159 - pages.length}`)]);
      const page = await store.list({ prefix: 'k/', limit: 7, after: pages.at(-1)?.key ?? '', revision: first.revision });
      expect(page.revision).to.equal(first.revision);
      pages.push(...page.items);
      ({ more } = page);
    }
    expect(pages).to.deep.equal(before);
  });

  law('a revision ahead of the newest, or before the oldest, is refused', async ({ store }) => {
    await put(store, 'a', 'x');
    await expectRevisionError(store.list({ prefix: '', revision: 3 }), 'future');
    await expectRevisionError(store.list({ prefix: '', revision: 0 }), 'compacted');
    expect((await store.list({ prefix: '', revision: 2 })).items).to.have.length(1);
    expect((await store.list({ prefix: '', revision: 1 })).items).to.have.length(0);
  });

  law('a read sees every write that was answered before', async ({ store }) => {
    await Promise.all(countFrom(0, 100).map(async (turn) => {
      const revision = await put(store, `k${turn}`, 'v');
      expect((await store.get(`k${turn}`))?.modRevision).to.equal(revision);
      expect((await store.list({ prefix: `k${turn}`, limit: 1 })).revision).to.be.at.least(revision);
      expect((await store.revisions()).newest).to.be.at.least(revision);
      expect((await store.list({ prefix: '', limit: 1, revision })).revision).to.equal(revision);
    }));
  });

  law('a long list is whole and of one revision, whatever is written meanwhile', async ({ store }) => {
    await writeMany(store, 5000);
    const listing = Promise.all(countFrom(0, 3).map(() => store.list({ prefix: 'k/' })));
    const writing = Promise.all(countFrom(0, 200).map((turn) => (turn % 2 === 0 ? remove(store, `k/${10_000 + turn * 20}`) : put(store, `k/${10_000 + turn}x`, 'new'))));
    const lists = await listing;
    await writing;
    for (const { items, more, revision } of lists) {
      expect(more).to.equal(false);
      const again: KeyValue[] = [];
      for (let page = await store.list({ prefix: 'k/', revision, limit: 900 }); ; page = await store.list({ prefix: 'k/', revision, limit: 900, after: again.at(-1)?.key ?? '' })) {
        again.push(...page.items);
        if (!page.more) break;
      }
      expect(items).to.deep.equal(again);
      expect(items.length).to.be.within(4900, 5100);
    }
  });
}

/** `k/10000` and so on. */
export async function writeMany(store: KeyValueStore, count: number): Promise<void> {
  await Promise.all(countFrom(10_000, count).map((turn) => put(store, `k/${turn}`, `value ${turn}`)));
}
