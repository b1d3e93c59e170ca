import { stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { PodDirectory } from '#core/agent/server/pod-directory.ts';
import { CannotEnterError, DialError } from './dial-error.ts';
import type { DialProcess } from './dial-process.ts';

/** A process is kept so long after its last use, in milliseconds. */
const idleMs = 30_000;

interface Entry {
  readonly process: DialProcess;
  uses: number;
  stopWaiting: () => void;
}

/**
 * Connects to ports of pods as if from inside of them, so that what listens on the pod's loopback only is reached too. Node cannot enter a network
 * namespace, so one process per pod does, for as long as ports are forwarded. Where none can be started the pod's address is tried.
 */
export class PodDialer {
  readonly #directory: Pick<PodDirectory, 'networkNamespace'>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** By the namespace's inode: a path may come to mean another one. */
  readonly #entries = new Map<bigint, Entry>();

  constructor(directory: Pick<PodDirectory, 'networkNamespace'>, clock: Clock, logger: Logger) {
    this.#directory = directory;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** @throws {DialError} when nothing takes the connection */
  async dial({ metadata: { uid }, status }: Pod, port: number, signal: AbortSignal): Promise<Socket> {
    const path = await this.#directory.networkNamespace(uid, signal);
    if (path === undefined) return dialLocal(port);
    try {
      return await this.#dialInside(path, port);
    } catch (error) {
      const { podIP } = status;
      if (!(error instanceof CannotEnterError) || !podIP) throw error;
      this.#logger.debug('no process can be started in the network namespace of a pod: its address is tried', { path, error });
      return dialHost(podIP, port);
    }
  }

  async stop(): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(({ process, stopWaiting }) => {
      stopWaiting();
      return process.stop();
    }));
  }

  async #dialInside(path: string, port: number): Promise<Socket> {
    const { ino } = await stat(path, { bigint: true });
    // Few agents ever forward a port.
    const { DialProcess: Process } = await import('./dial-process.ts');
    const entry = this.#entries.get(ino) ?? this.#add(ino, new Process(path));
    entry.stopWaiting();
    entry.uses++;
    const done = (): void => {
      if (--entry.uses > 0) return;
      entry.stopWaiting = this.#clock.after(idleMs, () => void entry.process.stop());
    };
    try {
      const socket = await entry.process.dial(port);
      socket.once('close', done);
      return socket;
    } catch (error) {
      done();
      throw error;
    }
  }

  #add(ino: bigint, process: DialProcess): Entry {
    const entry: Entry = { process, uses: 0, stopWaiting: () => undefined };
    this.#entries.set(ino, entry);
    void entry.process.ended.then(() => {
      entry.stopWaiting();
      if (this.#entries.get(ino) === entry) this.#entries.delete(ino);
    });
    return entry;
  }
}

/** @throws {DialError} */
async function dialLocal(port: number): Promise<Socket> {
  const codes: string[] = [];
  for (const host of ['127.0.0.1', '::1']) {
    try {
      return await dialHost(host, port);
    } catch (error) {
      codes.push((error as NodeJS.ErrnoException).code ?? String(error));
    }
  }
  throw new DialError(port, undefined, codes);
}

function dialHost(host: string, port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host, port, allowHalfOpen: true });
  socket.setTimeout(10_000, () => socket.destroy(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })));
  socket.once('error', reject);
  socket.once('connect', () => {
    socket.setTimeout(0);
    socket.off('error', reject);
    resolve(socket);
  });
  return promise;
}
