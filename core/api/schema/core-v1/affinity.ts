import { LabelSelector } from '#core/api/schema/meta.ts';
import { atomic, int32, int64, list, oneOf, pointer, required, string, type Of } from '#core/api/schema/type.ts';
import { core } from './core.ts';

export const NodeSelectorRequirement = core.type('NodeSelectorRequirement', 'One condition on a node\'s label or field.', {
  key: [1, required(string), 'The label or field.'],
  operator: [2, required(string), 'In, NotIn, Exists, DoesNotExist, Gt or Lt.'],
  values: [3, list(string), 'What to compare with: none for Exists and DoesNotExist, one integer for Gt and Lt.'],
});
export type NodeSelectorRequirement = Of<typeof NodeSelectorRequirement>;

export const NodeSelectorTerm = atomic(core.type('NodeSelectorTerm', 'Conditions that must all hold; an empty term matches no node.', {
  matchExpressions: [1, list(NodeSelectorRequirement), 'Conditions on labels.'],
  matchFields: [2, list(NodeSelectorRequirement), 'Conditions on fields; only metadata.name.'],
}));
export type NodeSelectorTerm = Of<typeof NodeSelectorTerm>;

export const NodeSelector = atomic(core.type('NodeSelector', 'Selects nodes; one matching term is enough.', {
  nodeSelectorTerms: [1, required(list(NodeSelectorTerm)), 'The terms, of which any may match.'],
}));
export type NodeSelector = Of<typeof NodeSelector>;

export const PreferredSchedulingTerm = core.type('PreferredSchedulingTerm', 'A wish for certain nodes, with its weight.', {
  weight: [1, required(int32), 'How much the wish counts, 1 to 100.'],
  preference: [2, required(NodeSelectorTerm), 'The nodes that are wished for.'],
});
export type PreferredSchedulingTerm = Of<typeof PreferredSchedulingTerm>;

export const NodeAffinity = core.type('NodeAffinity', 'Which nodes a pod needs or prefers.', {
  requiredDuringSchedulingIgnoredDuringExecution: [1, NodeSelector, 'Nodes without which the pod is not scheduled.'],
  preferredDuringSchedulingIgnoredDuringExecution: [2, list(PreferredSchedulingTerm), 'Nodes that score higher.'],
});
export type NodeAffinity = Of<typeof NodeAffinity>;

export const PodAffinityTerm = core.type('PodAffinityTerm', 'Other pods, and the topology in which this pod should stand with or apart from them.', {
  labelSelector: [1, LabelSelector, 'Selects the other pods; none when absent.'],
  namespaces: [2, list(string), 'Namespaces in which to look, besides those of namespaceSelector.'],
  topologyKey: [3, required(string), 'Node label whose equal values mean the same place.'],
  namespaceSelector: [4, LabelSelector, 'Selects namespaces in which to look; empty selects all.'],
  matchLabelKeys: [5, list(string), 'Labels in which the other pods must equal this one.'],
  mismatchLabelKeys: [6, list(string), 'Labels in which the other pods must differ from this one.'],
});
export type PodAffinityTerm = Of<typeof PodAffinityTerm>;

export const WeightedPodAffinityTerm = core.type('WeightedPodAffinityTerm', 'A wish about other pods, with its weight.', {
  weight: [1, required(int32), 'How much the wish counts, 1 to 100.'],
  podAffinityTerm: [2, required(PodAffinityTerm), 'The other pods and the topology.'],
});
export type WeightedPodAffinityTerm = Of<typeof WeightedPodAffinityTerm>;

export const PodAffinity = core.type('PodAffinity', 'Pods beside which this one should stand.', {
  requiredDuringSchedulingIgnoredDuringExecution: [1, list(PodAffinityTerm), 'All must hold for the pod to be scheduled.'],
  preferredDuringSchedulingIgnoredDuringExecution: [2, list(WeightedPodAffinityTerm), 'Places that score higher.'],
});
export type PodAffinity = Of<typeof PodAffinity>;

export const PodAntiAffinity = core.type('PodAntiAffinity', 'Pods from which this one should stand apart.', {
  requiredDuringSchedulingIgnoredDuringExecution: [1, list(PodAffinityTerm), 'All must hold for the pod to be scheduled.'],
  preferredDuringSchedulingIgnoredDuringExecution: [2, list(WeightedPodAffinityTerm), 'Places that score lower.'],
});
export type PodAntiAffinity = Of<typeof PodAntiAffinity>;

export const Affinity = core.type('Affinity', 'Where a pod needs or prefers to run.', {
  nodeAffinity: [1, NodeAffinity, 'By the nodes\' labels.'],
  podAffinity: [2, PodAffinity, 'Near other pods.'],
  podAntiAffinity: [3, PodAntiAffinity, 'Away from other pods.'],
});
export type Affinity = Of<typeof Affinity>;

export const Toleration = core.type('Toleration', 'Lets a pod onto nodes with matching taints.', {
  key: [1, string, 'The taint\'s key; empty with Exists matches every taint.'],
  operator: [2, oneOf('Equal', 'Exists'), 'Equal compares the value, Exists ignores it; Equal when absent.'],
  value: [3, string, 'The taint\'s value, for Equal.'],
  effect: [4, oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute'), 'The taint\'s effect; any when absent.'],
  tolerationSeconds: [5, pointer(int64), 'For NoExecute: seconds the pod may stay; for ever when absent.'],
});
export type Toleration = Of<typeof Toleration>;

const inclusion = oneOf('Honor', 'Ignore');

export const TopologySpreadConstraint = core.type('TopologySpreadConstraint', 'Spreads matching pods evenly over a topology.', {
  maxSkew: [1, required(int32), 'By how many pods two domains may differ.'],
  topologyKey: [2, required(string), 'Node label whose values are the domains.'],
  whenUnsatisfiable: [3, required(oneOf('DoNotSchedule', 'ScheduleAnyway')), 'What to do with a pod that would break the rule.'],
  labelSelector: [4, LabelSelector, 'Selects the pods that are counted.'],
  minDomains: [5, pointer(int32), 'Count at least this many domains, even if fewer exist.'],
  nodeAffinityPolicy: [6, inclusion, 'Whether only nodes that the pod\'s affinity allows are counted; Honor when absent.'],
  nodeTaintsPolicy: [7, inclusion, 'Whether nodes with untolerated taints are left out; Ignore when absent.'],
  matchLabelKeys: [8, list(string), 'Labels in which counted pods must equal this one.'],
});
export type TopologySpreadConstraint = Of<typeof TopologySpreadConstraint>;

export const TopologySelectorLabelRequirement = core.type('TopologySelectorLabelRequirement', 'A topology label and its allowed values.', {
  key: [1, required(string), 'The node label.'],
  values: [2, required(list(string)), 'Values of which the label must have one.'],
});
export type TopologySelectorLabelRequirement = Of<typeof TopologySelectorLabelRequirement>;

export const TopologySelectorTerm = atomic(core.type('TopologySelectorTerm', 'Places in which volumes may be made; all labels must match.', {
  matchLabelExpressions: [1, list(TopologySelectorLabelRequirement), 'The labels.'],
}));
export type TopologySelectorTerm = Of<typeof TopologySelectorTerm>;
