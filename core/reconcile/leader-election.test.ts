import { expect } from 'chai';
import { Lease } from '#core/api/schema/coordination-v1.ts';
import { FakeClient } from '#test/fixtures/fake-client.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { LeaderElection } from './leader-election.ts';

const key = { namespace: 'kube-system', name: 'lock' };

describe('LeaderElection', () => {
  let clock: FakeClock;
  let client: FakeClient;
  let running: { stop: AbortController; done: Promise<void> }[];
  let leaders: string[];
  let most: number;

  beforeEach(() => {
    clock = new FakeClock();
    client = new FakeClient();
    running = [];
    leaders = [];
    most = 0;
  });

  afterEach(async () => {
    for (const candidate of running) candidate.stop.abort();
    await clock.advance(5000);
    await Promise.all(running.map((candidate) => candidate.done));
    expect(clock.pending).to.equal(0);
  });

  /** A candidate whose link to the server can be cut, and whose work takes `endsInMs` to end. */
  function candidate(identity: string, options: { endsInMs?: number; random?: () => number } = {}) {
    const link = { up: true };
    const through = <R>(call: () => Promise<R>): Promise<R> => (link.up ? call() : Promise.reject(new Error('connection refused')));
    const election = new LeaderElection({
      client: {
        get: (...call) => through(() => client.get(...call)),
        create: (...call) => through(() => client.create(...call)),
        update: (...call) => through(() => client.update(...call)),
      },
      clock, logger: recordingLogger(), lease: key, identity, random: options.random ?? (() => 0.5),
    });
    const stop = new AbortController();
    const lead = async (signal: AbortSignal): Promise<void> => {
      leaders.push(identity);
      most = Math.max(most, leaders.length);
      await new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));
      if (options.endsInMs !== undefined) await clock.sleep(options.endsInMs);
      leaders.splice(leaders.indexOf(identity), 1);
    };
    const done = election.run(lead, stop.signal);
    running.push({ stop, done });
    return { election, link, stop, done };
  }

  it('takes a lease that nobody holds, and renews it', async () => {
    const a = candidate('a');
    await settle();
    expect([leaders, a.election.leading]).to.deep.equal([['a'], true]);
    const taken = (await client.get(Lease, key)).spec;
    expect(taken).to.deep.include({ holderIdentity: 'a', leaseDurationSeconds: 15, leaseTransitions: 0, acquireTime: taken.renewTime });
    await clock.advance(60_000);
    const renewed = (await client.get(Lease, key)).spec;
    expect(renewed).to.deep.include({ holderIdentity: 'a', leaseTransitions: 0, acquireTime: taken.acquireTime });
    expect(Date.parse(renewed.renewTime ?? '')).to.be.closeTo(clock.now(), 2000);
    expect(leaders).to.deep.equal(['a']);
  });

  it('waits for another holder as long as the lease is renewed', async () => {
    candidate('a');
    await settle();
    const b = candidate('b');
    await clock.advance(600_000);
    expect(leaders).to.deep.equal(['a']);
    expect([most, b.election.leading]).to.deep.equal([1, false]);
  });

  it('takes over at once from a leader that stops in order', async () => {
    const a = candidate('a');
    await settle();
    candidate('b');
    await clock.advance(10_000);
    a.stop.abort();
    await settle();
    expect((await client.get(Lease, key)).spec.holderIdentity).to.equal('');
    await clock.advance(4400);
    expect([leaders, most]).to.deep.equal([['b'], 1]);
    expect((await client.get(Lease, key)).spec).to.deep.include({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('gives up at the renew deadline when it loses touch, before anybody takes over', async () => {
    const a = candidate('a', { endsInMs: 3000 });
    await settle();
    candidate('b');
    await clock.advance(9000);
    a.link.up = false;
    const cut = clock.now();
    await clock.advance(9999 - 1000);
    expect(leaders).to.deep.equal(['a']);
    await clock.advance(4001);
    expect(leaders).to.deep.equal([]);
    expect(a.election.leading).to.equal(false);
    while (leaders.length === 0 && clock.now() < cut + 60_000) await clock.advance(100);
    expect(leaders).to.deep.equal(['b']);
    expect(clock.now() - cut).to.be.within(12_000, 20_000);
    expect(most).to.equal(1);
    a.link.up = true;
    await clock.advance(60_000);
    expect(leaders).to.deep.equal(['b']);
  });

  it('counts the deadline from before the request, also when the answer never comes', async () => {
    candidate('a');
    await settle();
    let hang = false;
    client.before = () => (hang ? new Promise<void>(() => undefined) : undefined);
    await clock.advance(1000);
    hang = true;
    await clock.advance(8999);
    expect(leaders).to.deep.equal(['a']);
    hang = false;
    running.length = 0;
    await clock.advance(1);
    expect(leaders).to.deep.equal([]);
    while (clock.pending > 0) await clock.advance(15_000);
  });

  it('does not take the time of a late answer for that of the renewal', async () => {
    const a = candidate('a');
    await settle();
    client.before = (call) => (call === 'get' ? clock.sleep(5000) : undefined);
    await clock.advance(7000);
    a.link.up = false;
    // Asked for at 2 s, granted at 7 s: the deadline is at 12 s.
    await clock.advance(4999);
    expect(leaders).to.deep.equal(['a']);
    await clock.advance(1);
    expect(leaders).to.deep.equal([]);
  });

  it('ends at once when it sees that another leads', async () => {
    candidate('a');
    await settle();
    const lease = await client.get(Lease, key);
    await client.update(Lease, { ...lease, spec: { ...lease.spec, holderIdentity: 'usurper' } });
    await clock.advance(2000);
    expect(leaders).to.deep.equal([]);
    await clock.advance(30_000);
    expect(leaders).to.deep.equal(['a']);
  });

  it('does not trust the wall clock of another machine', async () => {
    await client.create(Lease, { metadata: key, spec: { holderIdentity: 'old', leaseDurationSeconds: 15, renewTime: '1999-01-01T00:00:00.000000Z' } });
    candidate('a');
    await clock.advance(14_000);
    expect(leaders).to.deep.equal([]);
    await clock.advance(10_000);
    expect(leaders).to.deep.equal(['a']);
  });

  it('gives the lead to one of many that come at the same time', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) candidate(name, { random: () => name.charCodeAt(0) / 128 });
    await clock.advance(60_000);
    expect([leaders.length, most]).to.deep.equal([1, 1]);
  });

  it('passes on what its work fails with, and leaves no lease behind', async () => {
    const election = new LeaderElection({ client, clock, logger: recordingLogger(), lease: key, identity: 'a' });
    const failure = await election.run(() => Promise.reject(new Error('a bug')), new AbortController().signal).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error).with.property('message', 'a bug');
    expect((await client.get(Lease, key)).spec.holderIdentity).to.equal('');
  });

  it('refuses times that do not fit together', () => {
    const make = () => new LeaderElection({ client, clock, logger: recordingLogger(), lease: key, identity: 'a', renewDeadlineMs: 20_000 });
    expect(make).to.throw(RangeError, 'retry period < renew deadline < lease duration, got 2000, 20000, 15000 ms');
  });
});
