import type { PolicyRule } from '#core/api/schema/rbac-v1.ts';

/** Undefined stands for every value. */
type Choice = ReadonlySet<string> | undefined;

/** A rule that somebody has, for asking what it covers. */
interface Held {
  readonly verbs: Choice;
  readonly groups: Choice;
  readonly resources: Choice;
  readonly names: Choice;
  readonly paths: readonly string[];
}

/** One dimension of a rule: its values, and whether a held rule covers one of them. '' stands for any object among names. */
interface Axis {
  readonly values: readonly string[];
  readonly covers: (held: Held, value: string) => boolean;
  /** Comparisons that `covers` makes with one held rule. */
  readonly cost: (held: Held) => number;
}

/** Values of an axis that the same held rules cover. */
interface Class {
  readonly indexes: readonly number[];
  readonly held: readonly Held[];
}

/** Comparing more than this many values is refused: what is left then counts as not covered. */
const mostComparisons = 1_000_000;

const choiceOf = (values: readonly string[] = []): Choice => (values.includes('*') ? undefined : new Set(values));
const has = (choice: Choice, value: string): boolean => choice === undefined || choice.has(value);

const heldRule = ({ verbs, apiGroups, resources, resourceNames = [], nonResourceURLs = [] }: PolicyRule): Held => ({
  verbs: choiceOf(verbs), groups: choiceOf(apiGroups), resources: choiceOf(resources),
  names: resourceNames.length === 0 ? undefined : new Set(resourceNames), paths: nonResourceURLs,
});

function coversResource({ resources }: Held, resource: string): boolean {
  if (has(resources, resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && has(resources, `*${resource.slice(slash)}`);
}

function coversPath(held: string, path: string): boolean {
  if (held === path) return true;
  if (!held.endsWith('*')) return false;
  let end = held.length;
  while (end > 0 && held[end - 1] === '*') end--;
  return path.startsWith(held.slice(0, end));
}

/** Breaks one rule down, as far as it takes to tell what is covered. Values that the held rules do not tell apart are looked at once. */
class Comparison {
  /** Index of a value on each axis. */
  readonly uncovered: (readonly number[])[] = [];
  readonly #axes: readonly Axis[];
  readonly #limit: number;
  #comparisons = 0;

  constructor(axes: readonly Axis[], limit: number) {
    this.#axes = axes;
    this.#limit = limit;
  }

  /** @param chosen the classes on the axes before */
  walk(held: readonly Held[], chosen: readonly Class[] = []): void {
    const axis = this.#axes[chosen.length];
    if (this.uncovered.length >= this.#limit || (axis === undefined && held.length > 0)) return;
    if (axis === undefined || held.length === 0 || this.#comparisons > mostComparisons) return this.#report(chosen.map(({ indexes }) => indexes), []);
    for (const next of this.#classes(axis, held)) this.walk(next.held, [...chosen, next]);
  }

  #classes({ values, covers, cost }: Axis, held: readonly Held[]): Iterable<Class> {
    const each = held.reduce((sum, rule) => sum + cost(rule), 0);
    const classes = new Map<string, { indexes: number[]; held: readonly Held[] }>();
    for (const [i, value] of values.entries()) {
      this.#comparisons += each;
      const covering = this.#comparisons > mostComparisons ? [] : [...held.keys()].filter((at) => covers(held[at] as Held, value));
      const key = covering.join();
      const known = classes.get(key);
      if (known) known.indexes.push(i);
      else classes.set(key, { indexes: [i], held: covering.map((at) => held[at] as Held) });
    }
    return classes.values();
  }

  /** Notes every combination of what was chosen with all values of the axes that are left. */
  #report(chosen: readonly (readonly number[])[], point: readonly number[]): void {
    const axis = this.#axes[point.length];
    if (axis === undefined) {
      if (this.uncovered.length < this.#limit) this.uncovered.push(point);
      return;
    }
    for (const i of chosen[point.length] ?? axis.values.keys()) {
      if (this.uncovered.length >= this.#limit) return;
      this.#report(chosen, [...point, i]);
    }
  }
}

function compare(axes: readonly Axis[], held: readonly Held[], limit: number): readonly (readonly string[])[] {
  const comparison = new Comparison(axes, limit);
  comparison.walk(held);
  const inOrder = comparison.uncovered.toSorted((a, b) => a.map((index, axis) => index - (b[axis] ?? 0)).find((difference) => difference !== 0) ?? 0);
  return inOrder.map((point) => point.map((index, axis) => axes[axis]?.values[index] ?? ''));
}

const one = (): number => 1;
const verbAxis = ({ verbs }: PolicyRule): Axis => ({ values: verbs, covers: (held, verb) => has(held.verbs, verb), cost: one });
const anyNameAxis: Axis = { values: [''], covers: ({ names }) => names === undefined, cost: one };
const nameAxis = (values: readonly string[]): Axis => ({ values, covers: ({ names }, name) => has(names, name), cost: one });

function uncoveredResources(held: readonly Held[], rule: PolicyRule, limit: number): PolicyRule[] {
  const { apiGroups = [], resources = [], resourceNames = [] } = rule;
  const axes: readonly Axis[] = [
    { values: apiGroups, covers: ({ groups }, group) => has(groups, group), cost: one },
    { values: resources, covers: coversResource, cost: one },
    verbAxis(rule),
    resourceNames.length === 0 ? anyNameAxis : nameAxis(resourceNames),
  ];
  return compare(axes, held, limit).map(([group = '', resource = '', verb = '', name = '']) => ({
    verbs: [verb], apiGroups: [group], resources: [resource], ...(resourceNames.length === 0 ? {} : { resourceNames: [name] }),
  }));
}

function uncoveredPaths(held: readonly Held[], rule: PolicyRule, limit: number): PolicyRule[] {
  const unnamed = held.filter(({ names }) => names === undefined);
  const axes: readonly Axis[] = [
    { values: rule.nonResourceURLs ?? [], covers: ({ paths }, path) => paths.some((own) => coversPath(own, path)), cost: ({ paths }) => paths.length },
    verbAxis(rule),
  ];
  return compare(axes, unnamed, limit).map(([path = '', verb = '']) => ({ verbs: [verb], nonResourceURLs: [path] }));
}

/**
 * What `wanted` allows and `held` does not, broken down into rules of one verb, group, resource and name, or verb and path each, in
 * their order; at most `limit` of them. Empty when all is covered.
 */
export function uncovered(held: readonly PolicyRule[], wanted: readonly PolicyRule[], limit = 500): PolicyRule[] {
  const rules = held.map(heldRule);
  const found: PolicyRule[] = [];
  for (const rule of wanted) {
    found.push(...uncoveredResources(rules, rule, limit - found.length));
    found.push(...uncoveredPaths(rules, rule, limit - found.length));
    if (found.length >= limit) break;
  }
  return found;
}
