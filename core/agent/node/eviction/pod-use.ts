import type { Machine } from '#core/agent/node/machine.ts';
import type { PodVolumes } from '#core/agent/volumes/pod-volumes.ts';
import type { ContainerRuntime } from '#core/spi/container-runtime.ts';

/** What a container takes, in bytes. */
export interface ContainerUse {
  readonly name: string;
  readonly memory: bigint;
  /** Its writable layer; undefined when the runtime does not count it. */
  readonly disk: bigint | undefined;
}

/** What a pod takes. */
export interface PodUse {
  readonly containers: readonly ContainerUse[];
  /** Bytes, by volume name. */
  readonly volumes: ReadonlyMap<string, bigint>;
  readonly processes: number;
}

export const memoryOf = ({ containers }: PodUse): bigint => containers.reduce((sum, { memory }) => sum + memory, 0n);
export const diskOf = ({ containers, volumes }: PodUse): bigint => [...containers.map(({ disk = 0n }) => disk), ...volumes.values()].reduce((sum, bytes) => sum + bytes, 0n);

export interface PodUseOptions {
  readonly runtime: Pick<ContainerRuntime, 'listContainers' | 'listSandboxes' | 'usage'>;
  readonly volumes: Pick<PodVolumes, 'localUsage'>;
  readonly machine: Machine;
}

/** Measures what runs, by pod UID. To measure disks is work, and is done for the pods in `of.disks` only. */
export async function measure({ runtime, volumes, machine }: PodUseOptions, of: { readonly disks: readonly string[]; readonly processes: boolean }, signal: AbortSignal): Promise<ReadonlyMap<string, PodUse>> {
  const [containers, sandboxes, usage] = await Promise.all([runtime.listContainers(signal), runtime.listSandboxes(signal), runtime.usage(signal)]);
  const podOf = new Map(sandboxes.map(({ id, pod }) => [id, pod.uid]));
  const usageOf = new Map(usage.map((one) => [one.id, one]));
  const found = new Map<string, { containers: ContainerUse[]; volumes: ReadonlyMap<string, bigint>; processes: number }>();
  const at = (uid: string) => {
    const known = found.get(uid) ?? { containers: [], volumes: new Map<string, bigint>(), processes: 0 };
    found.set(uid, known);
    return known;
  };
  for (const { id, sandboxId, name, state, pid } of containers) {
    const uid = podOf.get(sandboxId);
    const used = usageOf.get(id);
    if (uid === undefined || state !== 'Running') continue;
    const pod = at(uid);
    pod.containers.push({ name, memory: used?.memoryWorkingSet ?? 0n, disk: used?.writableLayer });
    if (of.processes && pid !== undefined) pod.processes += await processesOf(machine, pid);
  }
  for (const uid of of.disks) at(uid).volumes = await volumes.localUsage(uid, signal);
  return found;
}

/** Tasks in the cgroup of a process, by either version of cgroups. */
async function processesOf(machine: Machine, pid: number): Promise<number> {
  const groups = (await machine.readText(`/proc/${pid}/cgroup`)) ?? '';
  const [, old] = /^\d+:pids:(\/.*)$/m.exec(groups) ?? [];
  const [, unified] = /^0::(\/.*)$/m.exec(groups) ?? [];
  const file = old === undefined ? `/sys/fs/cgroup${unified ?? ''}/pids.current` : `/sys/fs/cgroup/pids${old}/pids.current`;
  return Number(/^\d+/.exec((await machine.readText(file)) ?? '')?.[0] ?? 0);
}
