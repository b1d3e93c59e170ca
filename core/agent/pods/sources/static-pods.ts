import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { fullName } from './pod-annotations.ts';
import { staticPod } from './static-pod-file.ts';

/** Pods that a node runs of its own accord. */
export interface StaticPodSource {
  /** Calls back with all of them, first when they are known and then when they change, until the signal aborts. Never rejects. */
  follow(changed: (pods: readonly Pod[]) => void, signal: AbortSignal): Promise<void>;
}

export interface StaticPodFolderOptions {
  readonly folder: string;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds between two looks; 20,000 by default. */
  readonly periodMs?: number;
}

const mostFiles = 500;
const mostBytes = 2 ** 20;

interface Read {
  readonly text: string;
  readonly pod: Pod | undefined;
}

/** The pods that the files of a folder describe, one in each. A file that cannot be read as a pod is told of once and left out. */
export class StaticPodFolder implements StaticPodSource {
  readonly #options: StaticPodFolderOptions;
  #read = new Map<string, Read>();

  constructor(options: StaticPodFolderOptions) {
    this.#options = options;
  }

  async follow(changed: (pods: readonly Pod[]) => void, signal: AbortSignal): Promise<void> {
    const { clock, periodMs = 20_000 } = this.#options;
    let last: string | undefined;
    while (!signal.aborted) {
      const pods = await this.#look();
      const uids = pods?.map(({ metadata }) => metadata.uid).join(' ');
      if (pods !== undefined && uids !== last && !signal.aborted) changed(pods);
      last = uids ?? last;
      await clock.sleep(periodMs, signal).catch(() => undefined);
    }
  }

  /** Undefined when the folder cannot be read: nothing is concluded from that. */
  async #look(): Promise<readonly Pod[] | undefined> {
    const { folder, logger } = this.#options;
    const names = await readdir(folder).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      logger.warn('the folder of static pods cannot be read', { folder, error });
      return undefined;
    });
    if (names === undefined) return undefined;
    const before = this.#read;
    const read = (this.#read = new Map<string, Read>());
    const byName = new Map<string, Pod>();
    for (const name of names.filter((one) => /^[^.].*\.(?:ya?ml|json)$/.test(one)).toSorted().slice(0, mostFiles)) {
      const file = await this.#file(join(folder, name), before.get(name));
      if (file === undefined) continue;
      read.set(name, file);
      if (file.pod !== undefined) byName.set(fullName(file.pod), file.pod);
    }
    return [...byName.values()];
  }

  async #file(path: string, before: Read | undefined): Promise<Read | undefined> {
    const { nodeName, clock, logger } = this.#options;
    try {
      const stats = await stat(path);
      if (!stats.isFile()) return undefined;
      if (stats.size > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
      const text = await readFile(path, 'utf8');
      if (text === before?.text) return before;
      try {
        return { text, pod: await staticPod(text, path, { nodeName, now: clock.now() }) };
      } catch (error) {
        logger.warn('a file of static pods describes no pod', { path, error });
        return { text, pod: undefined };
      }
    } catch (error) {
      logger.warn('a file of static pods cannot be read', { path, error });
      // It may just be being replaced: the pod stays until the file is gone.
      return before;
    }
  }
}
