import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { MetricFamily } from './exposition.ts';
import { statusesOf } from './pod-usage.ts';

/** What the agent says of itself, at `/metrics`. Names are upstream's where the figures are. */
export function ownMetrics(nodeName: string, pods: readonly Pod[], sessions: number): readonly MetricFamily[] {
  const states = new Map<string, number>();
  let active = 0;
  for (const pod of pods) {
    if (pod.status?.phase === 'Running') active++;
    for (const { state } of statusesOf(pod)) {
      const name = state?.running ? 'running' : state?.terminated ? 'exited' : 'created';
      states.set(name, (states.get(name) ?? 0) + 1);
    }
  }
  const { user, system } = process.cpuUsage();
  return [
    { name: 'kubelet_node_name', type: 'gauge', help: 'The node\'s name. The count is always 1.', samples: [{ labels: { node: nodeName }, value: 1 }] },
    { name: 'kubelet_running_pods', type: 'gauge', help: 'Number of pods that are running', samples: [{ value: active }] },
    { name: 'kubelet_running_containers', type: 'gauge', help: 'Number of containers by their state', samples: [...states].map(([state, value]) => ({ labels: { container_state: state }, value })) },
    { name: 'keelson_agent_sessions', type: 'gauge', help: 'Logs that are read, commands, attachments and forwarding clients at this moment', samples: [{ value: sessions }] },
    { name: 'process_cpu_seconds_total', type: 'counter', help: 'Total user and system CPU time spent in seconds.', samples: [{ value: (user + system) / 1e6 }] },
    { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Resident memory size in bytes.', samples: [{ value: process.memoryUsage.rss() }] },
  ];
}
