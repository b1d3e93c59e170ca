import { expect } from 'chai';
import { applied, countFrom, inAnyOrder, keysOf, put, remove, type Law } from './key-value-store-case.ts';

/** Conditions, revisions and durability. */
export function writeCases(law: Law): void {
  law('an empty store is at revision 1', async ({ store }) => {
    expect(await store.revisions()).to.deep.equal({ newest: 1, oldest: 1 });
    expect(await store.get('a')).to.equal(undefined);
    expect(await store.list({ prefix: '' })).to.deep.equal({ items: [], more: false, revision: 1 });
  });

  law('each applied write grows the revision by one', async ({ store }) => {
    expect(await put(store, 'a', '1')).to.equal(2);
    expect(await put(store, 'b', '1')).to.equal(3);
    expect(await put(store, 'a', '1')).to.equal(4);
    expect(await remove(store, 'b')).to.equal(5);
    expect((await store.revisions()).newest).to.equal(5);
  });

  law('a value knows the revisions that made it and its key', async ({ store }) => {
    await put(store, 'a', 'one');
    await put(store, 'a', 'two');
    expect(await store.get('a')).to.deep.equal({ key: 'a', value: 'two', modRevision: 3, createRevision: 2 });
    await remove(store, 'a');
    expect(await store.get('a')).to.equal(undefined);
    await put(store, 'a', 'three');
    expect(await store.get('a')).to.deep.equal({ key: 'a', value: 'three', modRevision: 5, createRevision: 5 });
  });

  law('expected 0 writes only what is not there', async ({ store }) => {
    expect(await store.write({ key: 'a', value: 'first', expected: 0 })).to.deep.equal({ applied: true, revision: 2 });
    expect(await store.write({ key: 'a', value: 'second', expected: 0 })).to.deep.equal({
      applied: false, current: { key: 'a', value: 'first', modRevision: 2, createRevision: 2 },
    });
    await remove(store, 'a');
    expect(await store.write({ key: 'a', value: 'third', expected: 0 })).to.deep.equal({ applied: true, revision: 4 });
  });

  law('an expected revision must be the current one', async ({ store }) => {
    await put(store, 'a', 'one');
    await put(store, 'b', 'other');
    const current = { key: 'a', value: 'one', modRevision: 2, createRevision: 2 };
    expect(await store.write({ key: 'a', value: 'two', expected: 3 })).to.deep.equal({ applied: false, current });
    expect(await store.write({ key: 'a', value: undefined, expected: 1 })).to.deep.equal({ applied: false, current });
    expect(await store.write({ key: 'missing', value: 'x', expected: 2 })).to.deep.equal({ applied: false, current: undefined });
    expect(await store.get('a')).to.deep.equal(current);
    expect(await store.write({ key: 'a', value: 'two', expected: 2 })).to.deep.equal({ applied: true, revision: 4 });
    expect(await store.write({ key: 'a', value: undefined, expected: 4 })).to.deep.equal({ applied: true, revision: 5 });
    expect(await store.write({ key: 'a', value: 'three', expected: 4 })).to.deep.equal({ applied: false, current: undefined });
  });

  law('deleting what is not there changes nothing', async ({ store }) => {
    expect(await store.write({ key: 'a', value: undefined })).to.deep.equal({ applied: false, current: undefined });
    expect(await store.write({ key: 'a', value: undefined, expected: 0 })).to.deep.equal({ applied: false, current: undefined });
    expect(await store.revisions()).to.deep.equal({ newest: 1, oldest: 1 });
  });

  law('an empty value is not a deletion', async ({ store }) => {
    await put(store, 'a', '');
    expect(await store.get('a')).to.deep.equal({ key: 'a', value: '', modRevision: 2, createRevision: 2 });
    expect(await keysOf(store, '')).to.deep.equal(['a']);
  });

  law('of many that create the same key one wins, and the others are told who', async ({ store }) => {
    const results = await Promise.all(countFrom(0, 50).map((writer) => store.write({ key: 'prize', value: `writer ${writer}`, expected: 0 })));
    expect(results.filter((result) => result.applied)).to.have.length(1);
    const stored = await store.get('prize');
    for (const result of results) if (!result.applied) expect(result.current).to.deep.equal(stored);
    expect((await store.revisions()).newest).to.equal(2);
  });

  law('concurrent read-modify-write loses no update', async ({ store }) => {
    await put(store, 'counter', '0');
    const increment = async (): Promise<void> => {
      for (;;) {
        const current = await store.get('counter');
        const result = await store.write({ key: 'counter', value: String(Number(current?.value) + 1), expected: current?.modRevision ?? 0 });
        if (result.applied) return;
      }
    };
    await Promise.all(countFrom(0, 20).map(async () => { for (let turn = 0; turn < 5; turn++) await increment(); }));
    expect((await store.get('counter'))?.value).to.equal('100');
    expect((await store.revisions()).newest).to.equal(102);
  });

  law('writes are applied in the order in which they were asked for', async (given) => {
    const { store } = given;
    const results = await Promise.all(countFrom(0, 700).map((turn) => store.write({ key: `k${turn % 3}`, value: String(turn) })));
    expect(inAnyOrder(given, results.map(applied))).to.deep.equal(countFrom(2, 700));
    for (const each of [0, 1, 2]) {
      const ofOneKey = results.map(applied).filter((_revision, turn) => turn % 3 === each);
      expect(ofOneKey).to.deep.equal(ofOneKey.toSorted((left, right) => left - right));
    }
    expect((await store.get('k0'))?.value).to.equal('699');
    expect((await store.get('k2'))?.value).to.equal('698');
  });

  law('a write whose condition fails does not touch those beside it', async ({ store }) => {
    await put(store, 'taken', 'x');
    const results = await Promise.all(countFrom(0, 30).map((turn) => store.write({ key: turn % 3 === 1 ? 'taken' : `k${turn}`, value: 'v', expected: 0 })));
    expect(results.map((result) => result.applied)).to.deep.equal(countFrom(0, 30).map((turn) => turn % 3 !== 1));
    expect(await keysOf(store, 'k')).to.have.length(20);
    expect((await store.revisions()).newest).to.equal(22);
  });

  law('values come back exactly as they were', async ({ store }) => {
    const values = ['\0', 'a\0b', '"\'`\\', 'ü 漢字 😀 \u{10ffff}', '\uffff\ufffd\ufeff', '\r\n\t\x7f', '{"a":1}', '12', 'null', ' '.repeat(3)];
    await Promise.all(values.map((value, index) => put(store, `k${index}`, value)));
    expect((await store.list({ prefix: 'k' })).items.map(({ value }) => value)).to.deep.equal(values);
    for (const [index, value] of values.entries()) expect((await store.get(`k${index}`))?.value).to.equal(value);
  });

  law('what is not well-formed Unicode is refused, or kept as it is', async ({ store }) => {
    for (const [key, value] of [['lone \ud800', 'v'], ['k', 'lone \udfff']] as const) {
      const kept = await store.write({ key, value }).then((result) => result.applied, () => false);
      expect((await store.get(key))?.value).to.equal(kept ? value : undefined);
    }
  });

  law('values of a megabyte', async ({ store }) => {
    const megabyte = (turn: number): string => String.fromCharCode(97 + turn).repeat(1 << 20);
    const from = (await store.revisions()).newest;
    await Promise.all(countFrom(0, 12).map((turn) => put(store, `big/${String(turn).padStart(2, '0')}`, megabyte(turn))));
    const { items, more } = await store.list({ prefix: 'big/' });
    expect(more).to.equal(false);
    expect(items.map(({ value }, turn) => value === megabyte(turn))).to.deep.equal(countFrom(0, 12).map(() => true));
    const seen: number[] = [];
    const abort = new AbortController();
    await store.watch('big/', from, { events: (events) => void seen.push(...events.map(({ value }) => value?.length ?? 0)), closed: () => undefined }, abort.signal);
    abort.abort();
    expect(seen).to.deep.equal(countFrom(0, 12).map(() => 1 << 20));
  });
}
