import type { Exec } from 'dockerode';
import type { ExecResult, StreamOptions, StreamSession } from '#core/spi/container-runtime.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { type Engine, raced } from './engine.ts';
import { toProviderError } from './failures.ts';
import type { Inspections } from './inspections.ts';
import { killInContainer } from './processes.ts';
import { streamsOf } from './session.ts';

/** What nobody types: by the engine's own keys, Ctrl-P and Ctrl-Q, a terminal would be cut off, and each Ctrl-P held back. */
const detachKeys = 'ctrl-^,ctrl-_,ctrl-^,ctrl-_,ctrl-^,ctrl-_,ctrl-^,ctrl-_';

const longestOutput = 10 * 1024;
const promptMs = 10_000;
const lookMs = 20;
const looks = 250;

const never = new AbortController().signal;

/** Programs in containers, and those that containers are. */
export class DockerPrograms {
  readonly #engine: Engine;
  readonly #inspections: Inspections;

  constructor(engine: Engine, inspections: Inspections) {
    this.#engine = engine;
    this.#inspections = inspections;
  }

  /** The session ends with `signal`, as by `close`. */
  async exec(id: string, command: readonly string[], options: StreamOptions, signal: AbortSignal): Promise<StreamSession> {
    const what = `cannot run a command in container ${id}`;
    await this.#checkThere(id, what, signal);
    const exec = await this.#engine.call(what, signal, (docker, abort) => docker.getContainer(id).exec({
      Cmd: [...command], Tty: options.tty, AttachStdin: options.stdin, AttachStdout: options.stdout, AttachStderr: options.stderr && !options.tty, DetachKeys: detachKeys, ...abort,
    }));
    const connection = await this.#engine.call(what, signal, (_docker, abort) => exec.start({ hijack: true, Tty: options.tty, ...abort })).catch((error: unknown) => {
      // The engine may be starting it all the same.
      void this.#kill(exec, id);
      throw error;
    });
    const streams = streamsOf(connection, options);
    const over = new AbortController();
    const ended = streams.drained.then(() => this.#exitCode(exec, what, over.signal), (error: unknown) => {
      throw toProviderError(error, what);
    }).finally(() => over.abort());
    const close = (): void => {
      if (!over.signal.aborted) void this.#kill(exec, id).finally(() => streams.destroy()).finally(() => over.abort());
    };
    return session(streams, ended, close, signal, (size) => this.#engine.call(what, signal, () => exec.resize(size)));
  }

  async attach(id: string, options: StreamOptions, signal: AbortSignal): Promise<StreamSession> {
    const what = `cannot attach to container ${id}`;
    const { tty, stdinOnce } = await this.#checkThere(id, what, signal);
    const { stdin, stdout, stderr } = options;
    const connection = await this.#engine.call(what, signal, (docker, abort) => docker.getContainer(id).attach({ stream: true, hijack: true, stdin, stdout, stderr, detachKeys, ...abort }));
    const streams = streamsOf(connection as Parameters<typeof streamsOf>[0], { ...options, tty, outlivesInput: !stdinOnce });
    const ended = streams.drained.catch(() => undefined).then(() => this.#endOf(id));
    return session(streams, ended, () => streams.destroy(), signal, (size) => this.#engine.call(what, signal, (docker) => docker.getContainer(id).resize(size)));
  }

  async execSync(id: string, command: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<ExecResult> {
    const late = new AbortController();
    const cancel = this.#engine.clock.after(timeoutMs, () => late.abort(new Error(`no end within ${timeoutMs / 1000} s`)));
    const either = AbortSignal.any([signal, late.signal]);
    try {
      return await raced(this.#toItsEnd(id, command, either), either);
    } catch (error) {
      if (!either.aborted) throw error;
      const end = late.signal.aborted ? `timed out after ${timeoutMs / 1000} s` : 'was given up';
      throw new ProviderError('Unavailable', `command ${JSON.stringify(command)} ${end}`, { cause: error });
    } finally {
      cancel();
    }
  }

  async #toItsEnd(id: string, command: readonly string[], signal: AbortSignal): Promise<ExecResult> {
    const { stdout, stderr, ended } = await this.exec(id, command, { stdin: false, stdout: true, stderr: true, tty: false }, signal);
    const [out, err, exitCode] = await Promise.all([head(stdout), head(stderr), ended]);
    if (exitCode === undefined) throw new ProviderError('Unavailable', `command ${JSON.stringify(command)} has ended, and the container engine does not say how`);
    return { exitCode, stdout: out, stderr: err };
  }

  async #checkThere(id: string, what: string, signal: AbortSignal): Promise<{ readonly tty: boolean; readonly stdinOnce: boolean }> {
    const container = await this.#inspections.find(id, 'container', signal);
    if (container === undefined) throw new ProviderError('NotFound', `${what}: there is no such container`);
    if (!container.running) throw new ProviderError('Invalid', `${what}: it is not running`);
    return container;
  }

  /** The engine closes the streams a moment before it knows the exit code, and long before when the program has closed them itself. */
  async #exitCode(exec: Exec, what: string, over: AbortSignal): Promise<number | undefined> {
    for (let waitMs = lookMs; !over.aborted; waitMs = Math.min(waitMs * 1.5, 1000)) {
      const { Running, ExitCode } = await this.#engine.call(what, never, (_docker, abort) => exec.inspect(abort), { timeoutMs: promptMs });
      if (!Running && ExitCode !== null) return ExitCode;
      await this.#engine.clock.sleep(waitMs, over).catch(() => undefined);
    }
    return undefined;
  }

  /** One that has not begun yet is waited for. */
  async #kill(exec: Exec, containerId: string): Promise<void> {
    try {
      for (let look = 0; look < looks; look += 1) {
        const { Running, Pid, ExitCode } = await this.#engine.call(`cannot kill a command in container ${containerId}`, never, (_docker, abort) => exec.inspect(abort), { timeoutMs: promptMs });
        if (Running && Pid > 0) return void (await killInContainer(Pid, containerId));
        if (ExitCode !== null) return;
        await this.#engine.clock.sleep(lookMs);
      }
    } catch {
      // The engine is away, or the container: then the connection is all that can be ended.
    }
  }

  async #endOf(id: string): Promise<number | undefined> {
    for (let look = 0; look < 10; look += 1) {
      const container = await this.#inspections.find(id, 'container', never);
      if (container?.running !== true) return container?.exitCode;
      await this.#engine.clock.sleep(lookMs);
    }
    return undefined;
  }
}

function session({ stdin, stdout, stderr }: Pick<StreamSession, 'stdin' | 'stdout' | 'stderr'>, ended: Promise<number | undefined>, close: () => void, signal: AbortSignal, resize: (size: { h: number; w: number }) => Promise<unknown>): StreamSession {
  signal.addEventListener('abort', close, { once: true });
  ended.catch(() => undefined).finally(() => signal.removeEventListener('abort', close)).catch(() => undefined);
  return {
    ...(stdin ? { stdin } : {}), ...(stdout ? { stdout } : {}), ...(stderr ? { stderr } : {}), ended, close,
    resize: async ({ width, height }) => void (await resize({ h: height, w: width })),
  };
}

/** The begin of it; the rest is read, so that the program does not wait, and dropped. */
async function head(stream: StreamSession['stdout']): Promise<string> {
  const kept: Buffer[] = [];
  let length = 0;
  for await (const chunk of (stream ?? []) as AsyncIterable<Buffer>) {
    if (length < longestOutput) kept.push(chunk.subarray(0, longestOutput - length));
    length += chunk.length;
  }
  return Buffer.concat(kept).toString();
}
