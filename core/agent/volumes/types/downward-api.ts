import type { DownwardAPIVolumeSource } from '#core/api/schema/core-v1/volumes.ts';
import { downwardFiles } from '#core/agent/volumes/files/downward-files.ts';
import { defaultFileMode } from '#core/agent/volumes/files/sources.ts';
import type { Allocatable } from '#core/agent/volumes/pod-facts.ts';
import type { PreparedVolume } from '#core/agent/volumes/pod-volumes.ts';
import type { VolumeOf, VolumePlugin } from '#core/agent/volumes/volume-plugin.ts';
import type { FileVolumes } from './file-volumes.ts';

export class DownwardApiVolume implements VolumePlugin<'downwardAPI'> {
  readonly source = 'downwardAPI';
  readonly refreshed = true;
  readonly #volumes: FileVolumes;
  readonly #allocatable: () => Allocatable;

  constructor(volumes: FileVolumes, allocatable: () => Allocatable) {
    this.#volumes = volumes;
    this.#allocatable = allocatable;
  }

  async setUp({ pod, name, source }: VolumeOf<DownwardAPIVolumeSource>, signal: AbortSignal): Promise<PreparedVolume> {
    const files = downwardFiles(pod, source.items, source.defaultMode ?? defaultFileMode, this.#allocatable());
    return this.#volumes.write(pod, 'downward-api', name, { files, medium: 'memory' }, signal);
  }
}
