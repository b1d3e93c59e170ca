import { Worker } from 'node:worker_threads';
import { workerFile } from '#core/kernel/worker-file.ts';
import { diskFiles, type Content, type Files } from './files.ts';

/** What the thread does: changes, which take several calls of the system each and wait for the disk, and what comes with every one of them. */
export interface Errands extends Pick<Files, 'move' | 'syncFolder' | 'remove' | 'space'> {
  build(path: string, contents: Readonly<Record<string, Content>>): Promise<void>;
}

export interface Errand<Name extends keyof Errands = keyof Errands> {
  readonly id: number;
  readonly name: Name;
  readonly args: Parameters<Errands[Name]>;
}

export type Outcome = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly failure: { readonly message: string } };

interface Pending {
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The disk's files, for a process whose event loop has other things to do: of some twenty calls that a volume takes, each would wait for its turn there
 * twice. They are made in a thread that begins with the first change and ends with `close`; one that fails is begun anew by the next change.
 */
export class FilesThread {
  readonly files: Files = {
    ...diskFiles,
    build: (path, contents) => this.#send('build', [path, contents]),
    move: (from, to) => this.#send('move', [from, to]),
    syncFolder: (path) => this.#send('syncFolder', [path]),
    remove: (path) => this.#send('remove', [path]),
    // Who never makes a volume measures the disk too, and needs no thread.
    space: (path) => (this.#worker === undefined ? diskFiles.space(path) : this.#send('space', [path])),
  };
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #lastId = 0;

  /** Waits for what is under way, and for what comes meanwhile. */
  async close(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled([...this.#pending.values()].map(({ promise }) => promise));
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #send<Name extends keyof Errands>(name: Name, args: Parameters<Errands[Name]>): ReturnType<Errands[Name]> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const worker = (this.#worker ??= this.#start());
    const id = ++this.#lastId;
    this.#pending.set(id, { promise, resolve, reject });
    // As long as something is under way, the process stays.
    worker.ref();
    worker.postMessage({ id, name, args });
    // The thread answers an errand with that errand's result; the port does not keep the type.
    return promise as ReturnType<Errands[Name]>;
  }

  #start(): Worker {
    const worker = new Worker(workerFile(import.meta.url, 'files-worker'), {
      name: 'keelson-files', execArgv: ['--disable-warning=ExperimentalWarning'], resourceLimits: { maxYoungGenerationSizeMb: 4 },
    });
    worker.on('message', (outcome: Outcome) => {
      const pending = this.#pending.get(outcome.id);
      this.#pending.delete(outcome.id);
      if (this.#pending.size === 0) worker.unref();
      // What a failure of the file system says of itself is in its code.
      if ('failure' in outcome) pending?.reject(Object.assign(new Error(outcome.failure.message), outcome.failure));
      else pending?.resolve(outcome.value);
    });
    const ended = (error: Error): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
    };
    worker.on('error', (error) => ended(new Error('the thread of the local volumes failed', { cause: error })));
    worker.on('exit', (code) => ended(new Error(`the thread of the local volumes ended with code ${code}`)));
    return worker;
  }
}
