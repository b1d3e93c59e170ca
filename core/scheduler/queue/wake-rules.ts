import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import type { ClusterEvent, ClusterEventKind, FilterPlugin, Wake } from '#core/scheduler/plugin.ts';

export interface WakeRule {
  readonly plugin: string;
  helps(pod: PodInfo, event: ClusterEvent): boolean;
}

/** In place of a plugin, for pods that found no node at all. */
export const withoutNodes = '';

/** Which events may help pods that a plugin turned away. */
export class WakeRules {
  readonly #rules = new Map<ClusterEventKind, WakeRule[]>();

  constructor(plugins: readonly Pick<FilterPlugin, 'name' | 'wakes'>[]) {
    for (const { name, wakes } of plugins) for (const wake of wakes) this.#add(name, wake);
    this.#add(withoutNodes, { on: ['node/add'] });
  }

  on(kind: ClusterEventKind): readonly WakeRule[] {
    return this.#rules.get(kind) ?? [];
  }

  /** Whether the event may help the pod, of which it is known who turned it away. */
  helps(pod: PodInfo, refusedBy: ReadonlySet<string>, event: ClusterEvent): boolean {
    if (event.kind.startsWith('own/') && event.object.metadata.uid !== pod.uid) return false;
    return this.on(event.kind).some((rule) => refusedBy.has(rule.plugin) && rule.helps(pod, event));
  }

  #add(plugin: string, wake: Wake): void {
    const rule: WakeRule = { plugin, helps: (pod, event) => safely(() => wake.helps?.(pod, event) ?? true) };
    for (const kind of wake.on) {
      const rules = this.#rules.get(kind) ?? [];
      rules.push(rule);
      this.#rules.set(kind, rules);
    }
  }
}

/** A hint that fails is no reason to leave a pod lying. */
function safely(hint: () => boolean): boolean {
  try {
    return hint();
  } catch {
    return true;
  }
}
