import { LabelSelector, type Labels } from '#core/api/label-selector.ts';
import type { PodAffinityTerm } from '#core/api/schema/core-v1/affinity.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { LabelSelector as LabelSelectorObject } from '#core/api/schema/meta.ts';

/** Which pods are meant, wherever they run. */
export interface PodMatcher {
  /** Equal for matchers that match the same pods. */
  readonly id: string;
  /** The only namespaces whose pods can match; undefined when labels of namespaces decide. */
  readonly namespaces: readonly string[] | undefined;
  matches(namespace: string, labels: Labels, labelsOfNamespace: (namespace: string) => Labels): boolean;
}

/** Other pods and the place, a node label, in which they stand with or apart from this one. */
export interface AffinityTerm extends PodMatcher {
  readonly topologyKey: string;
  /** Of a wish, 1 to 100; 0 of what is required. */
  readonly weight: number;
}

type Requirement = NonNullable<LabelSelectorObject['matchExpressions']>[number];

/** A selector's object narrowed to pods that have, or do not have, the same values as this pod under the keys. */
export function narrowed(selector: LabelSelectorObject | undefined, labels: Labels, same: readonly string[] = [], different: readonly string[] = []): LabelSelectorObject | undefined {
  if (selector === undefined || (same.length === 0 && different.length === 0)) return selector;
  const requirements = (keys: readonly string[], operator: string): Requirement[] => keys.flatMap((key) => {
    const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
  return { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...requirements(same, 'In'), ...requirements(different, 'NotIn')] };
}

/** Pods of one namespace. A selector that is absent matches none. */
export function matcherInNamespace(namespace: string, selector: LabelSelectorObject | undefined): PodMatcher {
  const compiled = selector === undefined ? undefined : compile(selector);
  return {
    id: JSON.stringify([[namespace], null, selector ?? null]),
    namespaces: [namespace],
    matches: (candidate, labels) => candidate === namespace && compiled?.matches(labels) === true,
  };
}

export function affinityTerm({ metadata }: Pod, term: PodAffinityTerm, weight: number): AffinityTerm {
  const { namespaces = [], namespaceSelector, topologyKey } = term;
  const selector = narrowed(term.labelSelector, metadata.labels, term.matchLabelKeys, term.mismatchLabelKeys);
  const named = namespaces.length === 0 && namespaceSelector === undefined ? [metadata.namespace ?? ''] : namespaces.toSorted();
  const compiled = selector === undefined ? undefined : compile(selector);
  const ofNamespace = namespaceSelector === undefined ? undefined : compile(namespaceSelector);
  const isMeant = (namespace: string, labelsOfNamespace: (name: string) => Labels): boolean =>
    named.includes(namespace) || ofNamespace?.matches(labelsOfNamespace(namespace)) === true;
  return {
    id: JSON.stringify([named, namespaceSelector ?? null, selector ?? null]),
    namespaces: namespaceSelector === undefined ? named : undefined,
    topologyKey, weight,
    matches: (namespace, labels, labelsOfNamespace) => compiled?.matches(labels) === true && isMeant(namespace, labelsOfNamespace),
  };
}

/** Matches what all of them match. */
export function conjunction(terms: readonly PodMatcher[]): PodMatcher {
  const [first, ...rest] = terms;
  if (first !== undefined && rest.length === 0) return first;
  return {
    id: JSON.stringify(terms.map(({ id }) => id).toSorted()),
    namespaces: terms.find(({ namespaces }) => namespaces !== undefined)?.namespaces,
    matches: (namespace, labels, labelsOfNamespace) => terms.every((term) => term.matches(namespace, labels, labelsOfNamespace)),
  };
}

const nothing = { matches: (): boolean => false };

/** A selector that nobody can read matches nothing. */
export function compile(selector: LabelSelectorObject): Pick<LabelSelector, 'matches'> {
  try {
    return LabelSelector.of(selector);
  } catch {
    return nothing;
  }
}
