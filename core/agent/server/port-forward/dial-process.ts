import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { workerFile } from '#core/kernel/worker-file.ts';
import { CannotEnterError, DialError } from './dial-error.ts';

export interface DialRequest {
  /** From 1 on. */
  readonly id: number;
  readonly port: number;
}

/** With the connected socket, unless there are `codes`. The one with id 0 says that the process is there. */
export interface DialAnswer {
  readonly id: number;
  /** What each attempt failed with. */
  readonly codes?: readonly string[];
}

interface Waiting extends PromiseWithResolvers<Socket> {
  readonly port: number;
}

/** A process inside a network namespace, which connects to ports there and hands over the sockets. */
export class DialProcess {
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  readonly #namespace: string;
  readonly #child: ReturnType<typeof spawn>;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ready = Promise.withResolvers<void>();
  #lastId = 0;

  /** @param namespace a path, such as `/proc/1234/ns/net` */
  constructor(namespace: string) {
    this.#namespace = namespace;
    this.#child = spawn(namespace);
    this.#child.nodeChildProcess.on('message', (message, handle) => this.#take(message as DialAnswer, handle));
    this.ended = this.#child.then(({ stderr, shortMessage }) => this.#over(stderr || (shortMessage ?? 'it ended')));
    this.#ready.promise.catch(() => undefined);
  }

  /** @throws {CannotEnterError} @throws {DialError} */
  async dial(port: number): Promise<Socket> {
    await this.#ready.promise;
    const id = ++this.#lastId;
    const wanted = { port, ...Promise.withResolvers<Socket>() };
    this.#waiting.set(id, wanted);
    const request: DialRequest = { id, port };
    this.#child.nodeChildProcess.send(request, (error) => {
      if (error && this.#waiting.delete(id)) wanted.reject(error);
    });
    return wanted.promise;
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  #take({ id, codes }: DialAnswer, handle: unknown): void {
    if (id === 0) this.#ready.resolve();
    const wanted = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (!(handle instanceof Socket)) wanted?.reject(new DialError(wanted.port, this.#namespace, codes ?? []));
    else if (wanted === undefined) handle.destroy();
    else {
      handle.allowHalfOpen = true;
      wanted.resolve(handle);
    }
  }

  #over(why: string): void {
    this.#ready.reject(new CannotEnterError(why));
    for (const { reject } of this.#waiting.values()) reject(new Error(`the process in ${this.#namespace} ended: ${why}`));
    this.#waiting.clear();
  }
}

const spawn = (namespace: string) => execa('nsenter', [
  `--net=${namespace}`, process.execPath, '--disable-warning=ExperimentalWarning', '--max-old-space-size=32', fileURLToPath(workerFile(import.meta.url, 'dial-worker')),
], {
  ipc: true, serialization: 'json', buffer: { ipc: false }, reject: false, stdin: 'ignore', stdout: 'ignore', maxBuffer: 4096,
  extendEnv: false, env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C' },
});
