import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { applied, countFrom, failure, inAnyOrder, itemsAt, put, record, Recorder, remove, type Case, type Law } from './key-value-store-case.ts';

/** The end of a store, and its return. */
export function closingCases(law: Law): void {
  law('every call rejects after close, which may be called twice', async ({ store }) => {
    await put(store, 'a', '1');
    await Promise.all([store.close(), store.close()]);
    await store.close();
    const calls = [
      store.revisions(), store.get('a'), store.list({ prefix: '' }), store.write({ key: 'a', value: '2' }),
      store.watch('', 2, new Recorder(), new AbortController().signal), store.compact(2),
    ];
    for (const call of await Promise.allSettled(calls)) expect(call.status === 'rejected' && ProviderError.is(call.reason, 'Unavailable')).to.equal(true);
  });

  law('close waits for the writes under way', async (given) => {
    const { store } = given;
    const watch = await record(store, '', 1);
    const writes = countFrom(0, 1500).map((turn) => store.write({ key: `k${turn}`, value: 'v' }));
    await store.close();
    expect(inAnyOrder(given, (await Promise.all(writes)).map(applied))).to.deep.equal(countFrom(2, 1500));
    expect(watch.revisions).to.deep.equal(countFrom(2, 1500));
    expect(await failure(store.write({ key: 'late', value: 'v' }))).to.be.instanceOf(Error);
  });

  law('close ends every watch once', async ({ store }) => {
    const watches = await Promise.all(countFrom(0, 5).map(() => record(store, '', 1)));
    await put(store, 'a', '1');
    await store.close();
    await store.close();
    for (const watch of watches) {
      expect(watch.closings).to.have.length(1);
      expect(watch.revisions).to.deep.equal([2]);
    }
  });

  law('everything is there after a restart, and revisions go on', async (given) => {
    await Promise.all(countFrom(0, 300).map((turn) => put(given.store, `k${turn % 100}`, String(turn))));
    await remove(given.store, 'k7');
    await given.store.compact(250);
    const before = [await given.store.revisions(), await itemsAt(given.store, 302), await itemsAt(given.store, 260), (await record(given.store, '', 250)).received];
    await restart(given);
    expect([await given.store.revisions(), await itemsAt(given.store, 302), await itemsAt(given.store, 260), (await record(given.store, '', 250)).received]).to.deep.equal(before);
    expect(await put(given.store, 'k7', 'again')).to.equal(303);
    expect((await given.store.get('k7'))?.createRevision).to.equal(303);
  });

  law('no revision is used again after a restart, even when nothing is left', async (given) => {
    await put(given.store, 'a', '1');
    await remove(given.store, 'a');
    await given.store.compact(3);
    await restart(given);
    expect(await given.store.revisions()).to.deep.equal({ newest: 3, oldest: 3 });
    expect(await put(given.store, 'a', '2')).to.equal(4);
    await restart(given);
    expect(await given.store.revisions()).to.deep.equal({ newest: 4, oldest: 3 });
    expect(await remove(given.store, 'a')).to.equal(5);
    await restart(given);
    expect(await given.store.revisions()).to.deep.equal({ newest: 5, oldest: 3 });
  });
}

async function restart(given: Case): Promise<void> {
  if (!given.restart) throw new Error('the store cannot be opened again: give the kit `reopen`, or skip this case by its title');
  await given.restart();
}
