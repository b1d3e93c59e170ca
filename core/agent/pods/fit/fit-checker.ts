import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { NodeFacts } from '#core/agent/pods/pod-services.ts';
import { affinityRefusal, portRefusal, taintRefusal } from './node-fit.ts';
import type { AdmissionCheck, Refusal } from './refusal.ts';
import { resourceRefusal } from './resources-fit.ts';
import { sysctlRefusal } from './sysctls.ts';
import { unsupportedRefusal } from './unsupported.ts';

export interface FitCheckerOptions {
  readonly node: NodeFacts;
  /** The pods that the node has taken in and that have not ended. */
  readonly present: (but: Pod) => readonly Pod[];
  readonly isStatic: (pod: Pod) => boolean;
  /** What else keeps pods out, such as the node's pressure. */
  readonly checks: readonly AdmissionCheck[];
}

/** Looks whether a pod that was sent to this node can run here: others may have come at the same time, and the node may have changed. */
export class FitChecker {
  readonly #options: FitCheckerOptions;

  constructor(options: FitCheckerOptions) {
    this.#options = options;
  }

  /** @param node as it is; by default as the agent saw it last */
  check(pod: Pod, node = this.#options.node.node()): Refusal | undefined {
    for (const check of [...this.#options.checks, unsupportedRefusal, sysctlRefusal]) {
      const refusal = check(pod);
      if (refusal !== undefined) return refusal;
    }
    // Before the agent knows its node, it knows of no limits either.
    return node === undefined ? undefined : this.#checkNode(pod, node);
  }

  /** Whether a pod that runs can have what it requests now: `Infeasible` never on this node, `Deferred` not beside the others. */
  checkResize(pod: Pod): { readonly reason: 'Infeasible' | 'Deferred'; readonly message: string } | undefined {
    const { node, present } = this.#options;
    const allocatable = node.node()?.status?.allocatable;
    if (allocatable === undefined) return undefined;
    const never = resourceRefusal(pod, [], allocatable);
    if (never !== undefined) return { reason: 'Infeasible', message: never.message };
    const now = resourceRefusal(pod, present(pod), allocatable);
    return now && { reason: 'Deferred', message: now.message };
  }

  #checkNode(pod: Pod, node: Node): Refusal | undefined {
    const { present, isStatic } = this.#options;
    const others = present(pod);
    return resourceRefusal(pod, others, node.status?.allocatable ?? {}) ?? affinityRefusal(pod, node) ?? portRefusal(pod, others) ?? (isStatic(pod) ? undefined : taintRefusal(pod, node));
  }
}
