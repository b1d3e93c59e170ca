import type { LabelSelector } from '#core/api/label-selector.ts';
import type { PodDisruptionBudget } from '#core/api/schema/policy-v1.ts';
import { compile } from '#core/scheduler/model/affinity-term.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';

interface Budget {
  readonly namespace: string;
  readonly selector: Pick<LabelSelector, 'matches'>;
  readonly allowed: number;
  readonly disrupted: Readonly<Record<string, unknown>>;
}

/** How many pods of each set may go now, as the budgets' statuses say. */
export class Budgets {
  readonly #budgets: readonly Budget[];

  constructor(budgets: Iterable<PodDisruptionBudget>) {
    this.#budgets = [...budgets].flatMap(({ metadata, spec: { selector }, status }) => {
      // Without conditions a budget matches nothing here, as upstream.
      if (selector === undefined || (Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions ?? []).length === 0)) return [];
      return [{ namespace: metadata.namespace ?? '', selector: compile(selector), allowed: status?.disruptionsAllowed ?? 0, disrupted: status?.disruptedPods ?? {} }];
    });
  }

  /** Pods, in order, whose going would break a budget once those before them have gone, and the others. */
  divide(pods: readonly PodInfo[]): { readonly violating: readonly PodInfo[]; readonly others: readonly PodInfo[] } {
    const left = new Map(this.#budgets.map((budget) => [budget, budget.allowed]));
    const violating: PodInfo[] = [];
    const others: PodInfo[] = [];
    for (const pod of pods) (this.#spend(pod, left) ? others : violating).push(pod);
    return { violating, others };
  }

  /** Takes the pod off its budgets; false when one of them has nothing left. */
  #spend({ namespace, name, labels }: PodInfo, left: Map<Budget, number>): boolean {
    let allowed = true;
    for (const [budget, rest] of left) {
      if (budget.namespace !== namespace || labels === undefined || !budget.selector.matches(labels)) continue;
      // Its eviction was granted already, and counted.
      if (Object.hasOwn(budget.disrupted, name)) continue;
      left.set(budget, rest - 1);
      if (rest - 1 < 0) allowed = false;
    }
    return allowed;
  }
}
