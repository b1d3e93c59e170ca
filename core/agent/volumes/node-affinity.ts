import type { NodeSelectorRequirement } from '#core/api/schema/core-v1/affinity.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';

export interface NodeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Whether the volume can be reached from the node. Any term will do; an empty one, or one that nobody can read, matches no node. */
export function isReachable({ spec: { nodeAffinity } }: PersistentVolume, { name, labels }: NodeFacts): boolean {
  if (nodeAffinity?.required === undefined) return true;
  const valueOf = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return (nodeAffinity.required.nodeSelectorTerms ?? []).some(({ matchExpressions = [], matchFields = [] }) =>
    matchExpressions.length + matchFields.length > 0 &&
    matchExpressions.every((requirement) => holds(requirement, valueOf(requirement.key))) &&
    matchFields.every((requirement) => holds(requirement, requirement.key === 'metadata.name' ? name : undefined)));
}

function holds({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In': return value !== undefined && values.includes(value);
    case 'NotIn': return value === undefined || !values.includes(value);
    case 'Exists': return value !== undefined;
    case 'DoesNotExist': return value === undefined;
    case 'Gt': return compare(value, values[0]) > 0;
    case 'Lt': return compare(value, values[0]) < 0;
    default: return false;
  }
}

/** 0 when one is no number. */
function compare(value: string | undefined, bound: string | undefined): number {
  const number = /^[+-]?\d{1,19}$/;
  if (value === undefined || bound === undefined || !number.test(value) || !number.test(bound)) return 0;
  return BigInt(value) > BigInt(bound) ? 1 : BigInt(value) < BigInt(bound) ? -1 : 0;
}
