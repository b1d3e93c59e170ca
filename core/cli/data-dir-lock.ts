import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLineOf, identityOf, isRunning, type ProcessIdentity } from './process-identity.ts';

export interface DataDirLock {
  release(): Promise<void>;
}

/**
 * Takes the data directory for this process, at once or not at all. What a dead process left behind is taken over;
 * of several that try it at the same moment, one succeeds. Good for the processes of one machine.
 *
 * @throws {Error} that names the process which holds it
 */
export async function lockDataDir(dir: string): Promise<DataDirLock> {
  const path = join(dir, 'lock');
  const holder = await acquire(path, identityOf(process.pid));
  if (holder !== undefined) throw new DataDirInUse(dir, holder);
  return { release: () => rm(path, { force: true }) };
}

class DataDirInUse extends Error {
  constructor(dir: string, { pid }: ProcessIdentity) {
    const command = commandLineOf(pid);
    super(`${dir} is in use by process ${pid}${command === '' ? '' : ` (${command})`}; stop it, or choose another --data-dir`);
  }
}

/**
 * Resolves to the live holder when it is not us.
 *
 * A dead holder's file may be replaced only by whoever holds a second lock that is named after that very holder. So nobody
 * who saw the dead holder a moment ago can remove the file of the one that has replaced it meanwhile.
 */
async function acquire(path: string, self: ProcessIdentity): Promise<ProcessIdentity | undefined> {
  for (let attempt = 0; attempt < 20; attempt++) {
    if (await createWith(path, self)) return undefined;
    const holder = await holderOf(path);
    if (holder === undefined) continue;
    if (isRunning(holder)) return holder;
    const takeover = `${path}.${holder.pid}-${holder.startedAt}`;
    const rival = await acquire(takeover, self);
    if (rival !== undefined) return rival;
    try {
      if (sameAs(await holderOf(path), holder)) {
        await replaceWith(path, self);
        return undefined;
      }
    } finally {
      await rm(takeover, { force: true });
    }
  }
  throw new Error(`${path} changes all the time`);
}

/** With its text from the first moment on; false when the file exists. */
async function createWith(path: string, identity: ProcessIdentity): Promise<boolean> {
  const draft = await writeDraft(path, identity);
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function replaceWith(path: string, identity: ProcessIdentity): Promise<void> {
  await rename(await writeDraft(path, identity), path);
}

async function writeDraft(path: string, identity: ProcessIdentity): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await writeFile(draft, JSON.stringify(identity), { flag: 'wx', mode: 0o600 });
  return draft;
}

/** Undefined when the file is gone. */
async function holderOf(path: string): Promise<ProcessIdentity | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return parse(text) ?? { pid: 0, startedAt: 'damaged', boot: 'damaged' };
}

function parse(text: string): ProcessIdentity | undefined {
  try {
    const { pid, startedAt, boot } = JSON.parse(text) as Partial<ProcessIdentity>;
    if (!Number.isSafeInteger(pid) || typeof startedAt !== 'string' || typeof boot !== 'string' || !/^\d*$/.test(startedAt)) return undefined;
    return { pid: Number(pid), startedAt, boot };
  } catch {
    return undefined;
  }
}

const sameAs = (one: ProcessIdentity | undefined, other: ProcessIdentity): boolean =>
  one !== undefined && one.pid === other.pid && one.startedAt === other.startedAt && one.boot === other.boot;
