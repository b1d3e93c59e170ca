import type { NodeSelectorRequirement, NodeSelectorTerm, Toleration } from '#core/api/schema/core-v1/affinity.ts';
import type { Node, Taint } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { portMappings } from '#core/agent/pods/sandboxes/port-mappings.ts';
import type { PortMapping } from '#core/spi/network-plugin.ts';
import type { Refusal } from './refusal.ts';

const refused = (name: string, message: string): Refusal => ({ reason: name, message: `Predicate ${name} failed: ${message}` });

/** Whether the node is one that the pod asks for. */
export function affinityRefusal({ spec: { nodeSelector = {}, affinity } }: Pod, node: Node): Refusal | undefined {
  const labels = node.metadata.labels ?? {};
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const selects = Object.entries(nodeSelector).every(([key, value]) => labelOf(labels, key) === value);
  const matches = required === undefined || (required.nodeSelectorTerms ?? []).some((term) => matchesTerm(term, node));
  return selects && matches ? undefined : refused('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
}

const labelOf = (labels: Readonly<Record<string, string>>, key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, { metadata }: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return matchExpressions.every((requirement) => holds(requirement, labelOf(metadata.labels ?? {}, requirement.key))) &&
    matchFields.every((requirement) => holds(requirement, requirement.key === 'metadata.name' ? metadata.name : undefined));
}

const integer = (text: string | undefined): bigint | undefined => (text !== undefined && /^[+-]?\d{1,19}$/.test(text) ? BigInt(text) : undefined);

function holds({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In': return value !== undefined && values.includes(value);
    case 'NotIn': return value === undefined || !values.includes(value);
    case 'Exists': return value !== undefined;
    case 'DoesNotExist': return value === undefined;
    case 'Gt': return compared(value, values[0], (a, b) => a > b);
    case 'Lt': return compared(value, values[0], (a, b) => a < b);
    default: return false;
  }
}

function compared(text: string | undefined, bound: string | undefined, holdsFor: (value: bigint, bound: bigint) => boolean): boolean {
  const [a, b] = [integer(text), integer(bound)];
  return a !== undefined && b !== undefined && holdsFor(a, b);
}

/** Whether the ports of the node that the pod needs are free. */
export function portRefusal(pod: Pod, others: readonly Pod[]): Refusal | undefined {
  const wanted = hostPorts(pod);
  if (wanted.length === 0) return undefined;
  const taken = others.flatMap(hostPorts);
  return wanted.some((port) => taken.some((other) => collide(port, other))) ? refused('NodePorts', "node(s) didn't have free ports for the requested pod ports") : undefined;
}

type HostPort = Pick<PortMapping, 'hostPort' | 'protocol' | 'hostIP'>;

/** A pod in the node's network takes the ports that its containers name. */
function hostPorts(pod: Pod): readonly HostPort[] {
  if (pod.spec.hostNetwork !== true) return portMappings(pod);
  return portMappings({ ...pod, spec: { ...pod.spec, hostNetwork: false } });
}

const isEverywhere = (ip: string | undefined): boolean => ip === undefined || ip === '' || ip === '0.0.0.0' || ip === '::';

const collide = (a: HostPort, b: HostPort): boolean =>
  a.hostPort === b.hostPort && a.protocol === b.protocol && (a.hostIP === b.hostIP || isEverywhere(a.hostIP) || isEverywhere(b.hostIP));

/** Whether the node would end the pod at once. Pods of the node itself stay whatever its taints. */
export function taintRefusal({ spec: { tolerations = [] } }: Pod, { spec }: Node): Refusal | undefined {
  const taint = (spec?.taints ?? []).find((one) => one.effect === 'NoExecute' && !tolerations.some((toleration) => tolerates(toleration, one)));
  return taint === undefined ? undefined : refused('TaintToleration', `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`);
}

function tolerates({ key = '', operator, value = '', effect }: Toleration, taint: Taint): boolean {
  // Some writers send an empty word for any effect.
  if ((effect && effect !== taint.effect) || (key !== '' && key !== taint.key)) return false;
  return operator === 'Exists' || (key !== '' && value === (taint.value ?? ''));
}
