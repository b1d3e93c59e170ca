import { expect } from 'chai';
import { silentLogger } from '#core/kernel/logger.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { Upkeep } from './upkeep.ts';

describe('Upkeep', () => {
  let clock: FakeClock;
  let rounds: number;
  let running: number;
  let ask: () => void;
  let watching: boolean;
  let end: PromiseWithResolvers<void>;

  const make = (): Upkeep => new Upkeep({
    name: 'test', clock, logger: silentLogger,
    watch: (callback) => {
      ask = callback;
      watching = true;
      return () => {
        watching = false;
      };
    },
    task: async () => {
      rounds++;
      expect(++running, 'one at a time').to.equal(1);
      await end.promise.finally(() => running--);
    },
  });

  beforeEach(() => {
    clock = new FakeClock();
    [rounds, running] = [0, 0];
    end = Promise.withResolvers();
  });

  it('works at its start, and once more when it was asked meanwhile, however often', async () => {
    const upkeep = make();
    await upkeep.start();
    for (let i = 0; i < 5; i++) ask();
    await settle();
    expect(rounds).to.equal(1);
    end.resolve();
    await upkeep.settled();
    expect(rounds).to.equal(2);
    ask();
    await upkeep.settled();
    expect(rounds).to.equal(3);
    await upkeep.stop();
    expect(watching).to.equal(false);
  });

  it('tries again later and later when it fails, and at once when it is asked', async () => {
    const upkeep = make();
    await upkeep.start();
    end.reject(new Error('no'));
    await upkeep.settled();
    expect([rounds, clock.nextInMs]).to.deep.equal([1, 500]);
    await clock.advance(500);
    expect([rounds, clock.nextInMs]).to.deep.equal([2, 1000]);
    end = Promise.withResolvers();
    end.resolve();
    ask();
    await upkeep.settled();
    expect(rounds).to.equal(3);
    await upkeep.stop();
    expect(clock.pending).to.equal(0);
  });

  it('waits for its round when it is stopped, and begins none afterwards', async () => {
    const upkeep = make();
    await upkeep.start();
    ask();
    const stopped = upkeep.stop();
    end.resolve();
    await stopped;
    ask();
    await settle();
    expect(rounds).to.equal(1);
  });
});
