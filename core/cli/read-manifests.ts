import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { isObject, own, type JsonObject } from '#core/api/value.ts';

/** An object as it stands in a file, before anybody has looked into it. */
export interface Manifest {
  /** The file. */
  readonly path: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: JsonObject;
}

const extensions: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);

/**
 * The objects in a YAML or JSON file, or in those files that lie in a folder, by their names; not in folders below. Items of a List count each.
 * @throws {Error} naming the file and what is wrong with it
 */
export async function readManifests(path: string): Promise<Manifest[]> {
  const files = await filesOf(path);
  return (await Promise.all(files.map(manifestsOf))).flat();
}

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new Error(`${path} cannot be read`, { cause });
  });
  if (!found.isDirectory()) return [path];
  const names = await readdir(path);
  return names.filter((name) => extensions.has(extname(name))).toSorted().map((name) => join(path, name));
}

async function manifestsOf(path: string): Promise<Manifest[]> {
  const { parseAllDocuments } = await import('yaml');
  const documents = parseAllDocuments(await readFile(path, 'utf8'));
  return [...documents].flatMap((document) => {
    const [error] = document.errors;
    // What follows is the place in the text, drawn on several lines.
    if (error) throw new Error(`${path} is not YAML: ${error.message.split(':\n', 1)[0]}`);
    const value: unknown = document.toJS();
    return value === null ? [] : described(path, value);
  });
}

function described(path: string, object: unknown): Manifest[] {
  if (!isObject(object)) throw new Error(`${path} holds something that is no object: ${JSON.stringify(object).slice(0, 80)}`);
  const [apiVersion, kind] = [own(object, 'apiVersion'), own(object, 'kind')];
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') throw new Error(`${path} holds an object without apiVersion and kind`);
  const items = own(object, 'items');
  return kind === 'List' && Array.isArray(items) ? items.flatMap((item) => described(path, item)) : [{ path, apiVersion, kind, object }];
}
