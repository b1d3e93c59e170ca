import type { KeyEvent } from '#core/spi/key-value-store.ts';

/** Of a key's versions, oldest first, those that are readable at `revision` or later. */
export function keptVersions(versions: readonly KeyEvent[], revision: number): KeyEvent[] {
  const readable = versions.findLastIndex(({ modRevision }) => modRevision <= revision);
  // What is deleted at that revision needs no version to say so.
  return versions.slice(versions[readable]?.value === undefined ? readable + 1 : readable);
}
