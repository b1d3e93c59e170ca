import type { NodeSelectorRequirement, NodeSelectorTerm } from '#core/api/schema/core-v1/affinity.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { PodSpec } from '#core/api/schema/core-v1/pod.ts';

/** Whether the node is one that nodeSelector and required node affinity ask for. An empty term, or one that nobody can read, matches no node. */
export function isRequiredNode({ nodeSelector = {}, affinity }: PodSpec, node: Node): boolean {
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (!Object.entries(nodeSelector).every(([key, value]) => labelOf(node, key) === value)) return false;
  return required === undefined || (required.nodeSelectorTerms ?? []).some((term) => matchesTerm(term, node));
}

function labelOf({ metadata: { labels = {} } }: Node, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return matchExpressions.every((requirement) => holds(requirement, labelOf(node, requirement.key))) &&
    matchFields.every((requirement) => holds(requirement, requirement.key === 'metadata.name' ? node.metadata.name : undefined));
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
  const [a, b] = [integer(text), integer(bound)];
  return a !== undefined && b !== undefined && isSo(a, b);
}

/** As Go reads 64-bit numbers. */
const integer = (text: string | undefined): bigint | undefined => (text !== undefined && /^[+-]?\d{1,19}$/.test(text) ? BigInt(text) : undefined);
