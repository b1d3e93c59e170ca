import { expect } from 'chai';
import type { ContainerEvent } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { ScriptedEngine } from '#test/fixtures/scripted-engine.ts';
import { Engine } from './engine.ts';
import { Marks } from './marks.ts';
import { DockerMonitor } from './monitor.ts';

const never = new AbortController().signal;
const id = 'b2'.repeat(32);
const event = (Action: string, ID = id): string => `${JSON.stringify({ Type: 'container', Action, Actor: { ID, Attributes: { 'io.keelson.pod.uid': 'uid' } } })}\n`;

describe('DockerMonitor', () => {
  let engine: ScriptedEngine;
  let clock: FakeClock;
  let monitor: DockerMonitor;

  beforeEach(async () => {
    engine = await ScriptedEngine.start(() => ({ body: {} }));
    clock = new FakeClock();
    monitor = new DockerMonitor(new Engine({ host: engine.socketPath }, clock), new Marks('node', ''));
  });
  afterEach(() => engine.stop());

  const watch = async (came: ContainerEvent[] = []): Promise<unknown> => {
    try {
      for await (const each of monitor.events(never)) came.push(each);
      return 'ended';
    } catch (error) {
      return error;
    }
  };

  it('hands events on, leaves out what it does not know, and rejects at their end', async () => {
    engine.answer = ({ path }) => (path === '/events' ? { body: `${event('start')}${event('exec_create: sh')}${event('oom')}\n{"Type":"daemon"}\n[]\n${event('destroy')}` } : { body: { Version: '1', ApiVersion: '1.41' } });
    const came: ContainerEvent[] = [];
    const end = await watch(came);
    expect(came).to.deep.equal(['Started', 'OomKilled', 'Deleted'].map((kind) => ({ kind, containerId: id, podUid: 'uid' })));
    expect(ProviderError.is(end, 'Unavailable')).to.equal(true);
    expect(clock.pending, 'timers that are left').to.equal(0);
  });

  it('rejects at what is no event', async () => {
    engine.answer = () => ({ body: '{"Type":' });
    expect(ProviderError.is(await watch(), 'Unavailable')).to.equal(true);
  });

  it('notices an engine that hangs while nothing happens', async () => {
    let hangs = false;
    engine.answer = ({ path }) => (path === '/events' || hangs ? undefined : { body: { Version: '1', ApiVersion: '1.41' } });
    const end = watch();
    const asked = (path: string): number => engine.requests.filter((request) => request.path === path).length;
    await eventually(() => asked('/events') === 1, 'the watch');
    await clock.advance(20_000);
    await eventually(() => asked('/version') === 1 && clock.pending === 2, 'the first pulse');
    hangs = true;
    await clock.advance(20_000);
    await eventually(() => asked('/version') === 2, 'the second pulse');
    await clock.advance(10_000);
    const error = await end;
    expect(ProviderError.is(error, 'Unavailable') && error.message).to.contain('no answer in time');
    expect(clock.pending).to.equal(0);
  });

  it('reads the working set of cgroup v1 and v2', async () => {
    const stats = { cpu_stats: { cpu_usage: { total_usage: 5_000_000_000 } } };
    const memories: Record<string, object> = {
      v1: { usage: 100, stats: { cache: 70, inactive_file: 1, total_inactive_file: 30 } }, v2: { usage: 100, stats: { inactive_file: 40, file: 60 } },
      odd: { usage: 100, stats: { inactive_file: 400 } }, gone: {},
    };
    engine.answer = ({ path }) => {
      if (path === '/containers/json') return { body: [...Object.keys(memories).map((Id) => ({ Id, SizeRw: 4096 })), { Id: 'missing' }] };
      const memory = memories[path.split('/')[2] ?? ''];
      return memory === undefined ? { status: 404, body: { message: 'No such container' } } : { body: { ...stats, memory_stats: memory } };
    };
    const usage = await monitor.usage(never);
    expect(usage).to.deep.equal([['v1', 70n], ['v2', 60n], ['odd', 0n]].map(([each, memoryWorkingSet]) => ({ id: each, time: clock.now(), cpuNanoseconds: 5_000_000_000n, memoryUsage: 100n, memoryWorkingSet, writableLayer: 4096n })));
    expect(engine.requests.find(({ path }) => path.endsWith('/stats'))?.query.get('one-shot')).to.equal('true');
    await monitor.usage(never);
    const sized = (): number => engine.requests.filter(({ path, query }) => path === '/containers/json' && query.get('size') === 'true').length;
    expect(sized(), 'sizes of layers within a minute').to.equal(1);
    await clock.advance(60_000);
    await monitor.usage(never);
    expect(sized()).to.equal(2);
  });
});
