import { expect } from 'chai';
import { defaultRates, rateOf, stateOf, turn } from './disruption.ts';
import { TokenBucket } from './token-bucket.ts';

describe('disruption of zones', () => {
  it('is full without a ready node, and partial from 55 % and three nodes on', () => {
    const state = (unready: number, size: number) => stateOf({ unready, size }, defaultRates);
    expect([state(0, 3), state(2, 3), state(1, 1), state(3, 3)]).to.deep.equal(['Normal', 'Normal', 'FullDisruption', 'FullDisruption']);
    expect([state(54, 100), state(55, 100), state(3, 5), state(3, 6)]).to.deep.equal(['Normal', 'PartialDisruption', 'PartialDisruption', 'Normal']);
  });

  it('slows large zones down and stops small ones', () => {
    expect([rateOf('Normal', 9, defaultRates), rateOf('FullDisruption', 9, defaultRates), rateOf('PartialDisruption', 50, defaultRates), rateOf('PartialDisruption', 51, defaultRates)])
      .to.deep.equal([0.1, 0.1, 0, 0.01]);
  });

  it('is a cut when no zone has a ready node, and begins and ends once', () => {
    const down = { size: 2, unready: 2 };
    const up = { size: 2, unready: 0 };
    const begun = turn(new Map(), new Map([['a', down], ['b', down]]), defaultRates);
    expect([begun.isCutOff, begun.change]).to.deep.equal([true, 'begins']);
    expect(turn(begun.states, new Map([['a', down], ['b', down]]), defaultRates).change).to.equal(undefined);
    expect(turn(begun.states, new Map([['a', down], ['b', up]]), defaultRates)).to.deep.include({ isCutOff: false, change: 'ends' });
    expect(turn(new Map(), new Map([['a', down], ['b', up]]), defaultRates)).to.deep.include({ isCutOff: false, change: undefined });
    expect(turn(new Map(), new Map(), defaultRates)).to.deep.include({ isCutOff: false, change: undefined });
  });
});

describe('a token bucket', () => {
  it('lets one through, and then one every ten seconds at 0.1 per second', () => {
    const bucket = new TokenBucket(0.1, 0);
    expect(bucket.waitMs(0)).to.equal(0);
    bucket.take();
    expect([bucket.waitMs(0), bucket.waitMs(4000), bucket.waitMs(10_000), bucket.waitMs(60_000)]).to.deep.equal([10_000, 6000, 0, 0]);
    bucket.take();
    expect(bucket.waitMs(60_000)).to.equal(10_000);
  });

  it('saves nothing up at a rate of 0, and goes on at another', () => {
    const bucket = new TokenBucket(0.1, 0);
    bucket.take();
    bucket.setRate(0, 5000);
    expect(bucket.waitMs(100_000)).to.equal(Number.POSITIVE_INFINITY);
    bucket.setRate(0.01, 100_000);
    expect(bucket.waitMs(100_000)).to.equal(50_000);
  });
});
