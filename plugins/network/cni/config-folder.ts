import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { isObject, own } from '#core/api/value.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import { isCniIdentifier } from '#plugins/network/cni-names.ts';
import { loadsFolder, parseConfigList, type CniConfigList } from './config-list.ts';

const extensions = ['.conf', '.conflist', '.json'];
const mostBytes = 4 * 1024 * 1024;

/** The folder from which runtimes read which network there is: the first file by its name. It is looked at whenever it is asked, so that what changes there counts at once. */
export class ConfigFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** @throws {NetworkError} 50 when there is none, 1, 6 or 7 when it makes no sense */
  async current(): Promise<CniConfigList> {
    const name = (await namesIn(this.path, extensions))[0];
    if (name === undefined) throw new NetworkError(cniCodes.notAvailable, `no network configuration found in ${this.path}`);
    const path = join(this.path, name);
    const value = await readJson(path);
    return parseConfigList(value, path, loadsFolder(value, path) ? await this.#more(isObject(value) ? own(value, 'name') : undefined) : []);
  }

  async #more(network: unknown): Promise<unknown[]> {
    if (typeof network !== 'string' || !isCniIdentifier(network)) return [];
    const folder = join(this.path, network);
    return Promise.all((await namesIn(folder, ['.conf'])).map((name) => readJson(join(folder, name))));
  }
}

async function namesIn(folder: string, wanted: readonly string[]): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new NetworkError(cniCodes.io, `the folder ${folder} cannot be read`, '', error);
  });
  return names.filter((name) => wanted.includes(extname(name))).sort();
}

async function readJson(path: string): Promise<unknown> {
  try {
    if ((await stat(path)).size > mostBytes) throw new Error(`it is larger than ${mostBytes} bytes`);
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new NetworkError(error instanceof SyntaxError ? cniCodes.decoding : cniCodes.io, `the network configuration ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, '', error);
  }
}
