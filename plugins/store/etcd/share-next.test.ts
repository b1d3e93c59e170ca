import { expect } from 'chai';
import { failure } from '#test/conformance/key-value-store-case.ts';
import { shareNext } from './share-next.ts';

describe('shareNext', () => {
  /** Runs that end when told to. */
  function runs() {
    const begun: PromiseWithResolvers<number>[] = [];
    const call = shareNext(() => {
      const run = Promise.withResolvers<number>();
      begun.push(run);
      return run.promise;
    });
    const turn = (): Promise<void> => new Promise(setImmediate);
    return { begun, call, turn };
  }

  it('gives every caller a run that began after its call, and one at a time', async () => {
    const { begun, call, turn } = runs();
    const first = call();
    const second = [call(), call(), call()];
    await turn();
    expect(begun).to.have.length(1);
    begun[0]?.resolve(1);
    expect(await first).to.equal(1);
    await turn();
    const third = call();
    expect(begun).to.have.length(2);
    begun[1]?.resolve(2);
    expect(await Promise.all(second)).to.deep.equal([2, 2, 2]);
    await turn();
    begun[2]?.resolve(3);
    expect(await third).to.equal(3);
    expect(begun).to.have.length(3);
  });

  it('goes on after a run that failed', async () => {
    const { begun, call, turn } = runs();
    const first = call();
    const second = call();
    begun[0]?.reject(new Error('lost'));
    expect(String(await failure(first))).to.include('lost');
    await turn();
    begun[1]?.resolve(2);
    expect(await second).to.equal(2);
  });
});
