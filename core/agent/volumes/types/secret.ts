import type { SecretVolumeSource } from '#core/api/schema/core-v1/volumes.ts';
import type { ApiObjects } from '#core/agent/volumes/api-objects.ts';
import { defaultFileMode, secretFiles } from '#core/agent/volumes/files/sources.ts';
import type { PreparedVolume } from '#core/agent/volumes/pod-volumes.ts';
import type { VolumeOf, VolumePlugin } from '#core/agent/volumes/volume-plugin.ts';
import type { FileVolumes } from './file-volumes.ts';

export class SecretVolume implements VolumePlugin<'secret'> {
  readonly source = 'secret';
  readonly refreshed = true;
  readonly #volumes: FileVolumes;
  readonly #objects: ApiObjects;

  constructor(volumes: FileVolumes, objects: ApiObjects) {
    this.#volumes = volumes;
    this.#objects = objects;
  }

  async setUp({ pod, name, source, isRunning }: VolumeOf<SecretVolumeSource>, signal: AbortSignal): Promise<PreparedVolume> {
    const { secretName = '', defaultMode = defaultFileMode } = source;
    const files = await secretFiles(this.#objects, { ...source, name: secretName }, { pod, defaultMode, isRunning }, signal);
    return this.#volumes.write(pod, 'secret', name, { files, medium: 'memory' }, signal);
  }
}
