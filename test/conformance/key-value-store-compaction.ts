import { expect } from 'chai';
import { RevisionError } from '#core/spi/key-value-store.ts';
import { countFrom, expectRevisionError, failure, itemsAt, put, record, Recorder, remove, type Law } from './key-value-store-case.ts';
import { writeMany } from './key-value-store-reads.ts';

/** History is given up on request, and nothing else with it. */
export function compactionCases(law: Law): void {
  law('what is readable at the compacted revision and later stays so', async ({ store }) => {
    for (let turn = 0; turn < 60; turn++) {
      const key = `k${(turn * 5) % 11}`;
      await (turn % 3 === 2 ? store.write({ key, value: undefined }) : put(store, key, String(turn)));
    }
    const { newest } = await store.revisions();
    const before = await Promise.all(countFrom(20, newest - 19).map((revision) => itemsAt(store, revision)));
    const events = (await record(store, '', 20)).received;
    await store.compact(20);
    expect(await store.revisions()).to.deep.equal({ newest, oldest: 20 });
    const after = await Promise.all(countFrom(20, newest - 19).map((revision) => itemsAt(store, revision)));
    expect(after).to.deep.equal(before);
    expect((await record(store, '', 20)).received).to.deep.equal(events);
  });

  law('older revisions are refused', async ({ store }) => {
    for (let turn = 0; turn < 8; turn++) await put(store, 'a', String(turn));
    await store.compact(6);
    await expectRevisionError(store.list({ prefix: '', revision: 5 }), 'compacted');
    await expectRevisionError(store.watch('', 5, new Recorder(), new AbortController().signal), 'compacted');
    const error = await failure(store.list({ prefix: '', revision: 1 }));
    expect(error).to.be.instanceOf(RevisionError);
    expect(error).to.include({ kind: 'compacted', oldest: 6, newest: 9 });
    expect((await itemsAt(store, 6)).map(({ value }) => value)).to.deep.equal(['4']);
    expect((await record(store, '', 6)).revisions).to.deep.equal([7, 8, 9]);
  });

  law('deleted keys are gone, and begin anew', async ({ store }) => {
    await put(store, 'a', '1');
    await put(store, 'b', '1');
    await remove(store, 'a');
    await store.compact(4);
    expect(await itemsAt(store, 4)).to.deep.equal([{ key: 'b', value: '1', modRevision: 3, createRevision: 3 }]);
    expect(await store.write({ key: 'a', value: 'x', expected: 2 })).to.deep.equal({ applied: false, current: undefined });
    expect(await store.write({ key: 'a', value: '2', expected: 0 })).to.deep.equal({ applied: true, revision: 5 });
    expect(await store.get('a')).to.deep.equal({ key: 'a', value: '2', modRevision: 5, createRevision: 5 });
    expect(await itemsAt(store, 4)).to.have.length(1);
  });

  law('a key that is deleted after the compacted revision stays readable there', async ({ store }) => {
    await put(store, 'a', '1');
    await put(store, 'b', '1');
    await remove(store, 'a');
    await store.compact(3);
    expect((await itemsAt(store, 3)).map(({ key }) => key)).to.deep.equal(['a', 'b']);
    expect((await itemsAt(store, 4)).map(({ key }) => key)).to.deep.equal(['b']);
  });

  law('the same or a smaller revision again does nothing', async ({ store }) => {
    for (let turn = 0; turn < 5; turn++) await put(store, 'a', String(turn));
    await store.compact(4);
    await Promise.all([store.compact(4), store.compact(2), store.compact(0)]);
    expect(await store.revisions()).to.deep.equal({ newest: 6, oldest: 4 });
    expect((await itemsAt(store, 4)).map(({ value }) => value)).to.deep.equal(['2']);
  });

  law('compacting ahead of the newest revision loses nothing', async ({ store }) => {
    await put(store, 'a', '1');
    await store.compact(9).catch(() => undefined);
    expect(await put(store, 'b', '1')).to.equal(3);
    expect((await itemsAt(store, 3)).map(({ key }) => key)).to.deep.equal(['a', 'b']);
    expect((await record(store, '', 3)).received).to.deep.equal([]);
  });

  law('revisions go on when everything is deleted and compacted', async ({ store }) => {
    await put(store, 'a', '1');
    await remove(store, 'a');
    await store.compact(3);
    expect(await store.revisions()).to.deep.equal({ newest: 3, oldest: 3 });
    expect(await store.list({ prefix: '' })).to.deep.equal({ items: [], more: false, revision: 3 });
    expect(await put(store, 'a', '2')).to.equal(4);
  });

  law('watchers do not notice a compaction', async ({ store }) => {
    await put(store, 'a', '1');
    const watch = await record(store, '', 2);
    await put(store, 'a', '2');
    await store.compact(3);
    await put(store, 'a', '3');
    expect(watch.revisions).to.deep.equal([3, 4]);
    expect(watch.closings).to.deep.equal([]);
  });

  law('lists that are under way outlive a compaction', async ({ store }) => {
    await writeMany(store, 9000);
    const lists = countFrom(0, 3).map(() => store.list({ prefix: '' }));
    for (let turn = 0; turn < 5; turn++) await store.compact(await put(store, 'other', String(turn)));
    for (const { items, revision } of await Promise.all(lists)) {
      expect(items).to.have.length(revision === 9001 ? 9000 : 9001);
    }
  });

  law('a watch whose past is compacted while it is handed over fails, or has it all', async ({ store }) => {
    await writeMany(store, 9000);
    const recorders = countFrom(0, 3).map(() => new Recorder());
    const attached = Promise.allSettled(recorders.map((recorder) => store.watch('', 1, recorder, new AbortController().signal)));
    await store.compact(await put(store, 'other', 'x'));
    for (const [index, result] of (await attached).entries()) {
      if (result.status === 'fulfilled') expect(recorders[index]?.revisions).to.deep.equal(countFrom(2, 9001));
      else expect(RevisionError.is(result.reason, 'compacted')).to.equal(true);
    }
  });

  law('writes, lists and watchers go on during compactions', async ({ store }) => {
    await Promise.all(countFrom(1000, 2500).map((turn) => put(store, `k/${turn}`, 'v')));
    const watch = await record(store, '', 2501);
    await Promise.all([
      ...countFrom(0, 8).map(async (writer) => { for (let turn = 0; turn < 100; turn++) await put(store, `w/${writer}`, String(turn)); }),
      (async () => { for (let turn = 0; turn < 15; turn++) await store.compact((await store.revisions()).newest); })(),
      (async () => { for (let turn = 0; turn < 15; turn++) expect((await store.list({ prefix: 'k/' })).items).to.have.length(2500); })(),
    ]);
    expect(watch.revisions).to.deep.equal(countFrom(2502, 800));
    expect((await store.list({ prefix: 'w/' })).items.map(({ value }) => value)).to.deep.equal(countFrom(0, 8).map(() => '99'));
  });
}
