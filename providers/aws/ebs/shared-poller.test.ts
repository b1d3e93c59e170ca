import { expect } from 'chai';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { SharedPoller } from './shared-poller.ts';

const never = new AbortController().signal;

/** Things that are ready at a time. */
class Things {
  readonly clock = new FakeClock(0);
  readonly readyAt = new Map<string, number>();
  readonly calls: number[] = [];
  failure: Error | undefined;
  readonly poller = new SharedPoller<string>({
    clock: this.clock, most: 500,
    describe: async (ids) => {
      this.calls.push(ids.length);
      if (this.failure !== undefined) throw this.failure;
      return new Map(ids.flatMap((id) => {
        const at = this.readyAt.get(id);
        return at === undefined ? [] : [[id, at <= this.clock.now() ? 'ready' : 'coming']];
      }));
    },
  });

  until(id: string, readyAt: number, signal = never): Promise<number> {
    this.readyAt.set(id, readyAt);
    return this.poller.until(id, (seen, waitedMs) => (seen === 'ready' ? waitedMs : undefined), 1000, signal);
  }
}

describe('SharedPoller', () => {
  it('looks at once when it is worth while, and then more and more seldom', async () => {
    const things = new Things();
    const waited = things.until('a', 9000);
    await things.clock.advance(999);
    expect(things.calls).to.have.lengthOf(0);
    await things.clock.advance(60_000);
    expect(await waited).to.be.within(9000, 11_000);
    expect(things.calls.length).to.be.within(5, 8);
    expect(things.clock.pending).to.equal(0);
  });

  it('looks at a thousand things with few calls', async () => {
    const things = new Things();
    const waits = Array.from({ length: 1000 }, (_each, index) => things.until(`v${index}`, 1000 + index * 3));
    await things.clock.advance(20_000);
    for (const waitedMs of await Promise.all(waits)) expect(waitedMs).to.be.below(7000);
    expect(things.calls.length).to.be.below(16);
    expect(Math.max(...things.calls)).to.equal(500);
  });

  it('asks once for two that wait for the same thing', async () => {
    const things = new Things();
    const both = Promise.all([things.until('a', 1000), things.until('a', 1000)]);
    await things.clock.advance(1000);
    await both;
    expect(things.calls).to.deep.equal([1]);
  });

  it('ends with the signal, and asks no more', async () => {
    const things = new Things();
    const controller = new AbortController();
    const waited = things.until('a', Infinity, controller.signal).catch((error: unknown) => error);
    await things.clock.advance(3000);
    const { length } = things.calls;
    const reason = new Error('enough');
    controller.abort(reason);
    expect(await waited).to.equal(reason);
    await things.clock.advance(60_000);
    expect(things.calls).to.have.lengthOf(length);
    expect(await things.until('b', 0, AbortSignal.abort(reason)).catch((error: unknown) => error)).to.equal(reason);
    expect(things.clock.pending).to.equal(0);
  });

  it('fails those that were asked about, and no others', async () => {
    const things = new Things();
    const first = things.until('a', Infinity).catch((error: unknown) => error);
    things.failure = new Error('no answer');
    await things.clock.advance(1000);
    expect(await first).to.equal(things.failure);
    things.failure = undefined;
    const second = things.until('b', 2000);
    await things.clock.advance(5000);
    expect(await second).to.be.at.least(1000);
  });

  it('fails by what a check throws', async () => {
    const things = new Things();
    const failure = new Error('gone');
    const waited = things.poller.until('a', (seen) => {
      if (seen === undefined) throw failure;
      return seen;
    }, 0, never).catch((error: unknown) => error);
    await things.clock.advance(1000);
    expect(await waited).to.equal(failure);
    expect(things.clock.pending).to.equal(0);
  });
});
