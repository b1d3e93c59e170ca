import type { ConfigMapVolumeSource } from '#core/api/schema/core-v1/volumes.ts';
import type { ApiObjects } from '#core/agent/volumes/api-objects.ts';
import { configMapFiles, defaultFileMode } from '#core/agent/volumes/files/sources.ts';
import type { PreparedVolume } from '#core/agent/volumes/pod-volumes.ts';
import type { VolumeOf, VolumePlugin } from '#core/agent/volumes/volume-plugin.ts';
import type { FileVolumes } from './file-volumes.ts';

export class ConfigMapVolume implements VolumePlugin<'configMap'> {
  readonly source = 'configMap';
  readonly refreshed = true;
  readonly #volumes: FileVolumes;
  readonly #objects: ApiObjects;

  constructor(volumes: FileVolumes, objects: ApiObjects) {
    this.#volumes = volumes;
    this.#objects = objects;
  }

  async setUp({ pod, name, source, isRunning }: VolumeOf<ConfigMapVolumeSource>, signal: AbortSignal): Promise<PreparedVolume> {
    const { defaultMode = defaultFileMode } = source;
    const files = await configMapFiles(this.#objects, source, { pod, defaultMode, isRunning }, signal);
    return this.#volumes.write(pod, 'configmap', name, { files, medium: 'disk' }, signal);
  }
}
