import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { PodTable } from '#core/agent/pods/pod-table.ts';
import type { MirrorPods } from './mirror-pods.ts';
import { fullName, hashOf, mirroredHash } from './pod-annotations.ts';

export interface MirrorKeeperOptions {
  readonly table: PodTable;
  readonly mirrors: MirrorPods;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds between two looks; 5000 by default. */
  readonly periodMs?: number;
}

/** Keeps the objects that show static pods as they must be. */
export class MirrorKeeper {
  readonly #options: MirrorKeeperOptions;

  constructor(options: MirrorKeeperOptions) {
    this.#options = options;
  }

  /** @param isComplete whether all static pods and all objects are known: before that nothing is removed */
  async run(isComplete: () => boolean, signal: AbortSignal): Promise<void> {
    const { clock, logger, periodMs = 5000 } = this.#options;
    while (!signal.aborted) {
      if (isComplete()) {
        await this.#once(signal).catch((error: unknown) => {
          if (!signal.aborted) logger.debug('static pods could not be shown in the API; trying again', { error });
        });
      }
      await clock.sleep(periodMs, signal).catch(() => undefined);
    }
  }

  async #once(signal: AbortSignal): Promise<void> {
    const { table, mirrors } = this.#options;
    const wanted = new Map<string, string>();
    const pods = [...table.values()].filter(({ source }) => source === 'file');
    // One that has yet to leave is shown until it has left, and only then what takes its place.
    for (const { pod, isRemoved } of pods) if (isRemoved) wanted.set(fullName(pod), hashOf(pod));
    for (const { pod, isRemoved } of pods) {
      if (isRemoved || wanted.has(fullName(pod))) continue;
      wanted.set(fullName(pod), hashOf(pod));
      await mirrors.show(pod, table.shown(fullName(pod)), signal);
    }
    for (const mirror of table.mirrors()) if (wanted.get(fullName(mirror)) !== mirroredHash(mirror)) await mirrors.remove(mirror, signal);
  }
}
