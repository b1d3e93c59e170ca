import type { PolicyRule } from '#core/api/schema/rbac-v1.ts';

/** Group and resource of a rule that is about these alone; undefined for a rule that says more. */
function subjectOf({ apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): string | undefined {
  const alone = apiGroups.length === 1 && resources.length === 1 && resourceNames.length === 0 && nonResourceURLs.length === 0;
  return alone ? `${apiGroups[0]}/${resources[0]}` : undefined;
}

/** Puts rules together that differ in their verbs only, and are about one group and resource and no names. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const compacted: PolicyRule[] = [];
  const known = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const subject = subjectOf(rule);
    const same = subject === undefined ? undefined : known.get(subject);
    if (same) {
      same.verbs.push(...rule.verbs);
      continue;
    }
    const copy = { ...rule, verbs: [...rule.verbs] };
    if (subject !== undefined) known.set(subject, copy);
    compacted.push(copy);
  }
  return compacted;
}

/** A list of strings as Go's `%q` writes it. */
export const quotedList = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(' ')}]`;

/** Such as `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
export function ruleText({ apiGroups = [], resources = [], nonResourceURLs = [], resourceNames = [], verbs }: PolicyRule): string {
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['APIGroups', apiGroups], ['Resources', resources], ['NonResourceURLs', nonResourceURLs], ['ResourceNames', resourceNames], ['Verbs', verbs],
  ];
  return `{${parts.filter(([, values]) => values.length > 0).map(([name, values]) => `${name}:${quotedList(values)}`).join(', ')}}`;
}
