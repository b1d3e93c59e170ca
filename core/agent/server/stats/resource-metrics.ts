import type { MetricFamily, Sample } from './exposition.ts';
import type { NodeFigures } from './node-figures.ts';
import { cpuOf, timeOf, workingSetOf, type NamedUsage, type PodUsage } from './pod-usage.ts';

/** What `/metrics/resource` says, from which metrics-server takes what `kubectl top` shows. Undefined where it could not be measured. */
export function resourceMetrics(node: NodeFigures | undefined, pods: readonly PodUsage[] | undefined): readonly MetricFamily[] {
  const ofContainers = (sampleOf: (usage: NamedUsage) => Omit<Sample, 'labels'> | undefined): Sample[] => (pods ?? []).flatMap((pod) => pod.containers.flatMap((container) => {
    const sample = sampleOf(container);
    return sample === undefined ? [] : [{ ...sample, labels: { container: container.name, ...labelsOf(pod) } }];
  }));
  const ofPods = (valueOf: (pod: PodUsage) => number): Sample[] => (pods ?? []).map((pod) => ({ labels: labelsOf(pod), value: valueOf(pod), time: timeOf(pod) }));
  return [
    family('container_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed by the container in core-seconds', ofContainers(({ usage }) => ({ value: seconds(usage.cpuNanoseconds), time: usage.time }))),
    family('container_memory_working_set_bytes', 'gauge', 'Current working set of the container in bytes', ofContainers(({ usage }) => ({ value: Number(usage.memoryWorkingSet), time: usage.time }))),
    family('container_start_time_seconds', 'gauge', 'Start time of the container since unix epoch in seconds', ofContainers(({ startedAt }) => (startedAt === undefined ? undefined : { value: Date.parse(startedAt) / 1000 }))),
    ...nodeFamilies(node),
    family('pod_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed by the pod in core-seconds', ofPods((pod) => seconds(cpuOf(pod)))),
    family('pod_memory_working_set_bytes', 'gauge', 'Current working set of the pod in bytes', ofPods((pod) => Number(workingSetOf(pod)))),
    family('resource_scrape_error', 'gauge', '1 if there was an error while getting container metrics, 0 otherwise', [{ value: node === undefined || pods === undefined ? 1 : 0 }]),
  ];
}

function nodeFamilies(node: NodeFigures | undefined): readonly MetricFamily[] {
  const { time, cpuNanoseconds, memory } = node ?? {};
  return [
    family('node_cpu_usage_seconds_total', 'counter', 'Cumulative cpu time consumed by the node in core-seconds', cpuNanoseconds === undefined ? [] : [{ value: seconds(cpuNanoseconds), time }]),
    family('node_memory_working_set_bytes', 'gauge', 'Current working set of the node in bytes', memory === undefined ? [] : [{ value: Number(memory.total - memory.available), time }]),
  ];
}

const family = (name: string, type: MetricFamily['type'], help: string, samples: readonly Sample[]): MetricFamily => ({ name, type, help: `[STABLE] ${help}`, samples });
const seconds = (nanoseconds: bigint): number => Number(nanoseconds) / 1e9;
const labelsOf = ({ pod: { metadata: { namespace = '', name } } }: PodUsage): Record<string, string> => ({ namespace, pod: name });
