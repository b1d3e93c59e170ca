import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { ProviderError } from '#core/spi/errors.ts';
import { copyKeys } from './backup-copy.ts';
import { draftBackup, sealBackup } from './backup-file.ts';
import { explained, isFull } from './errors.ts';
import { refuseForeign } from './schema.ts';

/** How long a store that is just being opened or closed is waited for, in milliseconds. */
const patience = 5000;

/** Fills the empty file `path` with a backup of the store's `file`. */
export async function writeBackup(
  file: string, path: string, files: ReadonlyMap<string, Uint8Array>, { signal, madeAt }: { signal: AbortSignal; madeAt: Date },
): Promise<void> {
  const source = openSource(file);
  try {
    const draft = draftBackup(path);
    try {
      const revision = await copyKeys(source, draft, signal);
      const add = draft.prepare('INSERT INTO files VALUES (?, ?)');
      for (const [name, content] of files) add.run(name, content);
      sealBackup(draft, revision, madeAt);
    } finally {
      draft.close();
    }
  } catch (error) {
    throw explained(error, isFull(error) ? path : file);
  } finally {
    source.close();
  }
}

/** For reading alone: whoever has the store open keeps it, and goes on writing. */
function openSource(file: string): DatabaseSync {
  if (!existsSync(file)) throw new ProviderError('NotFound', `there is no store ${file}`);
  let source: DatabaseSync | undefined;
  try {
    source = new DatabaseSync(file, { readOnly: true, timeout: patience });
    if (refuseForeign(source, file)) throw new ProviderError('Invalid', `${file} is empty`);
    return source;
  } catch (error) {
    source?.close();
    throw explained(error, file);
  }
}
