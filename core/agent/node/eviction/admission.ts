import type { Pressures } from '#core/agent/node/conditions.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isCritical } from './critical.ts';

const names: readonly (readonly [keyof Pressures, string])[] = [['memory', 'MemoryPressure'], ['disk', 'DiskPressure'], ['pid', 'PIDPressure']];

/** Why a node under pressure does not take a pod in. Critical pods always are; memory pressure keeps out those only that asked for nothing. */
export function admissionProblem(pod: Pod, pressures: Pressures): string | undefined {
  const conditions = names.filter(([pressure]) => pressures[pressure]).map(([, condition]) => condition);
  if (conditions.length === 0 || isCritical(pod)) return undefined;
  if (conditions.length === 1 && pressures.memory && (pod.status.qosClass !== 'BestEffort' || toleratesMemoryPressure(pod))) return undefined;
  return `The node had condition: [${conditions.join(' ')}]. `;
}

const toleratesMemoryPressure = ({ spec: { tolerations = [] } }: Pod): boolean => tolerations.some(({ key, operator, value, effect }) =>
  (!effect || effect === 'NoSchedule') && (operator === 'Exists' ? !key || key === 'node.kubernetes.io/memory-pressure' : key === 'node.kubernetes.io/memory-pressure' && !value));
