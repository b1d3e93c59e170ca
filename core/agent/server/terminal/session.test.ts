import { PassThrough, Writable } from 'node:stream';
import { expect } from 'chai';
import type { Status } from '#core/api/schema/meta.ts';
import type { StreamSession } from '#core/spi/container-runtime.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import type { TerminalChannels } from './channels.ts';
import { runTerminal } from './session.ts';

describe('a terminal session', () => {
  let clock: FakeClock;
  let gone: AbortController;
  let statuses: Status[];
  let client: { stdin: PassThrough; stdout: PassThrough; stderr: PassThrough; sizes: PassThrough };
  let program: { stdin: PassThrough; stdout: PassThrough; stderr: PassThrough };
  let ended: PromiseWithResolvers<number | undefined>;
  let closed: boolean;
  let resized: { width: number; height: number }[];
  let refusals: number;

  const renew = (): void => {
    client = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough(), sizes: new PassThrough() };
    program = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    ended = Promise.withResolvers();
    closed = false;
  };
  beforeEach(() => {
    clock = new FakeClock();
    gone = new AbortController();
    statuses = [];
    renew();
    resized = [];
    refusals = 0;
  });

  const channels = (change: Partial<TerminalChannels> = {}): TerminalChannels => ({ ...client, gone: gone.signal, finish: async (status) => void statuses.push(status), ...change });
  const session = (change: Partial<StreamSession> = {}): StreamSession => ({
    ...program, ended: ended.promise,
    resize: async (size) => {
      if (refusals-- > 0) throw new Error('no terminal yet');
      resized.push(size);
    },
    close: () => {
      closed = true;
      program.stdout.end();
      program.stderr.end();
      ended.resolve(undefined);
    },
    ...change,
  });
  const run = (opened: Promise<StreamSession> = Promise.resolve(session()), hasExitCode = true, given = channels()) =>
    runTerminal(given, { failure: 'error executing command in container', hasExitCode, open: () => opened }, clock);
  const end = (code: number | undefined): void => {
    program.stdout.end();
    program.stderr.end();
    ended.resolve(code);
  };

  it('says how the program ended only after all that it said', async () => {
    const running = run();
    program.stdout.write('out');
    program.stderr.write('err');
    ended.resolve(3);
    await settle(10);
    expect(statuses).to.deep.equal([]);
    end(3);
    await running;
    expect([String(client.stdout.read()), String(client.stderr.read())]).to.deep.equal(['out', 'err']);
    expect(statuses).to.deep.equal([{ metadata: {}, status: 'Failure', message: 'command terminated with non-zero exit code: exit status 3', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: '3' }] } }]);
  });

  it('is a success for 0, and for whatever one was attached to', async () => {
    for (const [code, hasExitCode] of [[0, true], [0, false], [1, false], [undefined, false]] as const) {
      renew();
      const running = run(Promise.resolve(session()), hasExitCode);
      end(code);
      await running;
    }
    expect(statuses).to.deep.equal(Array.from({ length: 4 }, () => ({ metadata: {}, status: 'Success' })));
  });

  it('says why there is no program, or what became of it', async () => {
    await run(Promise.reject(new Error('no such file')));
    const running = run();
    end(undefined);
    await running;
    expect(statuses.map(({ message, reason, code }) => [message, reason, code])).to.deep.equal([
      ['Internal error occurred: error executing command in container: no such file', 'InternalError', 500],
      ['Internal error occurred: error executing command in container: the runtime lost the program', 'InternalError', 500],
    ]);
    expect(statuses[0]!.details).to.deep.equal({ causes: [{ message: 'error executing command in container: no such file' }] });
  });

  it('lets go of the program when the client leaves, also while it starts', async () => {
    const running = run();
    await settle();
    gone.abort();
    await running;
    expect([closed, statuses]).to.deep.equal([true, []]);
    renew();
    await run();
    expect(closed).to.equal(true);
    renew();
    const deaf = session({ ended: new Promise(() => undefined), close: () => {
      closed = true;
    } });
    await run(Promise.resolve(deaf));
    expect(closed, 'a runtime that never says that it has ended').to.equal(true);
  });

  it('hands input on, and drops what a program does not read any more', async () => {
    const running = run();
    client.stdin.write('hello');
    await eventually(() => program.stdin.readableLength === 5, 'the input');
    program.stdin.destroy(new Error('EPIPE'));
    await settle();
    for (let i = 0; i < 100; i++) client.stdin.write(Buffer.alloc(10_000));
    await eventually(() => client.stdin.writableLength === 0, 'the rest to be dropped');
    end(0);
    await running;
  });

  it('waits for a slow client', async () => {
    const held: (() => void)[] = [];
    const slow = new Writable({ highWaterMark: 10, write: (_chunk, _encoding, done) => void held.push(done) });
    const running = run(undefined, true, channels({ stdout: slow }));
    let written = 0;
    for (let i = 0; i < 20; i++) program.stdout.write(Buffer.alloc(10_000), () => written++);
    await settle(20);
    expect(written).to.be.below(10);
    end(0);
    await settle(20);
    expect(statuses).to.deep.equal([]);
    while (statuses.length === 0) {
      held.shift()?.();
      await settle();
    }
    await running;
    expect(written).to.equal(20);
  });

  it('sets sizes one at a time, the last of many, and again while there is no terminal', async () => {
    refusals = 3;
    const running = run();
    client.sizes.write('{"Width":80,"Height":25}');
    await settle();
    for (let width = 81; width <= 90; width++) client.sizes.write(`{"Width":${width},"Height":25}`);
    await clock.advance(150);
    expect(resized).to.deep.equal([{ width: 90, height: 25 }]);
    refusals = 1000;
    client.sizes.write('{"Width":100,"Height":25}');
    await clock.advance(60_000);
    expect([resized.length, refusals]).to.deep.equal([1, 980]);
    refusals = 0;
    client.sizes.write('{"Width":101,"Height":25}');
    await settle();
    expect(resized.at(-1)).to.deep.equal({ width: 101, height: 25 });
    end(0);
    await running;
  });
});
