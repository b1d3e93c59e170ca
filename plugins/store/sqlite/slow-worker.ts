import { parentPort, workerData } from 'node:worker_threads';
import { Database } from './database.ts';
import type { Batch, Outcome } from './protocol.ts';
import { serve } from './serve.ts';

/** What a test does to the disk of its store. */
export interface SlowDisk {
  /** How many commits may pass before the disk stalls. */
  readonly passes: Int32Array;
  /** How long a commit takes then; without it until another pass is given. */
  readonly stallMs: number | undefined;
}

/** Entry of a worker thread whose disk is as slow as a test wants it: each commit waits for its turn and then is one like any other. */
class SlowDatabase extends Database {
  readonly #disk: SlowDisk;

  constructor(disk: SlowDisk) {
    super();
    this.#disk = disk;
  }

  override commit(batch: Batch): Outcome {
    const { passes, stallMs } = this.#disk;
    while (Atomics.load(passes, 0) === 0 && Atomics.wait(passes, 0, 0, stallMs) !== 'timed-out');
    if (Atomics.load(passes, 0) > 0) Atomics.sub(passes, 0, 1);
    return super.commit(batch);
  }
}

if (parentPort) serve(parentPort, new SlowDatabase(workerData as SlowDisk));
