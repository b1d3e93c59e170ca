import { existsSync } from 'node:fs';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { backupsOf, count, pkiFiles, pkiFolder, refuseElsewhere } from './backup.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { valueOf, type FlagValues } from './flags.ts';
import { makeDataDir } from './settings.ts';

/** Makes a data directory from a backup: first the certificates, then, in one step that is made whole or not at all, the store. */
export async function restore(values: FlagValues): Promise<number> {
  const dataDir = resolve(valueOf(values, 'data-dir'));
  const file = resolve(valueOf(values, 'FILE'));
  const store = valueOf(values, 'store');
  const folder = pkiFolder(values);
  refuseElsewhere(store);
  if (!existsSync(file)) throw new Error(`there is no file ${file}`);
  await makeDataDir(dataDir);
  const backups = await backupsOf(store, dataDir);
  const lock = await lockDataDir(dataDir);
  try {
    const { revision, keys, madeAt, files } = await backups.inspect(file);
    const there = await pkiFiles(folder);
    const certificates = pkiOf(file, files);
    const isSame = sameFiles(certificates, there);
    if (valueOf(values, 'force') !== 'true') {
      if (await backups.holdsData()) throw new Error(`${dataDir} holds a cluster already; choose another --data-dir, or replace it with --force, which keeps its data beside`);
      // Servers of one cluster have one folder: the backup's own certificates may be there still.
      if (there.size > 0 && !isSame) throw new Error(`${folder} holds certificates of a cluster already; choose another folder, or replace them with --force, which keeps them beside`);
    }
    const oldPki = isSame ? undefined : await replacePki(folder, certificates, there.size > 0);
    const { revision: next, replaced } = await backups.restore(file);
    const kept = [replaced, oldPki].filter((path) => path !== undefined);
    process.stdout.write(`${dataDir} is as it was at ${madeAt.toISOString()}: ${count(keys)} objects at revision ${count(revision)}.
Revisions go on after ${count(next)}, so that clients from before list everything again.
${kept.length === 0 ? '' : `What was there is in ${kept.join(' and ')}; remove it when all is well.\n`}Start it with: keelson up --data-dir ${dataDir}${valueOf(values, 'pki-dir') === '' ? '' : ` --pki-dir ${folder}`}
`);
    return 0;
  } finally {
    await lock.release();
  }
}

/** By name in the folder of certificates. Names come from the file, which may be anybody's. */
function pkiOf(file: string, files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  return new Map([...files].map(([path, content]) => {
    const name = /^pki\/(\w[\w.-]*)$/.exec(path)?.[1];
    if (name === undefined) throw new Error(`${file} holds a file named ${JSON.stringify(path)}, for which there is no place`);
    return [name, content];
  }));
}

const sameFiles = (certificates: ReadonlyMap<string, Uint8Array>, there: ReadonlyMap<string, Uint8Array>): boolean =>
  certificates.size === there.size && [...certificates].every(([name, content]) => Buffer.from(content).equals(there.get(`pki/${name}`) ?? new Uint8Array()));

/** Returns where the old ones are, if there were any. */
async function replacePki(folder: string, certificates: ReadonlyMap<string, Uint8Array>, isThere: boolean): Promise<string | undefined> {
  const draft = `${folder}.restored`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  for (const [name, content] of certificates) await writeFile(join(draft, name), content, { mode: 0o600, flush: true });
  const aside = `${folder}.replaced-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  if (isThere) await rename(folder, aside);
  else await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
  await syncFolder(dirname(folder));
  return isThere ? aside : undefined;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
