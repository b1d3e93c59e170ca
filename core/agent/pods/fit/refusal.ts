import type { Pod } from '#core/api/schema/core-v1/pod.ts';

/** Why the node does not take a pod in, with the reason of its status and event. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** One condition on pods. Undefined: it may come in. */
export type AdmissionCheck = (pod: Pod) => Refusal | undefined;
