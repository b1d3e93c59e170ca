import { selectorInteger } from '#core/api/node-selector.ts';
import type { NodeSelector, NodeSelectorRequirement, NodeSelectorTerm } from '#core/api/schema/core-v1/affinity.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { NodeInfo } from './node-info.ts';

/** A condition on nodes. */
export type NodeMatcher = (node: NodeInfo) => boolean;

/** Any term will do; one that is empty, or that nobody can read, matches no node. */
export function nodeMatcher(terms: readonly NodeSelectorTerm[]): NodeMatcher {
  const compiled = terms.flatMap((term) => termMatcher(term) ?? []);
  return (node) => compiled.some((matches) => matches(node));
}

export const nodeSelectorMatcher = ({ nodeSelectorTerms }: NodeSelector): NodeMatcher => nodeMatcher(nodeSelectorTerms ?? []);

/** Undefined for an empty term. */
export function termMatcher({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): NodeMatcher | undefined {
  if (matchExpressions.length === 0 && matchFields.length === 0) return undefined;
  const conditions = [
    ...matchExpressions.map((requirement) => condition(requirement, (node) => node.label(requirement.key))),
    ...matchFields.map((requirement) => condition(requirement, (node) => (requirement.key === 'metadata.name' ? node.name : undefined))),
  ];
  return (node) => conditions.every((holds) => holds(node));
}

function condition({ operator, values = [] }: NodeSelectorRequirement, valueOf: (node: NodeInfo) => string | undefined): NodeMatcher {
  const wanted = new Set(values);
  switch (operator) {
    case 'In': return (node) => {
      const value = valueOf(node);
      return value !== undefined && wanted.has(value);
    };
    case 'NotIn': return (node) => {
      const value = valueOf(node);
      return value === undefined || !wanted.has(value);
    };
    case 'Exists': return (node) => valueOf(node) !== undefined;
    case 'DoesNotExist': return (node) => valueOf(node) === undefined;
    case 'Gt': return comparison(values[0], valueOf, (value, bound) => value > bound);
    case 'Lt': return comparison(values[0], valueOf, (value, bound) => value < bound);
    default: return () => false;
  }
}

function comparison(text: string | undefined, valueOf: (node: NodeInfo) => string | undefined, holds: (value: bigint, bound: bigint) => boolean): NodeMatcher {
  const bound = selectorInteger(text);
  return (node) => {
    const value = selectorInteger(valueOf(node));
    return value !== undefined && bound !== undefined && holds(value, bound);
  };
}

/** What a pod's nodeSelector and required node affinity ask of nodes; undefined when they ask nothing. */
export function requiredNodes({ spec: { nodeSelector, affinity } }: Pod): NodeMatcher | undefined {
  const labels = Object.entries(nodeSelector ?? {});
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (labels.length === 0 && required === undefined) return undefined;
  const byTerms = required === undefined ? undefined : nodeSelectorMatcher(required);
  return (node) => labels.every(([key, value]) => node.label(key) === value) && (byTerms === undefined || byTerms(node));
}
