import { existsSync, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Container } from 'inversify';
import { KeyValueBackup } from '#core/spi/key-value-store.ts';
import { valueOf, type FlagValues } from './flags.ts';
import { loadModule } from './load-module.ts';
import { settingsFor } from './settings.ts';
import { untilAsked } from './stop-signals.ts';

/** Stores whose data is not in the data directory, and what their users do instead. */
const elsewhere: ReadonlyMap<string, string> = new Map([
  ['memory', 'the memory store keeps nothing on the disk: there is nothing to back up, or to restore to'],
  ['etcd', 'the data of the etcd store is etcd\'s: save it with "etcdctl snapshot save FILE", and bring it back with "etcdutl snapshot restore FILE --bump-revision 1000000000 --mark-compacted"; the certificates are in the folder of --pki-dir, or pki in the data directory'],
]);

/** Writes the store and the certificates to one file. It needs nothing of the server, be it running or not. */
export async function backup(values: FlagValues): Promise<number> {
  const stop = untilAsked();
  const dataDir = resolve(valueOf(values, 'data-dir'));
  const file = resolve(valueOf(values, 'FILE'));
  const backups = await backupsOf(valueOf(values, 'store'), dataDir);
  refuseTarget(file, valueOf(values, 'force') === 'true');
  if (!(await backups.holdsData())) throw new Error(`${dataDir} holds no data of the ${valueOf(values, 'store')} store; choose another --data-dir or --store`);
  const folder = pkiFolder(values);
  const certificates = await pkiFiles(folder);
  if (certificates.size === 0) throw new Error(`${folder} holds no certificates; say with --pki-dir where the server has them`);
  const { revision, keys, files } = await backups.save(file, certificates, stop);
  const { size } = await stat(file);
  process.stdout.write(`${file} holds ${count(keys)} objects at revision ${count(revision)} and ${files.size} files of certificates and keys, in ${count(size)} bytes.
Who has it can do everything in the cluster: keep it safe. What volumes contain is not in it.
`);
  return 0;
}

/**
 * `store` may be an address, `etcds://HOST:2379`.
 * @throws {Error} that says what to do instead, when the store's data is not in the data directory
 */
export function refuseElsewhere(store: string): void {
  const instead = elsewhere.get(store.replace(/s?:\/\/.*$/s, ''));
  if (instead !== undefined) throw new Error(instead);
}

/** @throws {Error} when the store makes no backups */
export async function backupsOf(store: string, dataDir: string): Promise<KeyValueBackup> {
  refuseElsewhere(store);
  if (!existsSync(dataDir)) throw new Error(`there is no data directory ${dataDir}`);
  const module = await loadModule('store', store);
  const container = new Container();
  container.load(module.create(await settingsFor(module, dataDir)));
  if (!container.isBound(KeyValueBackup)) throw new Error(`the store "${store}" makes no backups`);
  return container.get(KeyValueBackup);
}

/** As `up` has it. */
export const pkiFolder = (values: FlagValues): string => resolve(valueOf(values, 'pki-dir') || join(valueOf(values, 'data-dir'), 'pki'));

/** The cluster's certificates and private keys: without them a restored cluster would not know its users. By name after `pki/`, wherever the folder is. */
export async function pkiFiles(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const { name } of entries.filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.tmp'))) {
    files.set(`pki/${name}`, await readFile(join(folder, name)));
  }
  return files;
}

export const count = (value: number): string => value.toLocaleString('en');

function refuseTarget(file: string, force: boolean): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile()) throw new Error(`${file} is not a file`);
  if (found !== undefined && !force) throw new Error(`${file} is there already; choose another name, or replace it with --force`);
  if (!existsSync(dirname(file))) throw new Error(`there is no folder ${dirname(file)}`);
}
