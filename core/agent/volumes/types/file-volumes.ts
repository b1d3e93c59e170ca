import { chmod, mkdir } from 'node:fs/promises';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { writeAtomically, type Payload } from '#core/agent/volumes/files/atomic-writer.ts';
import type { Layout, VolumeFolder } from '#core/agent/volumes/layout.ts';
import type { PreparedVolume } from '#core/agent/volumes/pod-volumes.ts';
import { mountAt } from '#core/agent/volumes/system/mount-table.ts';
import type { Mounter } from '#core/agent/volumes/system/mounter.ts';

/** What volumes of files that the agent writes itself have in common. */
export class FileVolumes {
  readonly #layout: Layout;
  readonly #mounter: Mounter;
  readonly #clock: Clock;

  constructor(layout: Layout, mounter: Mounter, clock: Clock) {
    this.#layout = layout;
    this.#mounter = mounter;
    this.#clock = clock;
  }

  /**
   * Writes the files that the volume shall have.
   * @param medium `memory` never touches the disk where this process may mount; elsewhere the folder of all pods is closed to other users
   */
  async write(pod: Pod, folder: VolumeFolder, name: string, options: { readonly files: Payload; readonly medium: 'disk' | 'memory' }, signal: AbortSignal): Promise<PreparedVolume> {
    const path = this.#layout.volume(pod.metadata.uid, folder, name);
    const group = pod.spec.securityContext?.fsGroup;
    await mkdir(path, { recursive: true, mode: 0o750 });
    if (options.medium === 'memory' && this.#mounter.able && mountAt(await this.#mounter.table(), path) === undefined) {
      await this.#mounter.tmpfs(path, ['mode=0755'], signal);
    }
    await chmod(path, 0o755);
    await writeAtomically(path, options.files, this.#clock.now(), group === undefined ? {} : { group });
    return { hostPath: path, kind: 'filesystem', readOnly: true };
  }
}
