import { PassThrough, Readable, Writable } from 'node:stream';
import type { StreamOptions, StreamSession } from '#core/spi/container-runtime.ts';
import { ProcessStreams } from '#test/fixtures/process-streams.ts';

/** What programs of `exec` do, by their name; who attaches meets the first. */
export const programs = ['echo', 'chatter', 'deaf', 'exits', 'lost'] as const;
export type FuzzedProgram = (typeof programs)[number];

const chatter = Buffer.alloc(16 * 1024, 'keelson\n');

/** Programs in memory of which it is known how many run. */
export class FuzzedRuntime extends ProcessStreams {
  /** Sessions that nobody has closed, with what was run. */
  readonly open = new Map<StreamSession, string>();
  opened = 0;

  override async exec(_id: string, [program = 'echo', ...args]: readonly string[], options: StreamOptions, signal: AbortSignal): Promise<StreamSession> {
    signal.throwIfAborted();
    return this.#begin(program as FuzzedProgram, options, args.join(' '));
  }

  override async attach(_id: string, options: StreamOptions): Promise<StreamSession> {
    return this.#begin('echo', options, '(attached)');
  }

  #begin(program: FuzzedProgram, options: StreamOptions, args: string): StreamSession {
    const ended = Promise.withResolvers<number | undefined>();
    ended.promise.catch(() => undefined);
    const { stdin, stdout } = streamsOf(program, (code) => ended.resolve(code));
    const stderr = Readable.from([Buffer.from('begun\n')]);
    const session: StreamSession = {
      ...(options.stdin ? { stdin } : {}), ...(options.stdout ? { stdout } : {}), ...(options.stderr ? { stderr } : {}),
      ended: ended.promise, resize: async () => undefined,
      close: () => {
        this.open.delete(session);
        for (const stream of [stdin, stdout, stderr]) stream.destroy();
        ended.resolve(137);
      },
    };
    for (const stream of [stdin, stdout, stderr]) stream.on('error', () => undefined);
    if (program === 'lost') setTimeout(() => ended.reject(new Error('the engine is gone')), 20).unref();
    this.open.set(session, `${program} ${args}`);
    this.opened++;
    return session;
  }
}

function streamsOf(program: FuzzedProgram, end: (code: number) => void): { readonly stdin: Writable; readonly stdout: Readable } {
  switch (program) {
    case 'chatter':
      return { stdin: new Writable({ write: (_data, _encoding, done) => done() }), stdout: new Readable({ read() {
        this.push(chatter);
      } }) };
    case 'deaf':
      return { stdin: new Writable({ write: () => undefined }), stdout: new PassThrough() };
    case 'exits':
      end(3);
      return { stdin: new PassThrough().resume(), stdout: Readable.from([Buffer.from('bye\n')]) };
    default: {
      const echo = new PassThrough();
      echo.once('end', () => end(0));
      return { stdin: echo, stdout: echo };
    }
  }
}
