import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { failure } from '#test/conformance/key-value-store-case.ts';
import { WriteOrder } from './write-order.ts';

describe('WriteOrder', () => {
  const turn = (): Promise<void> => new Promise(setImmediate);

  /** Writes that end when told to. */
  function orderOf(limits: { underWay?: number; waiting?: number; waitingCharacters?: number } = {}) {
    const order = new WriteOrder({ underWay: 10, waiting: 10, waitingCharacters: 100, ...limits });
    const begun: string[] = [];
    const ends = new Map<string, PromiseWithResolvers<string>>();
    const run = (key: string, name: string, characters = 1): Promise<string> => order.run(key, characters, () => {
      begun.push(name);
      const end = Promise.withResolvers<string>();
      ends.set(name, end);
      return end.promise;
    });
    return { order, begun, run, end: (name: string) => ends.get(name)?.resolve(name), fail: (name: string) => ends.get(name)?.reject(new Error(name)) };
  }

  it('sends a write when the one before it for the same key is settled, however', async () => {
    const { begun, run, end, fail } = orderOf();
    const all = Promise.allSettled([run('a', 'a1'), run('a', 'a2'), run('b', 'b1'), run('a', 'a3')]);
    await turn();
    expect(begun).to.deep.equal(['a1', 'b1']);
    fail('a1');
    await turn();
    expect(begun).to.deep.equal(['a1', 'b1', 'a2']);
    end('a2');
    end('b1');
    await turn();
    end('a3');
    expect((await all).map(({ status }) => status)).to.deep.equal(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  });

  it('has only so many under way', async () => {
    const { begun, run, end } = orderOf({ underWay: 2 });
    const all = Promise.all(['a', 'b', 'c', 'd'].map((key) => run(key, key)));
    await turn();
    expect(begun).to.deep.equal(['a', 'b']);
    end('b');
    await turn();
    expect(begun).to.deep.equal(['a', 'b', 'c']);
    for (const name of ['a', 'c']) end(name);
    await turn();
    end('d');
    expect(await all).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('refuses what would wait beyond the limits, and takes more when there is room again', async () => {
    const { run, end } = orderOf({ waiting: 3, waitingCharacters: 50 });
    const first = [run('a', 'a'), run('b', 'b'), run('c', 'c')];
    expect(ProviderError.is(await failure(run('d', 'd')), 'Throttled')).to.equal(true);
    for (const name of ['a', 'b', 'c']) end(name);
    await Promise.all(first);
    const large = run('e', 'e', 60);
    expect(ProviderError.is(await failure(run('f', 'f')), 'Throttled')).to.equal(true);
    end('e');
    expect(await large).to.equal('e');
  });

  it('tells when all are settled', async () => {
    const { order, run, end } = orderOf();
    const all = [run('a', 'a1'), run('a', 'a2')];
    let drained = false;
    const waiting = order.drained().then(() => { drained = true; });
    end('a1');
    await turn();
    expect(drained).to.equal(false);
    end('a2');
    await Promise.all([...all, waiting]);
    expect(drained).to.equal(true);
  });
});
