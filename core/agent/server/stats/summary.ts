import type { FileSystemUse } from '#core/agent/node/machine.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import type { NodeFigures } from './node-figures.ts';
import { cpuOf, memoryOf, timeOf, workingSetOf, type NamedUsage, type PodUsage } from './pod-usage.ts';
import type { CpuRates } from './rates.ts';

/** The figures as `/stats/summary` gives them (stats/v1alpha1 of the node agent's API). Numbers of any size; what is undefined is left out. */
export function summaryOf(nodeName: string, node: NodeFigures, pods: readonly PodUsage[], rates: CpuRates): object {
  const summary = { node: nodeStats(nodeName, node, rates), pods: pods.map((pod) => podStats(pod, rates)) };
  rates.turn();
  return summary;
}

function nodeStats(nodeName: string, { time, startedAt, cpuNanoseconds, memory, fs, imageFs, interfaces, processes }: NodeFigures, rates: CpuRates): object {
  const at = rfc3339(time);
  return {
    nodeName, ...(startedAt === undefined ? {} : { startTime: rfc3339(startedAt) }),
    ...(cpuNanoseconds === undefined ? {} : { cpu: cpuStats('', time, cpuNanoseconds, rates) }),
    ...(memory === undefined ? {} : { memory: { time: at, availableBytes: memory.available, usageBytes: memory.total - memory.available, workingSetBytes: memory.total - memory.available } }),
    ...(interfaces.length === 0 ? {} : { network: { time: at, ...interfaces[0], interfaces } }),
    ...(fs === undefined ? {} : { fs: fsStats(at, fs) }),
    ...(imageFs === undefined ? {} : { runtime: { imageFs: fsStats(at, imageFs) } }),
    ...(processes === undefined ? {} : { rlimit: { time: at, maxpid: processes.most, curproc: processes.running } }),
  };
}

function podStats(usage: PodUsage, rates: CpuRates): object {
  const { metadata: { namespace, name, uid }, status } = usage.pod;
  const time = timeOf(usage);
  return {
    podRef: { name, namespace, uid }, startTime: status?.startTime ?? null,
    containers: usage.containers.map((container) => containerStats(container, rates)),
    cpu: cpuStats(uid ?? '', time, cpuOf(usage), rates),
    memory: { time: rfc3339(time), usageBytes: memoryOf(usage), workingSetBytes: workingSetOf(usage) },
  };
}

function containerStats({ name, startedAt, usage }: NamedUsage, rates: CpuRates): object {
  const at = rfc3339(usage.time);
  return {
    name, startTime: startedAt ?? null, cpu: cpuStats(usage.id, usage.time, usage.cpuNanoseconds, rates),
    memory: { time: at, usageBytes: usage.memoryUsage, workingSetBytes: usage.memoryWorkingSet },
    ...(usage.writableLayer === undefined ? {} : { rootfs: { time: at, usedBytes: usage.writableLayer } }),
  };
}

function cpuStats(id: string, time: number, nanoseconds: bigint, rates: CpuRates): object {
  const rate = rates.rateOf(id, time, nanoseconds);
  return { time: rfc3339(time), ...(rate === undefined ? {} : { usageNanoCores: rate }), usageCoreNanoSeconds: nanoseconds };
}

function fsStats(time: string, { capacity, available, inodes, inodesFree }: FileSystemUse): object {
  return { time, availableBytes: available, capacityBytes: capacity, usedBytes: capacity - available, inodesFree, inodes, inodesUsed: inodes - inodesFree };
}

export const jsonText = (value: unknown): string => JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? Number(part) : part));
