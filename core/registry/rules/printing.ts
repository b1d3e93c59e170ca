import type { LabelSelector, LabelSelectorRequirement } from '#core/api/schema/meta.ts';

/** Labels as kubectl prints them: `a=b,c=d`, sorted. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`).sort();
  return pairs.length === 0 ? '<none>' : pairs.join(',');
}

function requirementText({ key, operator, values = [] }: LabelSelectorRequirement): string {
  switch (operator) {
    case 'In': return `${key} in (${values.toSorted().join(',')})`;
    case 'NotIn': return `${key} notin (${values.toSorted().join(',')})`;
    case 'DoesNotExist': return `!${key}`;
    default: return key;
  }
}

/** A selector as kubectl prints it, sorted by key. */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const parts = [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...matchExpressions.map((requirement) => ({ key: requirement.key, text: requirementText(requirement) })),
  ];
  const sorted = parts.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return sorted.length === 0 ? '<none>' : sorted.map(({ text }) => text).join(',');
}

/** The first three of a list, and how many more there are. */
export const firstFew = (items: readonly string[]): string =>
  items.slice(0, 3).join(',') + (items.length > 3 ? ` + ${items.length - 3} more...` : '');
