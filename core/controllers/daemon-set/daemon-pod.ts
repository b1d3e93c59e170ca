import type { Affinity, Toleration } from '#core/api/schema/core-v1/affinity.ts';
import { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import type { Pod, PodSpec } from '#core/api/schema/core-v1/pod.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { taintKeys } from '#core/controllers/nodes/taints.ts';
import { podFromTemplate } from '#core/controllers/replica-set/pod-from-template.ts';

/** Says of a pod, and of a ControllerRevision, which template it has. */
export const hashLabel = 'controller-revision-hash';
const generationLabel = 'pod-template-generation';
const generationAnnotation = 'deprecated.daemonset.template.generation';

const nodeTroubles: readonly Toleration[] = [
  { key: taintKeys.notReady, operator: 'Exists', effect: 'NoExecute' },
  { key: taintKeys.unreachable, operator: 'Exists', effect: 'NoExecute' },
  { key: taintKeys.diskPressure, operator: 'Exists', effect: 'NoSchedule' },
  { key: taintKeys.memoryPressure, operator: 'Exists', effect: 'NoSchedule' },
  { key: taintKeys.pidPressure, operator: 'Exists', effect: 'NoSchedule' },
  { key: taintKeys.unschedulable, operator: 'Exists', effect: 'NoSchedule' },
];
/** Those who use the node's own network may be the ones that bring up that of pods. */
const missingNetwork: Toleration = { key: taintKeys.networkUnavailable, operator: 'Exists', effect: 'NoSchedule' };

const isSameToleration = (a: Toleration, b: Toleration): boolean =>
  (a.key ?? '') === (b.key ?? '') && (a.effect ?? '') === (b.effect ?? '') && (a.operator ?? '') === (b.operator ?? '') && (a.value ?? '') === (b.value ?? '');

/** What the template tolerates, and the troubles of nodes in which a daemon stays: for ever, also where the template sets a time. */
export function daemonTolerations({ tolerations = [], hostNetwork }: PodSpec): Toleration[] {
  const added = hostNetwork === true ? [...nodeTroubles, missingNetwork] : nodeTroubles;
  const replaced = tolerations.map((each) => added.find((one) => isSameToleration(one, each)) ?? each);
  return [...replaced, ...added.filter((one) => !replaced.includes(one))];
}

/** The pod of the set for this node. The scheduler binds it, and can bind it nowhere else. */
export function daemonPod(set: DaemonSet, node: string, hash: string): Draft<Pod> {
  const { template } = set.spec;
  const generation = set.metadata.annotations?.[generationAnnotation];
  const labels = {
    ...template.metadata.labels,
    ...(generation !== undefined && /^\d+$/.test(generation) ? { [generationLabel]: generation } : {}),
    [hashLabel]: hash,
  };
  const spec = { ...template.spec, tolerations: daemonTolerations(template.spec), affinity: pinned(template.spec.affinity, node) };
  return podFromTemplate(DaemonSet, set, { ...template, metadata: { ...template.metadata, labels }, spec });
}

/** The set's own conditions have been looked at already, and give way to the node's name. */
const pinned = (affinity: Affinity | undefined, node: string): Affinity => ({
  ...affinity,
  nodeAffinity: {
    ...affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }] },
  },
});

/** The node that a pod is on or is pinned to; undefined for a pod that could be on any. */
export function targetNode({ spec: { nodeName, affinity } }: Pod): string | undefined {
  if (nodeName !== undefined && nodeName !== '') return nodeName;
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const named = terms.flatMap(({ matchFields = [] }) => matchFields).find(({ key, operator }) => key === 'metadata.name' && operator === 'In');
  return named?.values?.length === 1 ? named.values[0] : undefined;
}
