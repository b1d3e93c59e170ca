import { chmod, chown, lstat, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Quantity } from '#core/api/quantity.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { EmptyDirVolumeSource } from '#core/api/schema/core-v1/volumes.ts';
import { unsupported } from '#core/agent/volumes/failures.ts';
import type { Layout } from '#core/agent/volumes/layout.ts';
import type { PreparedVolume } from '#core/agent/volumes/pod-volumes.ts';
import { unlessMissing } from '#core/agent/volumes/system/error-code.ts';
import { mountAt } from '#core/agent/volumes/system/mount-table.ts';
import type { Mounter } from '#core/agent/volumes/system/mounter.ts';
import { removeTree } from '#core/agent/volumes/system/remove-tree.ts';
import type { VolumeOf, VolumePlugin } from '#core/agent/volumes/volume-plugin.ts';

/**
 * A folder that begins empty and lives as long as the pod: on the node's disk, where eviction watches over its `sizeLimit`, or as a tmpfs
 * of that size. Where this process may not mount, `Memory` is on the disk too.
 */
export class EmptyDir implements VolumePlugin<'emptyDir'> {
  readonly source = 'emptyDir';
  readonly refreshed = false;
  readonly #layout: Layout;
  readonly #mounter: Mounter;

  constructor(layout: Layout, mounter: Mounter) {
    this.#layout = layout;
    this.#mounter = mounter;
  }

  async setUp({ pod, name, source }: VolumeOf<EmptyDirVolumeSource>, signal: AbortSignal): Promise<PreparedVolume> {
    const { medium = '' } = source;
    if (medium !== '' && medium !== 'Memory') throw unsupported(`emptyDir medium ${JSON.stringify(medium.slice(0, 63))} is not supported on this node, only "" and "Memory" are`);
    const path = this.#layout.volume(pod.metadata.uid, 'empty-dir', name);
    const group = pod.spec.securityContext?.fsGroup;
    await makeWhole(path, group);
    if (medium === 'Memory' && this.#mounter.able && mountAt(await this.#mounter.table(), path) === undefined) {
      await this.#mounter.tmpfs(path, memoryOptions(pod, source, group), signal);
    }
    return { hostPath: path, kind: 'filesystem', readOnly: false };
  }
}

/** The folder appears with its owner and mode, or not at all: a pod's own changes of them must not be undone by a repetition. */
async function makeWhole(path: string, group: number | undefined): Promise<void> {
  if ((await lstat(path).catch(unlessMissing(undefined))) !== undefined) return;
  const folder = dirname(path);
  const draft = join(folder, `..new-${path.slice(folder.length + 1)}`);
  await mkdir(folder, { recursive: true, mode: 0o750 });
  await removeTree(draft);
  await mkdir(draft);
  if (group !== undefined && process.geteuid?.() === 0) await chown(draft, -1, group);
  await chmod(draft, group === undefined ? 0o777 : 0o2777);
  await rename(draft, path);
}

function memoryOptions(pod: Pod, { sizeLimit }: EmptyDirVolumeSource, group: number | undefined): string[] {
  const sizes = [sizeLimit === undefined ? undefined : Quantity.parse(sizeLimit).value(), memoryLimit(pod)].filter((size) => size !== undefined && size > 0n);
  const smallest = sizes.reduce((least, size) => (least === undefined || (size !== undefined && size < least) ? size : least), undefined);
  return [...(smallest === undefined ? [] : [`size=${smallest}`]), ...(group === undefined ? ['mode=0777'] : ['mode=2777', `gid=${group}`])];
}

/** What all containers together may use; undefined when one of them has no limit. */
function memoryLimit({ spec: { containers } }: Pod): bigint | undefined {
  let sum = 0n;
  for (const { resources } of containers) {
    const limit = resources?.limits?.['memory'];
    if (limit === undefined) return undefined;
    sum += Quantity.parse(limit).value();
  }
  return sum;
}
