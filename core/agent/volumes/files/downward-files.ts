import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { DownwardAPIVolumeFile } from '#core/api/schema/core-v1/volumes.ts';
import { metadataText, resourceText, type Allocatable } from '#core/agent/volumes/pod-facts.ts';
import type { FileContent } from './atomic-writer.ts';

/** @throws {RangeError} for a field that files cannot show */
export function downwardFiles(pod: Pod, items: readonly DownwardAPIVolumeFile[] | undefined, defaultMode: number, allocatable: Allocatable): Map<string, FileContent> {
  const files = new Map<string, FileContent>();
  for (const { path, fieldRef, resourceFieldRef, mode = defaultMode } of items ?? []) {
    const text = fieldRef !== undefined ? metadataText(pod, fieldRef.fieldPath) : resourceFieldRef === undefined ? undefined : resourceText(pod, resourceFieldRef, allocatable);
    if (text !== undefined) files.set(path, { data: Buffer.from(text), mode });
  }
  return files;
}
