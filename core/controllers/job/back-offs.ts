import type { Pod } from '#core/api/schema/core-v1/pod.ts';

const baseMs = 10_000;
const maxMs = 10 * 60_000;

/** Failures in a row, and when the last of them was, in milliseconds since the epoch. */
export interface FailureRecord {
  readonly failures: number;
  readonly lastAt: number;
}

const noFailure: FailureRecord = { failures: 0, lastAt: 0 };

/** Milliseconds until the next pod may be made. */
export function remainingMs({ failures, lastAt }: FailureRecord, now: number): number {
  return failures === 0 ? 0 : Math.max(0, lastAt + Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30)) - now);
}

/** How often the pods of each Job failed since one last succeeded. Jobs are known by UID; a new process begins anew, as in Kubernetes. */
export class BackOffs {
  readonly #records = new Map<string, FailureRecord>();

  /** What the record will be once these pods are counted. */
  after(job: string, succeeded: readonly Pod[], failed: readonly Pod[]): FailureRecord {
    const known = succeeded.length > 0 ? noFailure : this.#records.get(job) ?? noFailure;
    const lastSuccess = Math.max(...succeeded.map(finishedAt));
    const times = failed.map(finishedAt).filter((at) => at > lastSuccess);
    return times.length === 0 ? known : { failures: known.failures + times.length, lastAt: Math.max(...times) };
  }

  keep(job: string, record: FailureRecord): void {
    if (record.failures === 0) this.#records.delete(job);
    else this.#records.set(job, record);
  }

  forget(job: string): void {
    this.#records.delete(job);
  }
}

/** When a pod ended, in milliseconds since the epoch: by its containers, else by when it ceased to be ready, was deleted, or was made. */
export function finishedAt(pod: Pod): number {
  const { metadata, status } = pod;
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const unready = ready?.status === 'False' ? timeOf(ready.lastTransitionTime) : undefined;
  return containersFinishedAt(pod) ?? unready ?? deletedAt(metadata) ?? timeOf(metadata.creationTimestamp) ?? 0;
}

function containersFinishedAt({ spec, status }: Pod): number | undefined {
  const sidecars = new Set((spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name));
  const statuses = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name))];
  const times = statuses.map(({ state }) => timeOf(state.terminated?.finishedAt)).filter((time) => time !== undefined);
  return times.length === 0 || times.length < statuses.length ? undefined : Math.max(...times);
}

function deletedAt({ deletionTimestamp, deletionGracePeriodSeconds = 0 }: Pod['metadata']): number | undefined {
  const time = timeOf(deletionTimestamp);
  return time === undefined ? undefined : time - deletionGracePeriodSeconds * 1000;
}

const timeOf = (text: string | undefined): number | undefined => (text === undefined || text === '' ? undefined : Date.parse(text));
