import { randomBytes } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Backup, KeyValueBackup, Restored } from '#core/spi/key-value-store.ts';
import { databaseFile, makePrivate, sync } from './files.ts';

/** Backups of the store in `stateDir`, whether or not a process has it open. */
export class SqliteBackup implements KeyValueBackup {
  readonly #file: string;
  readonly #now: () => number;

  /** `now` is the time in milliseconds. */
  constructor({ stateDir }: { readonly stateDir: string }, now: () => number = Date.now) {
    this.#file = databaseFile(stateDir);
    this.#now = now;
  }

  async holdsData(): Promise<boolean> {
    const { holdsData } = await import('./restore.ts');
    return holdsData(this.#file);
  }

  async save(file: string, files: ReadonlyMap<string, Uint8Array>, signal: AbortSignal): Promise<Backup> {
    const [{ writeBackup }, { openBackup }] = await Promise.all([import('./backup-write.ts'), import('./backup-file.ts')]);
    const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      makePrivate(draft);
      await writeBackup(this.#file, draft, files, { signal, madeAt: new Date(this.#now()) });
      sync(draft);
      const { database, ...backup } = openBackup(draft);
      database.close();
      await rename(draft, file);
      sync(dirname(file));
      return backup;
    } finally {
      await rm(draft, { force: true });
    }
  }

  async inspect(file: string): Promise<Backup> {
    const { openBackup } = await import('./backup-file.ts');
    const { database, ...backup } = openBackup(file);
    database.close();
    return backup;
  }

  async restore(file: string): Promise<Restored> {
    const { restoreBackup } = await import('./restore.ts');
    return restoreBackup(this.#file, file, this.#now());
  }
}
