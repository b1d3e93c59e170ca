import { expect } from 'chai';
import { StatusError } from '#core/api/status-error.ts';
import { keyOf } from '#core/client/client.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { FakeClient } from '#test/fixtures/fake-client.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { Widget } from '#test/fixtures/widget.ts';
import { source, TerminalError, type Controller, type ReconcileResult } from './controller.ts';
import { SharedInformers } from './informers.ts';
import { LeaderElection } from './leader-election.ts';
import { Manager } from './manager.ts';

type Reconcile = Controller['reconcile'];
const forever = new AbortController().signal;

describe('Manager', () => {
  let clock: FakeClock;
  let client: FakeClient;
  let logger: ReturnType<typeof recordingLogger>;
  let informers: SharedInformers;
  let manager: Manager;
  let began: number;

  beforeEach(() => {
    clock = new FakeClock();
    began = clock.now();
    client = new FakeClient();
    logger = recordingLogger();
    informers = new SharedInformers({ reader: client, clock, logger, random: () => 0.5 });
  });

  afterEach(async () => {
    await manager.stop();
    expect(client.watchers).to.equal(0);
    expect(clock.pending).to.equal(0);
  });

  const controller = (name: string, reconcile: Reconcile, workers?: number): Controller => ({
    name, reconcile, ...(workers === undefined ? {} : { workers }),
    sources: [source(informers.for(Widget), (object, previous) => [object, previous].filter((widget) => widget !== undefined).map(keyOf))],
  });
  const manage = (...controllers: Controller[]): Manager => {
    manager = new Manager({ controllers, informers, clock, logger, queue: { random: () => 0.5 } });
    return manager;
  };
  const create = (name: string) => client.create(Widget, { metadata: { namespace: 'ns', name } });

  /** Starts a controller that treats one widget by these answers in turn (then by none), and notes when. */
  async function answering(...answers: (ReconcileResult | void | Error | (() => never))[]): Promise<number[]> {
    const times: number[] = [];
    await create('w');
    await manage(controller('c', () => {
      times.push(clock.now() - began);
      const answer = answers[times.length - 1];
      if (typeof answer === 'function') answer();
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as ReconcileResult | void);
    })).start(forever);
    await settle();
    return times;
  }

  it('reconciles what exists and what changes, and leaves a key alone that went well', async () => {
    await create('a');
    const seen: string[] = [];
    await manage(controller('c', async (key) => void seen.push(key))).start(forever);
    await settle();
    expect(seen).to.deep.equal(['ns/a']);
    await create('b');
    await client.delete(Widget, { namespace: 'ns', name: 'a' });
    await clock.advance(3_600_000);
    expect(seen).to.deep.equal(['ns/a', 'ns/b', 'ns/a']);
    expect(manager.report()).to.deep.equal([
      { name: 'c', synced: true, active: true, depth: 0, delayed: 0, running: 0, failing: 0, reconciles: 3, failures: 0 },
    ]);
  });

  it('comes back after requeueAfterMs', async () => {
    const times = await answering({ requeueAfterMs: 1000 }, { requeueAfterMs: 50 });
    await clock.advance(100_000);
    expect(times).to.deep.equal([0, 1000, 1050]);
  });

  it('backs off after each failure, logs it as a bug, and starts afresh after a success', async () => {
    const bug = new TypeError('x is undefined');
    const times = await answering(bug, bug, bug, { requeueAfterMs: 100 }, bug);
    await clock.advance(100_000);
    expect(times).to.deep.equal([0, 5, 15, 35, 135, 140]);
    expect(logger.at('error')).to.have.length(4);
    expect(logger.at('error')[0]?.fields).to.include({ controller: 'c', key: 'ns/w', error: bug, attempt: 1 });
    expect(manager.report()[0]).to.deep.include({ reconciles: 6, failures: 4, failing: 0, lastFailure: { key: 'ns/w', message: 'x is undefined', at: began + 135 } });
  });

  it('treats a reconcile that throws at once like one that rejects', async () => {
    const times = await answering(() => {
      throw new Error('at once');
    });
    await clock.advance(100_000);
    expect(times).to.deep.equal([0, 5]);
    expect(logger.at('error')).to.have.length(1);
  });

  it('leaves a key alone after a TerminalError until something changes', async () => {
    const times = await answering(new Error('first'), new TerminalError('unknown parameter "colour"'));
    await clock.advance(3_600_000);
    expect(times).to.deep.equal([0, 5]);
    expect(logger.at('warn').map((line) => line.message)).to.deep.equal(['reconcile failed for good; the key is left alone until something changes']);
    expect(manager.report()[0]).to.deep.include({ failing: 0, delayed: 0 });
    await client.patch(Widget, { namespace: 'ns', name: 'w' }, { type: 'merge', document: { colour: 'blue' } });
    await settle();
    expect(times).to.have.length(3);
  });

  it('retries a Conflict and a NotFound quietly', async () => {
    const times = await answering(StatusError.modified(Widget, 'w'), StatusError.notFound(Widget, 'w'));
    await clock.advance(100_000);
    expect(times).to.deep.equal([0, 5, 15]);
    expect([...logger.at('error'), ...logger.at('warn'), ...logger.at('info')]).to.deep.equal([]);
  });

  it('waits as long as a throttling platform or server asks', async () => {
    const times = await answering(
      new ProviderError('Throttled', 'slow down', { retryAfterMs: 7000 }),
      new ProviderError('Throttled', 'slow down'),
      new StatusError('TooManyRequests', 'slow down', { retryAfterSeconds: 3 }),
    );
    await clock.advance(100_000);
    expect(times).to.deep.equal([0, 7000, 7010, 10_010]);
    expect(logger.at('error')).to.deep.equal([]);
    expect(logger.at('warn')).to.have.length(3);
  });

  it('takes a senseless requeueAfterMs for a bug and backs off from it', async () => {
    const times = await answering({ requeueAfterMs: Number.NaN }, { requeueAfterMs: -1 });
    await clock.advance(100_000);
    expect(times).to.deep.equal([0, 5, 15]);
    expect(logger.at('error')).to.have.length(2);
  });

  it('never runs a key twice at once, and as many keys at once as there are workers', async () => {
    const running = new Set<string>();
    let most = 0;
    const ends: (() => void)[] = [];
    for (const name of ['a', 'b', 'c']) await create(name);
    await manage(controller('c', async (key) => {
      expect(running.has(key)).to.equal(false);
      running.add(key);
      most = Math.max(most, running.size);
      await new Promise<void>((resolve) => ends.push(resolve));
      running.delete(key);
    }, 2)).start(forever);
    await settle();
    expect(manager.report()[0]).to.deep.include({ running: 2, depth: 1 });
    await client.patch(Widget, { namespace: 'ns', name: 'a' }, { type: 'merge', document: { size: 1 } });
    for (let i = 0; i < 8; i++) {
      await settle();
      ends.shift()?.();
    }
    await settle();
    expect(most).to.equal(2);
    expect(manager.report()[0]).to.deep.include({ running: 0, depth: 0, reconciles: 4, failures: 0 });
  });

  it('lets one controller fail without holding up another, whose source may even be broken', async () => {
    const seen: string[] = [];
    await create('a');
    const broken: Controller = { name: 'broken', reconcile: () => Promise.reject(new Error('never')), sources: [source(informers.for(Widget), () => { throw new Error('no keys'); })] };
    await manage(broken, controller('failing', () => Promise.reject(new Error('always'))), controller('fine', async (key) => void seen.push(key))).start(forever);
    await clock.advance(1000);
    expect(seen).to.deep.equal(['ns/a']);
    expect(logger.at('error').filter((line) => line.fields.controller === 'broken').map((line) => line.fields.name)).to.deep.equal(['a']);
    expect(manager.report().map((report) => report.failures > 0)).to.deep.equal([false, true, false]);
  });

  it('begins to work only when all first lists are in, and gives up the wait with the signal', async () => {
    await create('a');
    client.before = (call) => {
      if (call === 'list') throw new StatusError('ServiceUnavailable', 'not yet');
    };
    let reconciled = 0;
    const abort = new AbortController();
    const started = manage(controller('c', async () => void reconciled++)).start(abort.signal).catch((reason: unknown) => reason);
    await clock.advance(15_000);
    expect(manager.report()[0]).to.deep.include({ synced: false, active: false });
    expect(logger.lines.find((line) => line.message === 'still waiting for first lists')?.fields.resources).to.deep.equal(['widgets.test.keelson.dev']);
    abort.abort('enough');
    expect(await started).to.equal('enough');
    expect(reconciled).to.equal(0);
  });

  it('stops in order: no more keys, reconciles end, then informers', async () => {
    await create('a');
    await create('b');
    const events: string[] = [];
    await manage(controller('c', async (key, signal) => {
      events.push(`begin ${key}`);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      events.push(`told to end with ${client.watchers} watchers`);
      await clock.sleep(100);
      events.push(`ended with ${client.watchers} watchers`);
      signal.throwIfAborted();
    })).start(forever);
    await settle();
    let stopped = false;
    const stop = manager.stop().then(() => (stopped = true));
    await create('c');
    await clock.advance(99);
    expect(stopped).to.equal(false);
    await clock.advance(1);
    await stop;
    expect(events).to.deep.equal(['begin ns/a', 'told to end with 1 watchers', 'ended with 1 watchers']);
    expect(client.watchers).to.equal(0);
    expect(manager.report()[0]).to.deep.include({ active: false, running: 0, depth: 0, failures: 0 });
    expect(logger.at('error')).to.deep.equal([]);
  });

  it('can be stopped without having been started', async () => {
    await manage(controller('c', async () => undefined)).stop();
  });

  it('refuses two controllers of one name', () => {
    expect(() => manage(controller('c', async () => undefined), controller('c', async () => undefined))).to.throw('two controllers are called "c"');
    manage();
  });

  it('works only while it leads, and looks again at what it was interrupted in', async () => {
    await create('a');
    const lease = { namespace: 'kube-system', name: 'lock' };
    const leaderElection = new LeaderElection({ client, clock, logger, lease, identity: 'me', random: () => 0 });
    const seen: string[] = [];
    const stuck = controller('c', async (key, signal) => {
      seen.push(key);
      if (seen.length === 1) await new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    });
    manager = new Manager({ controllers: [stuck], informers, clock, logger, leaderElection });
    await manager.start(forever);
    await settle();
    expect(manager.report()[0]).to.deep.include({ active: true, running: 1 });
    client.before = (_call, plural) => {
      if (plural === 'leases') throw new Error('connection refused');
    };
    await clock.advance(10_000);
    expect(manager.report()[0]).to.deep.include({ active: false, running: 0, depth: 1, failures: 0 });
    expect(seen).to.deep.equal(['ns/a']);
    client.before = undefined;
    await clock.advance(2000);
    expect(seen).to.deep.equal(['ns/a', 'ns/a']);
    expect(manager.report()[0]).to.deep.include({ active: true, depth: 0 });
  });
});
