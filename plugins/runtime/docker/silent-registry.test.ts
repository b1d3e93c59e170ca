import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { containers } from '#test/fixtures/busybox-image.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { requires, root } from '#test/fixtures/requires.ts';
import { type EngineAnswer, ScriptedEngine } from '#test/fixtures/scripted-engine.ts';
import { Engine } from './engine.ts';
import { DockerImages } from './images.ts';

const never = new AbortController().signal;

const outcome = (pull: Promise<unknown>): Promise<string> =>
  pull.then(() => 'pulled', (error: unknown) => (ProviderError.is(error, 'Unavailable') ? error.message : `not what was to come: ${String(error)}`));

describe('A pull from a registry that sends nothing', () => {
  let engine: ScriptedEngine;
  let clock: FakeClock;
  let pulling: EngineAnswer;

  beforeEach(async () => {
    clock = new FakeClock();
    engine = await ScriptedEngine.start(() => pulling);
  });
  afterEach(() => engine.stop());

  /** The message, and after how many seconds it came. */
  async function givenUp(answer: EngineAnswer): Promise<readonly [string, number]> {
    pulling = answer;
    const began = clock.now();
    let message: string | undefined;
    const pull = outcome(new DockerImages(new Engine({ host: engine.socketPath }, clock)).pullImage('r.example.com/x:1', undefined, never)).then((text) => (message = text));
    while (engine.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    // What has been answered is to be read before time goes by: it is a real socket.
    for (let turns = 0; turns < 200; turns++) await new Promise((resolve) => setImmediate(resolve));
    while (message === undefined && clock.now() - began < 3600_000) {
      await clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return [await pull, Math.round((clock.now() - began) / 1000)];
  }

  const message = (minutes: number): string => `cannot pull "r.example.com/x:1": nothing came from the registry for ${minutes} min; the pull was given up`;

  it('is given up after a minute, whether it has begun or not', async () => {
    const [before, beforeSeconds] = await givenUp(undefined);
    expect(before).to.equal(message(1));
    expect(beforeSeconds).to.be.within(60, 62);
    engine.requests.length = 0;
    const [during, duringSeconds] = await givenUp({ body: '{"status":"Pulling from x"}\n{"status":"Downloading","id":"1"}\n', open: true });
    expect(during).to.equal(message(1));
    expect(duringSeconds).to.be.within(60, 62);
  });

  it('has five minutes while the engine unpacks what came', async () => {
    const [text, seconds] = await givenUp({ body: '{"status":"Downloading","id":"1"}\n{"status":"Extracting","id":"1"}\n', open: true });
    expect(text).to.equal(message(5));
    expect(seconds).to.be.within(300, 302);
  });
});

describe('A pull by the real engine from a registry that takes connections and sends nothing', function () {
  this.timeout(60_000);
  let silent: Server;

  before(requires(root, ...containers));
  beforeEach(async () => {
    silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });
  afterEach(() => {
    silent.close();
  });

  it('is given up', async () => {
    const held = new Set<{ destroy(): void }>();
    const reached = new Promise<void>((resolve) => silent.on('connection', (socket) => {
      held.add(socket.on('error', () => undefined));
      resolve();
    }));
    // A minute of this clock is over when the engine has reached the registry.
    let over: () => void = () => undefined;
    const clock = { now: systemClock.now, sleep: systemClock.sleep, after: (ms: number, run: () => void) => (ms === 60_000 ? ((over = run), () => undefined) : systemClock.after(ms, run)) };
    const pull = outcome(new DockerImages(new Engine({}, clock)).pullImage(`127.0.0.1:${(silent.address() as AddressInfo).port}/x:1`, undefined, never));
    await reached;
    over();
    expect(await pull).to.contain('nothing came from the registry for 1 min; the pull was given up');
    for (const socket of held) socket.destroy();
  });
});
