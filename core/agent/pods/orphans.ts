import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { PodFiles } from './pod-files.ts';
import type { PodServices } from './pod-services.ts';
import type { PodTable } from './pod-table.ts';
import { graceOf } from './runtime/labels.ts';
import type { PodOnRuntime } from './runtime/snapshot.ts';

/** As much of a pod that nobody knows any more as is written on what runs of it. */
export function orphanPod(uid: string, { sandboxes, containers }: PodOnRuntime): Pod {
  const [sandbox] = sandboxes;
  const labels = containers[0]?.labels ?? {};
  const { namespace, name } = sandbox?.pod ?? { namespace: labels['io.kubernetes.pod.namespace'] ?? '', name: labels['io.kubernetes.pod.name'] ?? '' };
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { namespace, name, uid, resourceVersion: '', creationTimestamp: '' },
    spec: { containers: [], terminationGracePeriodSeconds: sandbox === undefined ? 30 : graceOf(sandbox) / 1000 },
    status: {},
  };
}

/** Finds what pods have left behind of which neither the API nor a file knows. Asked only when both have been read. */
export class Orphans {
  readonly #services: PodServices;
  readonly #table: PodTable;
  readonly #files: PodFiles;

  constructor(services: PodServices, table: PodTable, files: PodFiles) {
    this.#services = services;
    this.#table = table;
    this.#files = files;
  }

  /** Ends those that run. */
  adopt(): void {
    for (const [uid, runtime] of this.#services.view.last ?? []) {
      if (this.#table.get(uid) === undefined) this.#table.addOrphan(orphanPod(uid, runtime));
    }
  }

  /** Releases volumes of pods that are gone altogether. */
  async release(signal: AbortSignal): Promise<void> {
    const { volumes, view, logger } = this.#services;
    for (const { uid } of await volumes.known(signal)) {
      if (this.#table.get(uid) !== undefined || view.last?.has(uid) === true) continue;
      try {
        await volumes.release(uid, signal);
        await this.#files.remove(uid);
      } catch (error) {
        signal.throwIfAborted();
        logger.warn('volumes of a pod that is gone could not be released; trying again', { uid, error });
      }
    }
  }
}
