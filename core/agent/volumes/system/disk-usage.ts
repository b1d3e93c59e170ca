import { opendir, lstat } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { unlessMissing } from './error-code.ts';

/** How many files a measurement may still look at. */
export interface Budget {
  left: number;
}

/** Names of one file that are remembered, so that it is not counted twice; beyond it is. */
const mostLinked = 10_000;

/**
 * Bytes on the disk that the folder takes, each file once however many names it has. Follows neither links nor mounts.
 * Ends where the budget ends: then it is a lower bound.
 */
export async function diskUsage(path: string, budget: Budget, signal: AbortSignal): Promise<bigint> {
  const root = await lstat(path, { bigint: true }).catch(unlessMissing(undefined));
  if (root === undefined) return 0n;
  const linked = new Set<bigint>();
  let total = bytesOf(root);
  const folders = root.isDirectory() ? [path] : [];
  for (let folder = folders.pop(); folder !== undefined && budget.left > 0; folder = folders.pop()) {
    signal.throwIfAborted();
    const entries = await opendir(folder).catch(gone);
    if (entries === undefined) continue;
    for await (const entry of entries) {
      if (budget.left-- <= 0) break;
      const place = `${folder}/${entry.name}`;
      const found = await lstat(place, { bigint: true }).catch(gone);
      if (found === undefined || found.dev !== root.dev || isKnown(found, linked)) continue;
      total += bytesOf(found);
      if (found.isDirectory()) folders.push(place);
    }
  }
  return total;
}

/** Pods change their files while they are counted; what cannot be reached by a path is not counted. */
function gone(error: unknown): undefined {
  if (typeof error === 'object' && error !== null && 'code' in error && ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EACCES', 'ELOOP'].includes(String(error.code))) return undefined;
  throw error;
}

const bytesOf = ({ blocks }: BigIntStats): bigint => blocks * 512n;

function isKnown(found: BigIntStats, linked: Set<bigint>): boolean {
  if (found.isDirectory() || found.nlink < 2n) return false;
  if (linked.has(found.ino)) return true;
  if (linked.size < mostLinked) linked.add(found.ino);
  return false;
}
