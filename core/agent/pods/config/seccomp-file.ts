import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configFailure } from './start-failure.ts';

/** The content of a profile below the node's folder of profiles. @throws {StartFailure} */
export async function readSeccompProfile(folder: string, path: string): Promise<string> {
  const steps = path.split('/');
  if (path === '' || path.startsWith('/') || steps.includes('..') || path.includes('\0')) throw configFailure(`cannot load seccomp profile ${JSON.stringify(path)}: not a path below the node's folder of profiles`);
  try {
    const text = await readFile(join(folder, path), 'utf8');
    JSON.parse(text);
    return text;
  } catch (error) {
    throw configFailure(`cannot load seccomp profile ${JSON.stringify(path)}: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
