import { expect } from 'chai';
import { PulledEvents } from './pulled-events.ts';

describe('PulledEvents', () => {
  function source(limit = 10) {
    const stop = new AbortController();
    const calls = { deliver: (_event: number): void => undefined, failed: (_error: unknown): void => undefined, begun: 0, closed: 0 };
    const events = new PulledEvents<number>(async (deliver, failed) => {
      Object.assign(calls, { deliver, failed, begun: calls.begun + 1 });
      return () => calls.closed++;
    }, stop.signal, limit, () => new Error(`more than ${limit} wait`));
    return { stop, calls, events };
  }
  const messageOf = (pulled: Promise<unknown>): Promise<unknown> => pulled.then(() => 'no failure', (error: Error) => error.message);

  it('begins with the first pull, hands on what comes in order, and closes when its reader leaves', async () => {
    const { calls, events } = source();
    expect(calls.begun).to.equal(0);
    const first = events.next();
    await Promise.resolve();
    await Promise.resolve();
    for (const event of [1, 2, 3]) calls.deliver(event);
    const seen = [(await first).value];
    for await (const event of events) {
      seen.push(event);
      if (event === 2) calls.deliver(4);
      if (event === 4) break;
    }
    expect(seen).to.deep.equal([1, 2, 3, 4]);
    expect(calls).to.deep.include({ begun: 1, closed: 1 });
    calls.deliver(5);
    expect(await events.next()).to.deep.equal({ value: undefined, done: true });
  });

  it('fails when what came before the failure has been read', async () => {
    const { calls, events } = source();
    const first = events.next();
    await new Promise(setImmediate);
    calls.deliver(1);
    calls.deliver(2);
    calls.failed(new Error('gone'));
    calls.deliver(3);
    expect((await first).value).to.equal(1);
    expect((await events.next()).value).to.equal(2);
    expect(await messageOf(events.next())).to.equal('gone');
    expect((await events.next()).done).to.equal(true);
    expect(calls.closed).to.equal(1);
  });

  it('fails a reader that waits', async () => {
    const { calls, events } = source();
    const first = messageOf(events.next());
    await new Promise(setImmediate);
    calls.failed(new Error('gone'));
    expect(await first).to.equal('gone');
    expect(calls.closed).to.equal(1);
  });

  it('ends with the reason of the signal, waiting or not, and lets go of what was not read', async () => {
    const waits = source();
    const first = messageOf(waits.events.next());
    await new Promise(setImmediate);
    waits.stop.abort(new Error('stopped'));
    expect(await first).to.equal('stopped');
    expect(waits.calls.closed).to.equal(1);

    const reads = source();
    const one = reads.events.next();
    await new Promise(setImmediate);
    reads.calls.deliver(1);
    reads.calls.deliver(2);
    await one;
    reads.stop.abort(new Error('stopped'));
    expect(await messageOf(reads.events.next())).to.equal('stopped');
    expect(reads.calls.closed).to.equal(1);

    const never = source();
    never.stop.abort(new Error('stopped'));
    expect(await messageOf(never.events.next())).to.equal('stopped');
    expect(never.calls.begun).to.equal(0);
  });

  it('fails when more waits than it may hold', async () => {
    const { calls, events } = source(2);
    const first = events.next();
    await new Promise(setImmediate);
    for (const event of [1, 2, 3, 4, 5]) calls.deliver(event);
    expect([(await first).value, (await events.next()).value, (await events.next()).value]).to.deep.equal([1, 2, 3]);
    expect(await messageOf(events.next())).to.equal('more than 2 wait');
  });

  it('passes on why it could not begin', async () => {
    const events = new PulledEvents<number>(() => Promise.reject(new Error('too old')), new AbortController().signal, 1, () => new Error());
    expect(await messageOf(events.next())).to.equal('too old');
    expect((await events.next()).done).to.equal(true);
  });
});
