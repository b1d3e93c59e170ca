import { randomBytes } from 'node:crypto';
import { link, open, readFile, rename, rm } from 'node:fs/promises';

/** Replaces a file that only its owner may read. Whoever reads it sees the old text or the new one, also after a power cut. */
export function writePrivateFile(path: string, text: string): Promise<void> {
  return drafted(path, text, (draft) => rename(draft, path));
}

/**
 * Makes a file that only its owner may read, whole from the first moment on, unless there is one: of several processes that try it at
 * the same moment, one makes it. Resolves to the text that the file has then.
 */
export function makePrivateFile(path: string, text: string): Promise<string> {
  return drafted(path, text, async (draft) => {
    try {
      await link(draft, path);
      return text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return readFile(path, 'utf8');
    }
  });
}

async function drafted<T>(path: string, text: string, place: (draft: string) => Promise<T>): Promise<T> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    return await place(draft);
  } finally {
    await rm(draft, { force: true });
  }
}
