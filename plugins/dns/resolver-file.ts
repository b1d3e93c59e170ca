import { readFile, stat } from 'node:fs/promises';
import { parseResolvConf, type ResolverSettings } from '#core/api/resolver-settings.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';

const everyMs = 5000;
const largestBytes = 1 << 20;

/** Follows a resolv.conf. Looks at it from time to time, for it is often a link that is put in place of another. */
export class ResolverFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changed: (settings: ResolverSettings) => void;
  #seen: string | undefined;
  #cancel = (): void => undefined;
  #stopped = false;

  /** @param changed is told of the first settings, and of others */
  constructor(path: string, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }, changed: (settings: ResolverSettings) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#logger = logger;
    this.#changed = changed;
  }

  async start(): Promise<void> {
    await this.#look();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  /** A file that cannot be read leaves the settings as they were. */
  async #look(): Promise<void> {
    try {
      const { mtimeMs, ino, size } = await stat(this.#path);
      const state = `${mtimeMs} ${ino} ${size}`;
      if (state !== this.#seen) {
        if (size > largestBytes) throw new Error(`${this.#path} has ${size} bytes, which is too large for a resolv.conf`);
        const settings = parseResolvConf(await readFile(this.#path, 'utf8'));
        this.#seen = state;
        if (!this.#stopped) this.#changed(settings);
      }
    } catch (error) {
      this.#logger.warn('the resolver\'s settings of this machine cannot be read', { path: this.#path, error });
    }
    if (!this.#stopped) this.#cancel = this.#clock.after(everyMs, () => void this.#look());
  }
}
