import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { ScriptedEngine } from '#test/fixtures/scripted-engine.ts';
import { Engine } from './engine.ts';
import { Turns } from './turns.ts';

const never = new AbortController().signal;

describe('Engine', () => {
  let scripted: ScriptedEngine;
  let clock: FakeClock;
  let engine: Engine;

  beforeEach(async () => {
    scripted = await ScriptedEngine.start(({ path }) => (path === '/containers/json' ? { body: [] } : undefined));
    clock = new FakeClock();
    engine = new Engine({ host: scripted.socketPath, timeoutMs: 30_000 }, clock);
  });
  afterEach(() => scripted.stop());

  const hanging = (signal = never): Promise<unknown> => engine.call('cannot ask', signal, (docker, abort) => docker.getContainer('a').inspect(abort));
  const list = (): Promise<unknown> => engine.call('cannot list', never, (docker, abort) => docker.listContainers(abort));

  it('ends a call when its time is up, and leaves no timer', async () => {
    const call = hanging().then(() => undefined, (error: unknown) => error);
    await eventually(() => scripted.requests.length === 1, 'the call');
    await clock.advance(29_999);
    expect(clock.pending).to.equal(1);
    await clock.advance(1);
    const error = await call;
    expect(ProviderError.is(error, 'Unavailable') && error.message).to.equal('cannot ask: the container engine gave no answer in time');
    await list();
    expect(clock.pending).to.equal(0);
  });

  it('asks nothing with a signal that is aborted', async () => {
    expect(ProviderError.is(await hanging(AbortSignal.abort()).catch((error: unknown) => error), 'Unavailable')).to.equal(true);
    expect(scripted.requests).to.deep.equal([]);
  });

  it('pays for a call the same when many others wait', async () => {
    const stop = new AbortController();
    const others = Array.from({ length: 60 }, () => hanging(stop.signal).catch(() => undefined));
    await eventually(() => scripted.requests.length === 60, 'the others');
    const before = process.cpuUsage();
    for (let call = 0; call < 20; call += 1) await list();
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 20 / 1000, 'milliseconds of processor for each').to.be.lessThan(30);
    stop.abort();
    await Promise.all(others);
  }).timeout(20_000);
});

describe('Turns', () => {
  it('are taken by so many at a time, in order, and by nobody who has left', async () => {
    const turns = new Turns(2);
    const begun: number[] = [];
    const finish: (() => void)[] = [];
    const leave = new AbortController();
    const works = Array.from({ length: 5 }, (_each, index) => turns.take(index === 2 ? leave.signal : never, () => {
      begun.push(index);
      return new Promise<void>((resolve) => finish.push(resolve));
    }).catch((error: unknown) => error));
    await Promise.resolve();
    expect(begun).to.deep.equal([0, 1]);
    leave.abort(new Error('left'));
    expect(await works[2]).to.have.property('message', 'left');
    finish[0]?.();
    await eventually(() => begun.length === 3, 'the next');
    expect(begun).to.deep.equal([0, 1, 3]);
    for (let index = 1; index < 4; index += 1) {
      await eventually(() => finish.length > index, 'the next');
      finish[index]?.();
    }
    await Promise.all(works);
    expect(begun).to.deep.equal([0, 1, 3, 4]);
    await expectRejects(turns.take(never, () => Promise.reject(new Error('failed'))));
    expect(await turns.take(never, async () => 'free')).to.equal('free');
  });
});

async function expectRejects(promise: Promise<unknown>): Promise<void> {
  expect(await promise.then(() => 'resolved', () => 'rejected')).to.equal('rejected');
}
