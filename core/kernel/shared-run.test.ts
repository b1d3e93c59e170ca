import { expect } from 'chai';
import { SharedRun } from './shared-run.ts';

describe('SharedRun', () => {
  it('begins after each asking, once for all who ask while another is going on, also after a failure', async () => {
    const begun: PromiseWithResolvers<number>[] = [];
    let idle = 0;
    const shared = new SharedRun(() => {
      const run = Promise.withResolvers<number>();
      begun.push(run);
      return run.promise;
    }, () => idle++);
    const first = shared.run();
    const [second, third] = [shared.run(), shared.run()];
    expect(begun).to.have.length(1);
    begun[0]?.reject(new Error('no'));
    expect(await first.catch(String)).to.equal('Error: no');
    await new Promise(setImmediate);
    expect([begun.length, idle]).to.deep.equal([2, 0]);
    begun[1]?.resolve(2);
    expect(await Promise.all([second, third])).to.deep.equal([2, 2]);
    expect(idle).to.equal(1);
    const fourth = shared.run();
    begun[2]?.resolve(3);
    expect(await fourth).to.equal(3);
  });
});
