import type { StorageClass } from '#core/api/schema/storage-v1.ts';
import { annotations } from './names.ts';

export const isDefaultClass = ({ metadata }: StorageClass): boolean =>
  metadata.annotations?.[annotations.defaultClass] === 'true' || metadata.annotations?.[annotations.betaDefaultClass] === 'true';

/** Of several default classes the newest counts; of those made in the same second, the first by name. */
export function defaultClass(classes: Iterable<StorageClass>): StorageClass | undefined {
  let best: StorageClass | undefined;
  for (const candidate of classes) {
    if (isDefaultClass(candidate) && (best === undefined || isBefore(candidate, best))) best = candidate;
  }
  return best;
}

function isBefore(a: StorageClass, b: StorageClass): boolean {
  const [first, second] = [Date.parse(a.metadata.creationTimestamp), Date.parse(b.metadata.creationTimestamp)];
  return first === second ? a.metadata.name < b.metadata.name : first > second;
}
