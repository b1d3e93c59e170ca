import { expect } from 'chai';
import type { KeyEvent, KeyListener } from '#core/spi/key-value-store.ts';
import { applied, countFrom, expectRevisionError, inAnyOrder, put, record, Recorder, remove, type Law } from './key-value-store-case.ts';
import { Random } from './key-value-store-model.ts';
import { writeMany } from './key-value-store-reads.ts';

/** Every event, once, in order. */
export function watchCases(law: Law): void {
  law('a watch from the newest revision gets what comes after', async ({ store }) => {
    await put(store, 'a', 'before');
    const watch = await record(store, '', 2);
    expect(watch.received).to.deep.equal([]);
    await put(store, 'a', 'after');
    await remove(store, 'a');
    await put(store, 'a', 'again');
    expect(watch.received).to.deep.equal([
      { key: 'a', value: 'after', modRevision: 3, createRevision: 2 },
      { key: 'a', value: undefined, modRevision: 4, createRevision: 2 },
      { key: 'a', value: 'again', modRevision: 5, createRevision: 5 },
    ] satisfies KeyEvent[]);
  });

  law('a watch from an older revision gets the past first', async ({ store }) => {
    await put(store, 'a', '1');
    await put(store, 'b', '2');
    await remove(store, 'a');
    const watch = await record(store, '', 2);
    expect(watch.received).to.deep.equal([
      { key: 'b', value: '2', modRevision: 3, createRevision: 3 },
      { key: 'a', value: undefined, modRevision: 4, createRevision: 2 },
    ] satisfies KeyEvent[]);
    await put(store, 'c', '3');
    expect(watch.revisions).to.deep.equal([3, 4, 5]);
    expect((await record(store, '', 1)).revisions).to.deep.equal([2, 3, 4, 5]);
  });

  law('a watch from a revision ahead, or before the oldest, is refused and gets nothing', async ({ store }) => {
    await put(store, 'a', '1');
    const recorder = new Recorder();
    const { signal } = new AbortController();
    await expectRevisionError(store.watch('', 3, recorder, signal), 'future');
    await expectRevisionError(store.watch('', 0, recorder, signal), 'compacted');
    await put(store, 'a', '2');
    await put(store, 'a', '3');
    expect(recorder.received).to.deep.equal([]);
    expect(recorder.closings).to.deep.equal([]);
  });

  law('a watch gets the events of its prefix only', async ({ store }) => {
    const keys = ['p/a', 'p/', 'p', 'p0', 'q/a', 'p/é😀', 'P/a', 'p/\uffff'];
    for (const key of keys) await put(store, key, 'past');
    const watch = await record(store, 'p/', 1);
    for (const key of keys) await put(store, key, 'live');
    const wanted = ['p/a', 'p/', 'p/é😀', 'p/\uffff'];
    expect(watch.received.map(({ key }) => key)).to.deep.equal([...wanted, ...wanted]);
  });

  law('a write whose condition failed makes no event', async ({ store, shared }) => {
    const watch = await record(store, '', 1);
    await Promise.all([put(store, 'a', '1'), store.write({ key: 'a', value: '2', expected: 0 }), store.write({ key: 'b', value: undefined }), put(store, 'c', '3')]);
    const received = watch.received.map(({ key, value }) => `${key}=${value}`);
    expect(shared ? received.toSorted() : received).to.deep.equal(['a=1', 'c=3']);
  });

  law('a listener has a write\'s event before the writer has its answer', async ({ store }) => {
    const watches = await Promise.all(countFrom(0, 10).map(() => record(store, '', 1)));
    await Promise.all(countFrom(0, 200).map(async (turn) => {
      const revision = await put(store, `k${turn}`, 'v');
      for (const watch of watches) expect(watch.received.at(revision - 2)?.modRevision).to.equal(revision);
    }));
  });

  law('watchers that come at any moment miss nothing and get nothing twice', async ({ store }) => {
    const random = new Random(7);
    const watches: { from: number; watch: Recorder }[] = [];
    const attach = async (): Promise<void> => {
      const { newest } = await store.revisions();
      const from = random.chance(50) ? newest : 1 + random.below(newest);
      watches.push({ from, watch: await record(store, '', from) });
    };
    await Promise.all([
      ...countFrom(0, 20).map(async (writer) => { for (let turn = 0; turn < 60; turn++) await put(store, `w${writer}/${turn % 7}`, `${turn}`); }),
      ...countFrom(0, 6).map(async () => { for (let turn = 0; turn < 10; turn++) await attach(); }),
    ]);
    expect((await store.revisions()).newest).to.equal(1201);
    expect(watches).to.have.length(60);
    for (const { from, watch } of watches) expect(watch.revisions).to.deep.equal(countFrom(from + 1, 1201 - from));
  });

  law('a list and a watch from its revision give the whole truth', async ({ store }) => {
    const follow = async (): Promise<Map<string, string>> => {
      const { items, revision } = await store.list({ prefix: 'k' });
      const mirror = new Map(items.map(({ key, value }) => [key, value]));
      const listener: KeyListener = {
        events: (events) => { for (const { key, value } of events) if (value === undefined) mirror.delete(key); else mirror.set(key, value); },
        closed: () => undefined,
      };
      await store.watch('k', revision, listener, new AbortController().signal);
      return mirror;
    };
    const random = new Random(11);
    const write = (): Promise<unknown> => store.write({ key: `k${random.below(40)}`, value: random.chance(30) ? undefined : String(random.below(1000)) });
    const mirrors: Map<string, string>[] = [];
    await Promise.all([
      ...countFrom(0, 10).map(async () => { for (let turn = 0; turn < 60; turn++) await write(); }),
      ...countFrom(0, 5).map(async () => { for (let turn = 0; turn < 6; turn++) mirrors.push(await follow()); }),
    ]);
    const truth = new Map((await store.list({ prefix: 'k' })).items.map(({ key, value }) => [key, value]));
    expect(mirrors).to.have.length(30);
    for (const mirror of mirrors) expect(mirror).to.deep.equal(truth);
  });

  law('a long past is delivered in order', async (given) => {
    const { store } = given;
    await writeMany(store, 5000);
    expect((await record(store, '', 1)).revisions).to.deep.equal(countFrom(2, 5000));
    const listed = (await store.list({ prefix: 'k/1400' })).items.map(({ modRevision }) => modRevision);
    expect((await record(store, 'k/1400', 1)).revisions).to.have.length(10).and.deep.equal(given.shared ? inAnyOrder(given, listed) : countFrom(4002, 10));
  });

  law('after its signal is aborted a listener hears nothing', async ({ store }) => {
    const stopped = await record(store, '', 1);
    const other = await record(store, '', 1);
    await put(store, 'a', '1');
    stopped.stop();
    await put(store, 'a', '2');
    expect(stopped.revisions).to.deep.equal([2]);
    expect(other.revisions).to.deep.equal([2, 3]);
    await store.close();
    expect(stopped.closings).to.deep.equal([]);
  });

  law('a watch whose signal is aborted already, or while it is being attached, ends there', async ({ store }) => {
    await writeMany(store, 5000);
    const early = new Recorder();
    await store.watch('', 1, early, AbortSignal.abort()).catch(() => undefined);
    const abort = new AbortController();
    const late = new Recorder();
    const first = (events: readonly KeyEvent[]): void => { late.events(events); abort.abort(); };
    await store.watch('', 1, { events: first, closed: (reason) => late.closed(reason) }, abort.signal).catch(() => undefined);
    const heard = late.received.length;
    await put(store, 'a', '1');
    await store.close();
    expect(early.received).to.deep.equal([]);
    expect(early.closings).to.deep.equal([]);
    expect(late.received.length).to.equal(heard);
    expect(late.closings).to.deep.equal([]);
  });

  law('listeners may use the store and stop one another from within an event', async ({ store }) => {
    const asked: Promise<number>[] = [];
    const second = new AbortController();
    const silenced = new Recorder();
    const nested = new Recorder();
    const busy = (events: readonly KeyEvent[]): void => {
      for (const { key, modRevision } of events) {
        if (key !== 'trigger') continue;
        second.abort();
        asked.push(put(store, 'answer', '1'), put(store, 'answer', '2'), store.watch('', modRevision, nested, new AbortController().signal).then(() => 0));
      }
    };
    await store.watch('', 1, { events: busy, closed: () => undefined }, new AbortController().signal);
    await store.watch('', 1, silenced, second.signal);
    const last = await record(store, '', 1);
    await put(store, 'trigger', 'x');
    expect(await Promise.all(asked)).to.deep.equal([3, 4, 0]);
    expect(applied(await store.write({ key: 'answer', value: '3' }))).to.equal(5);
    expect(silenced.received).to.deep.equal([]);
    expect(last.revisions).to.deep.equal([2, 3, 4, 5]);
    expect(nested.revisions).to.deep.equal([3, 4, 5]);
    expect([...last.disorder, ...nested.disorder]).to.deep.equal([]);
  });
}
