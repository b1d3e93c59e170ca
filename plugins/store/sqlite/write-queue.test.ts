import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import type { KeyWriteResult } from '#core/spi/key-value-store.ts';
import { WriteQueue } from './write-queue.ts';

describe('WriteQueue', () => {
  const limits = { waiting: 100, waitingCharacters: 1000, batch: 10, batchCharacters: 500 };

  /** A queue whose commits finish when told to. */
  function queue(overrides: Partial<typeof limits> = {}) {
    const batches: string[][] = [];
    const open: PromiseWithResolvers<void>[] = [];
    const begun: (() => void)[] = [];
    const subject = new WriteQueue(async (writes) => {
      batches.push(writes.map(({ key }) => key));
      const gate = Promise.withResolvers<void>();
      open.push(gate);
      for (const wake of begun.splice(0)) wake();
      await gate.promise;
      return writes.map((_write, index): KeyWriteResult => ({ applied: true, revision: index + 2 }));
    }, { ...limits, ...overrides });
    const commit = async (count: number): Promise<PromiseWithResolvers<void>> => {
      while (open.length < count) await new Promise<void>((wake) => begun.push(wake));
      return open[count - 1] ?? Promise.withResolvers<void>();
    };
    return { subject, batches, commit, add: (key: string, value = 'v') => subject.add({ key, value }) };
  }

  it('commits together what arrives together, and next what arrives meanwhile', async () => {
    const { add, batches, commit, subject } = queue();
    const all = [add('a'), add('b')];
    const first = await commit(1);
    all.push(add('c'), add('d'), add('e'));
    first.resolve();
    (await commit(2)).resolve();
    expect(await Promise.all(all)).to.have.length(5);
    await subject.drained();
    expect(batches).to.deep.equal([['a', 'b'], ['c', 'd', 'e']]);
  });

  it('bounds a batch by its writes and by their size', async () => {
    const { add, batches, commit } = queue({ batch: 3, batchCharacters: 10 });
    const all = ['a', 'b', 'c', 'd'].map((key) => add(key)).concat(add('big', 'x'.repeat(40)), add('e'));
    for (let count = 1; count <= 3; count++) (await commit(count)).resolve();
    await Promise.all(all);
    expect(batches).to.deep.equal([['a', 'b', 'c'], ['d', 'big'], ['e']]);
  });

  it('refuses what would wait beyond the limits, and takes more when there is room again', async () => {
    const { add, commit } = queue({ waiting: 2, waitingCharacters: 50 });
    const first = add('a');
    const gate = await commit(1);
    const waiting = [add('b'), add('c', 'x'.repeat(60))];
    const refused = await add('d').catch((error: unknown) => error);
    expect(ProviderError.is(refused, 'Throttled')).to.equal(true);
    gate.resolve();
    (await commit(2)).resolve();
    await Promise.all([first, ...waiting]);
    const large = add('e', 'x'.repeat(60));
    expect(ProviderError.is(await add('f').catch((error: unknown) => error), 'Throttled')).to.equal(true);
    (await commit(3)).resolve();
    await large;
  });

  it('rejects the writes of a failed commit, and goes on', async () => {
    const { add, commit, subject } = queue();
    const failed = [add('a'), add('b')].map((write) => write.catch((error: Error) => error.message));
    const gate = await commit(1);
    const next = add('c');
    gate.reject(new Error('no disk'));
    expect(await Promise.all(failed)).to.deep.equal(['no disk', 'no disk']);
    (await commit(2)).resolve();
    expect((await next).applied).to.equal(true);
    await subject.drained();
  });
});
