import { readFile, stat } from 'node:fs/promises';
import { parseResolvConf, type ResolverSettings } from '#core/api/resolver-settings.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';

const everyMs = 5000;
const largestBytes = 1 << 20;
/** Where systemd keeps the servers that it asks itself. */
const behindSystemd = '/run/systemd/resolve/resolv.conf';
const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/**
 * Follows a resolv.conf. Looks at it from time to time, for it is often a link that is put in place of another. Where it names nobody but a server on
 * loopback, those that systemd asks are added: in another network namespace than the computer's own there is nobody on loopback.
 */
export class ResolverFile {
  readonly #path: string;
  readonly #behind: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #changed: (settings: ResolverSettings) => void;
  #seen: string | undefined;
  #cancel = (): void => undefined;
  #stopped = false;

  /** @param changed is told of the first settings, and of others */
  constructor(path: string, { clock, logger, behind = behindSystemd }: { readonly clock: Clock; readonly logger: Logger; readonly behind?: string }, changed: (settings: ResolverSettings) => void) {
    this.#path = path;
    this.#behind = behind;
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
      const own = await read(this.#path);
      const behind = own.settings.nameservers.every(isLoopback) ? await read(this.#behind).catch(() => undefined) : undefined;
      const nameservers = [...own.settings.nameservers, ...(behind?.settings.nameservers ?? [])];
      const state = `${own.state} ${behind?.state ?? ''}`;
      if (state !== this.#seen) {
        this.#seen = state;
        if (!this.#stopped) this.#changed({ ...own.settings, nameservers });
      }
    } catch (error) {
      this.#logger.warn('the resolver\'s settings of this machine cannot be read', { path: this.#path, error });
    }
    if (!this.#stopped) this.#cancel = this.#clock.after(everyMs, () => void this.#look());
  }
}

async function read(path: string): Promise<{ readonly settings: ResolverSettings; readonly state: string }> {
  const { mtimeMs, ino, size } = await stat(path);
  if (size > largestBytes) throw new Error(`${path} has ${size} bytes, which is too large for a resolv.conf`);
  return { settings: parseResolvConf(await readFile(path, 'utf8')), state: `${mtimeMs} ${ino} ${size}` };
}
