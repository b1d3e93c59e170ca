import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { RevisionError } from '#core/spi/key-value-store.ts';
import { Recorder } from '#test/conformance/key-value-store-case.ts';
import { ScriptedEtcd } from '#test/fixtures/scripted-etcd.ts';
import { connect } from './connect.ts';
import { answersProgressExactly } from './feed.ts';
import { replay } from './history.ts';
import { Layout } from './layout.ts';
import type { Members } from './members.ts';
import type { Message } from './messages.ts';
import { SharedWatch } from './shared-watch.ts';

const layout = new Layout('/registry', '');
const put = (key: string, modRevision: number): Message<'Event'> => ({ kv: { key: `/registry/${key}`, value: `v${modRevision}`, modRevision, createRevision: modRevision } });
const forever = new AbortController().signal;

describe('the shared watch', () => {
  let etcd: ScriptedEtcd;
  let members: Members;
  let shared: SharedWatch;
  let newest: number;
  let touches: number;

  const start = async (version: string, from: number): Promise<Recorder> => {
    etcd = await ScriptedEtcd.start({ Status: () => ({ version }) });
    members = await connect({ endpoints: [etcd.address], timeoutMs: 5000 }, layout, systemClock);
    newest = from;
    touches = 0;
    shared = new SharedWatch(members, layout, systemClock, {
      timeoutMs: 5000, newest: async () => newest,
      touch: async () => {
        touches++;
        etcd.watches.at(-1)?.send({ events: [{ kv: { key: '/registry/', modRevision: ++newest } }] });
        return newest;
      },
    });
    const running = shared.start(from);
    (await etcd.watch(1)).send({ created: true, header: { revision: from } });
    await running;
    const recorder = new Recorder();
    shared.attach('', from, recorder, forever);
    return recorder;
  };
  afterEach(() => {
    shared.end(new Error('over'));
    members.close();
    etcd.stop();
  });

  it('asks etcd how far it is, and believes it since 3.4.25 and 3.5.8', async () => {
    await start('3.5.9', 10);
    const watch = await etcd.watch(1);
    const all = Promise.all([shared.reach(12, false), shared.reach(11, false)]);
    await watch.until(2);
    expect(watch.requests[1]).to.deep.equal({ progressRequest: {} });
    watch.send({ watchId: -1, header: { revision: 12 } });
    await all;
    expect([shared.seen, shared.lastEvent, touches]).to.deep.equal([12, undefined, 0]);
  });

  it('has something to see where the answer may overtake events', async () => {
    const recorder = await start('3.4.23', 10);
    const watch = await etcd.watch(1);
    watch.send({ watchId: -1, header: { revision: 99 } });
    newest = 20;
    await shared.reach(20, false);
    expect([shared.seen, shared.lastEvent, touches]).to.deep.equal([21, 21, 1]);
    expect(watch.requests).to.have.length(1);
    expect(recorder.received).to.deep.equal([]);
  });

  it('has something to see when etcd does not say how far it is', async () => {
    await start('3.5.12', 10);
    newest = 20;
    await shared.reach(20, false);
    expect(shared.seen).to.be.at.least(21);
  });

  it('believes reports that come by themselves in all versions', async () => {
    await start('3.4.23', 10);
    (await etcd.watch(1)).send({ watchId: 0, header: { revision: 15 } });
    await shared.reach(15, true);
    expect([shared.seen, shared.lastEvent]).to.deep.equal([15, undefined]);
  });

  it('hands over whole revisions, however etcd cuts them', async () => {
    const recorder = await start('3.5.9', 10);
    const watch = await etcd.watch(1);
    watch.send({ events: [put('a', 11), put('b', 12)], fragment: true });
    await shared.reach(11, true);
    expect(recorder.revisions).to.deep.equal([11]);
    watch.send({ events: [put('c', 12)], fragment: true });
    watch.send({ events: [put('d', 12), put('e', 13)] });
    await shared.reach(13, true);
    expect(recorder.received.map(({ key, modRevision }) => `${key}${modRevision}`)).to.deep.equal(['a11', 'b12', 'c12', 'd12', 'e13']);
  });

  it('goes on where it was when the connection breaks, be it within a revision', async () => {
    const recorder = await start('3.5.9', 10);
    const first = await etcd.watch(1);
    expect(first.requests[0]?.createRequest).to.include({ key: '/registry/', startRevision: 11, progressNotify: true, fragment: true });
    first.send({ events: [put('a', 11), put('b', 12)], fragment: true });
    await shared.reach(11, true);
    first.drop();
    const second = await etcd.watch(2);
    // From 11, not 12: were 12 compacted, etcd might leave out a deletion there without a word.
    expect(second.requests[0]?.createRequest).to.include({ startRevision: 11 });
    second.send({ created: true });
    second.send({ events: [put('a', 11), put('b', 12), put('c', 12)] });
    await shared.reach(12, true);
    expect(recorder.received.map(({ key, modRevision }) => `${key}${modRevision}`)).to.deep.equal(['a11', 'b12', 'c12']);
  });

  it('ends the watches of its listeners when it cannot go on, and begins anew', async () => {
    const recorder = await start('3.5.9', 10);
    (await etcd.watch(1)).drop();
    newest = 30;
    (await etcd.watch(2)).send({ created: true, canceled: true, compactRevision: 25 });
    const third = await etcd.watch(3);
    expect(third.requests[0]?.createRequest).to.include({ startRevision: 31 });
    third.send({ created: true });
    await shared.ready;
    expect(recorder.closings.map((error) => RevisionError.is(error, 'compacted') && error.oldest)).to.deep.equal([25]);
    const next = new Recorder();
    shared.attach('', 30, next, forever);
    third.send({ events: [put('a', 31)] });
    await shared.reach(31, true);
    expect([recorder.revisions, next.revisions]).to.deep.equal([[], [31]]);
  });

  it('tells those that are on the way to it that it began anew', async () => {
    await start('3.5.9', 10);
    const live = await etcd.watch(1);
    live.send({ events: [put('a', 11)] });
    await shared.reach(11, true);
    const late = new Recorder();
    const replaying = replay(members, layout, systemClock, shared, { prefix: '', from: 5, listener: late, signal: forever, over: forever }).catch((error: unknown) => error);
    const past = await etcd.watch(2);
    past.send({ created: true });
    shared.restart(new RevisionError('compacted', 11, 20, 30));
    expect(RevisionError.is(await replaying, 'compacted')).to.equal(true);
    past.send({ events: [put('a', 9), put('a', 11), put('b', 25)] });
    newest = 30;
    (await etcd.watch(3)).send({ created: true });
    await shared.ready;
    expect(late.revisions).to.deep.equal([]);
  });

  it('is joined by those that read the past, where it is when they meet it', async () => {
    await start('3.5.9', 10);
    const live = await etcd.watch(1);
    live.send({ events: [put('a', 11), put('x', 12)] });
    await shared.reach(12, true);
    const late = new Recorder();
    const replaying = replay(members, layout, systemClock, shared, { prefix: 'a', from: 5, listener: late, signal: forever, over: forever });
    const past = await etcd.watch(2);
    past.send({ created: true });
    past.send({ events: [put('a', 5), put('a', 6), put('a', 11)] });
    live.send({ events: [put('a', 13)] });
    await shared.reach(13, true);
    // It is ahead of the shared watch now: listeners are not to hear of 14 from it.
    past.send({ events: [put('x', 12), put('a', 13), put('a', 14)] });
    await replaying;
    expect(late.revisions).to.deep.equal([6, 11, 13]);
    live.send({ events: [put('a', 14), put('a', 15)] });
    await shared.reach(15, true);
    expect(late.revisions).to.deep.equal([6, 11, 13, 14, 15]);
  });
});

describe('versions of etcd', () => {
  for (const [version, exact] of [['3.4.23', false], ['3.4.25', true], ['3.5.7', false], ['3.5.8', true], ['3.6.0', true], ['3.6.0-rc.1', true], ['4.0.0', true], ['3.3.99', false], ['', false]] as const) {
    it(`${version === '' ? 'nobody knows' : version} ${exact ? 'tells' : 'may not tell'} its progress exactly`, () => {
      expect(answersProgressExactly(version)).to.equal(exact);
    });
  }
});
