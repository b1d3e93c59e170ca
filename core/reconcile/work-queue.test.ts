import { expect } from 'chai';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { QueueClosedError, WorkQueue, type WorkQueueOptions } from './work-queue.ts';

const forever = new AbortController().signal;
const halfway = (): number => 0.5;

function setUp(options: Partial<WorkQueueOptions> = {}) {
  const clock = new FakeClock();
  return { clock, queue: new WorkQueue({ clock, random: halfway, ...options }) };
}

describe('WorkQueue', () => {
  it('hands out keys first come first served, each once however often it was added', async () => {
    const { queue } = setUp();
    for (const key of ['b', 'a', 'b', 'c', 'a']) queue.add(key);
    expect(queue.depth).to.equal(3);
    expect([await queue.get(forever), await queue.get(forever), await queue.get(forever)]).to.deep.equal(['b', 'a', 'c']);
    expect(queue.depth).to.equal(0);
    expect(queue.processing).to.equal(3);
  });

  it('never hands out a key that somebody works on, and hands it out once more afterwards', async () => {
    const { queue } = setUp();
    queue.add('a');
    await queue.get(forever);
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(await queue.get(forever)).to.equal('b');
    queue.done('b');
    const next = queue.get(forever);
    let given = false;
    void next.then(() => (given = true));
    await settle();
    expect(given).to.equal(false);
    queue.done('a');
    expect(await next).to.equal('a');
    queue.done('a');
    expect(queue.depth).to.equal(0);
  });

  it('puts a key that keeps coming back behind all the others', async () => {
    const { queue } = setUp();
    for (const key of ['busy', 'a', 'b']) queue.add(key);
    const order: string[] = [];
    for (let i = 0; i < 6; i++) {
      const key = await queue.get(forever);
      order.push(key);
      if (key === 'busy') queue.add('busy');
      else if (i < 3) queue.add('late');
      queue.done(key);
    }
    expect(order).to.deep.equal(['busy', 'a', 'b', 'busy', 'late', 'busy']);
  });

  it('serves those who wait in the order in which they came', async () => {
    const { queue } = setUp();
    const first = queue.get(forever);
    const second = queue.get(forever);
    queue.add('a');
    queue.add('b');
    expect([await first, await second]).to.deep.equal(['a', 'b']);
  });

  it('sees a burst of one key as one, also when somebody waits', async () => {
    const { queue } = setUp();
    const first = queue.get(forever);
    for (let i = 0; i < 3; i++) queue.add('a');
    queue.done(await first);
    expect([queue.depth, queue.processing]).to.deep.equal([0, 0]);
  });

  it('adds a key after its delay; the earliest of several counts', async () => {
    const { clock, queue } = setUp();
    queue.addAfter('a', 100);
    queue.addAfter('a', 50);
    queue.addAfter('a', 80);
    expect(queue.delayed).to.equal(1);
    await clock.advance(49);
    expect(queue.depth).to.equal(0);
    await clock.advance(1);
    expect(queue.depth).to.equal(1);
    await clock.advance(1000);
    expect(queue.depth).to.equal(1);
    expect(clock.pending).to.equal(0);
  });

  it('forgets the pending delay of a key that is handed out earlier', async () => {
    const { clock, queue } = setUp();
    queue.addAfter('a', 100);
    queue.add('a');
    queue.done(await queue.get(forever));
    await clock.advance(1000);
    expect(queue.depth).to.equal(0);
  });

  it('does not fire early for a delay beyond what a timer can hold', async () => {
    const { clock, queue } = setUp();
    queue.addAfter('a', Number.POSITIVE_INFINITY);
    expect(clock.nextInMs).to.equal(2 ** 31 - 1);
    expect(() => queue.addAfter('a', Number.NaN)).to.throw(RangeError, 'cannot add a after NaN ms');
  });

  it('backs off exponentially per key up to the limit, and starts afresh after forget', () => {
    const { queue } = setUp({ baseDelayMs: 10, maxDelayMs: 100 });
    const waits = [1, 2, 3, 4, 5, 6].map(() => queue.addRateLimited('a'));
    expect(waits).to.deep.equal([10, 20, 40, 80, 100, 100]);
    expect(queue.addRateLimited('b')).to.equal(10);
    expect([queue.failures('a'), queue.failures('b'), queue.failing]).to.deep.equal([6, 1, 2]);
    queue.forget('a');
    expect(queue.failing).to.equal(1);
    expect(queue.addRateLimited('a')).to.equal(10);
  });

  it('stays within five minutes after any number of failures', () => {
    const { queue } = setUp();
    let wait = 0;
    for (let i = 0; i < 2000; i++) wait = queue.addRateLimited('a');
    expect(wait).to.equal(300_000);
  });

  it('spreads back-offs by the jitter, and never below what the caller asks for', () => {
    const low = setUp({ baseDelayMs: 100, jitter: 0.2, random: () => 0 }).queue;
    const high = setUp({ baseDelayMs: 100, jitter: 0.2, random: () => 0.999999 }).queue;
    expect(low.addRateLimited('a')).to.be.closeTo(80, 0.01);
    expect(high.addRateLimited('a')).to.be.closeTo(120, 0.01);
    expect(low.addRateLimited('b', 500)).to.equal(500);
  });

  it('refuses who waits when the signal aborts, and keeps the key for the next', async () => {
    const { queue } = setUp();
    const abort = new AbortController();
    const waiting = queue.get(abort.signal).catch((reason: unknown) => reason);
    abort.abort('enough');
    expect(await waiting).to.equal('enough');
    queue.add('a');
    expect(queue.depth).to.equal(1);
    expect(await queue.get(abort.signal).catch((reason: unknown) => reason)).to.equal('enough');
    expect(await queue.get(forever)).to.equal('a');
  });

  it('refuses all who wait with one signal, and nobody else', async () => {
    const { queue } = setUp();
    const abort = new AbortController();
    const first = queue.get(abort.signal).catch((reason: unknown) => reason);
    const other = queue.get(forever);
    const second = queue.get(abort.signal).catch((reason: unknown) => reason);
    abort.abort('enough');
    expect([await first, await second]).to.deep.equal(['enough', 'enough']);
    queue.add('a');
    expect(await other).to.equal('a');
  });

  it('drops everything when it is closed and ignores what comes later', async () => {
    const { clock, queue } = setUp();
    const waiting = queue.get(forever).catch((reason: unknown) => reason);
    queue.addAfter('late', 10);
    queue.close();
    expect(await waiting).to.be.instanceOf(QueueClosedError);
    queue.add('a');
    queue.addRateLimited('b');
    expect([queue.depth, queue.delayed, queue.failing, clock.pending]).to.deep.equal([0, 0, 0, 0]);
    expect(await queue.get(forever).catch((reason: unknown) => reason)).to.be.instanceOf(QueueClosedError);
  });

  it('keeps the order through a hundred thousand keys', async () => {
    const { queue } = setUp();
    for (let i = 0; i < 100_000; i++) queue.add(`k${i}`);
    for (let i = 0; i < 100_000; i++) {
      const key = await queue.get(forever);
      if (key !== `k${i}`) expect.fail(`got ${key} instead of k${i}`);
      queue.done(key);
    }
    expect(queue.depth).to.equal(0);
  });
});
