import type { NodeSelectorRequirement, NodeSelectorTerm, Toleration } from './schema/core-v1/affinity.ts';
import type { Node, Taint } from './schema/core-v1/node.ts';
import type { PodSpec } from './schema/core-v1/pod.ts';

/** What selectors ask of a node. */
export interface NodeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What selectors see of a Node. */
export const nodeFacts = ({ metadata: { name, labels = {} } }: Node): NodeFacts => ({ name, labels });

/** Any term will do; an empty one, or one that nobody can read, matches no node. */
export const matchesAnyTerm = (terms: readonly NodeSelectorTerm[], node: NodeFacts): boolean => terms.some((term) => matchesTerm(term, node));

/** Whether the node is one that nodeSelector and required node affinity ask for. */
export function isRequiredNode({ nodeSelector = {}, affinity }: Pick<PodSpec, 'nodeSelector' | 'affinity'>, node: NodeFacts): boolean {
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!Object.entries(nodeSelector).every(([key, value]) => labelOf(node, key) === value)) return false;
  return required === undefined || matchesAnyTerm(required.nodeSelectorTerms ?? [], node);
}

const labelOf = ({ labels }: NodeFacts, key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: NodeFacts): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return matchExpressions.every((requirement) => holds(requirement, labelOf(node, requirement.key))) &&
    matchFields.every((requirement) => holds(requirement, requirement.key === 'metadata.name' ? node.name : undefined));
}

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

function compared(text: string | undefined, bound: string | undefined, isSo: (value: bigint, bound: bigint) => boolean): boolean {
  const [a, b] = [selectorInteger(text), selectorInteger(bound)];
  return a !== undefined && b !== undefined && isSo(a, b);
}

/** As Go reads 64-bit numbers. */
export const selectorInteger = (text: string | undefined): bigint | undefined => (text !== undefined && /^[+-]?\d{1,19}$/.test(text) ? BigInt(text) : undefined);

export function tolerates({ key, operator, value, effect }: Toleration, taint: Taint): boolean {
  // Some writers send an empty word for any effect.
  if (effect && effect !== taint.effect) return false;
  if (key && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  return Boolean(key) && (value ?? '') === (taint.value ?? '');
}
