import { isAbsolute } from 'node:path';
import type { CniOptions } from './cni-network.ts';

/**
 * `cni:///FOLDER?plugins=FOLDER,…`: where the configurations are, and the programs.
 * @throws {Error} naming what makes no sense
 */
export function parseCniUrl(text: string): Pick<CniOptions, 'configDir' | 'pluginPaths'> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const unknown = [...(url?.searchParams.keys() ?? [])].find((name) => name !== 'plugins');
  if (url?.protocol !== 'cni:' || url.hostname !== '' || unknown !== undefined) throw new Error(`${JSON.stringify(text)} is not an address such as cni:///etc/cni/net.d?plugins=/opt/cni/bin,/usr/lib/cni`);
  const folders = url.searchParams.getAll('plugins').flatMap((each) => each.split(','));
  const relative = folders.find((folder) => !isAbsolute(folder));
  if (relative !== undefined) throw new Error(`a folder of CNI plugins must be an absolute path, not ${JSON.stringify(relative)}`);
  const configDir = decodeURIComponent(url.pathname);
  return { ...(configDir === '' || configDir === '/' ? {} : { configDir }), ...(folders.length === 0 ? {} : { pluginPaths: folders }) };
}
