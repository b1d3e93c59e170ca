import type { KeyToPath } from '#core/api/schema/core-v1/volumes.ts';
import { own } from '#core/api/value.ts';
import type { FileContent } from './atomic-writer.ts';

/** Which keys of an object become which files. */
export interface KeySelection {
  readonly items?: readonly KeyToPath[];
  readonly optional?: boolean;
}

/**
 * The chosen keys as files; all keys, under their own names, when there are no items.
 * @param missing the words for a key that is not there
 * @throws {Error} when a chosen key is missing and not optional
 */
export function filesOfKeys(values: ReadonlyMap<string, Buffer>, { items, optional = false }: KeySelection, defaultMode: number, missing: (key: string) => string): Map<string, FileContent> {
  const files = new Map<string, FileContent>();
  if (items === undefined || items.length === 0) {
    for (const [key, data] of values) files.set(key, { data, mode: defaultMode });
    return files;
  }
  for (const { key, path, mode = defaultMode } of items) {
    const data = values.get(key);
    if (data !== undefined) files.set(path, { data, mode });
    else if (!optional) throw new Error(missing(key));
  }
  return files;
}

/** Texts in base64 under a member of an object. */
export function bytesOf(texts: Readonly<Record<string, string>> | undefined, encoding: 'base64' | 'utf8'): Map<string, Buffer> {
  return new Map(Object.keys(texts ?? {}).map((key) => [key, Buffer.from(String(own(texts ?? {}, key)), encoding)]));
}
