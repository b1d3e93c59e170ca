import { Worker } from 'node:worker_threads';
import type { SlowDisk } from './slow-worker.ts';

const workerFile = new URL(import.meta.url.replace(/slow-disk(\.[jt]s)$/, 'slow-worker$1'));

/** For tests: a disk on which commits wait until they are let through or, with `stallMs`, take as long as that. */
export class StallingDisk {
  readonly #disk: SlowDisk;

  constructor(stallMs?: number) {
    this.#disk = { passes: new Int32Array(new SharedArrayBuffer(4)), stallMs };
  }

  readonly startWorker = (): Worker => new Worker(workerFile, { workerData: this.#disk, execArgv: ['--disable-warning=ExperimentalWarning'] });

  /** Lets so many more commits through. */
  letThrough(commits: number): void {
    Atomics.add(this.#disk.passes, 0, commits);
    Atomics.notify(this.#disk.passes, 0);
  }
}
