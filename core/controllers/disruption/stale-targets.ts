import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

export interface StaleTargetsOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
}

/** How long a pod may be about to be deleted. As in Kubernetes. */
const staleMs = 2 * 60_000;

/** Takes back the condition that a pod is about to be disrupted (KEP-3329) when nobody deletes it after all. Keys are pods. */
export class StaleTargetsController implements Controller {
  readonly name = 'stale-disruption-targets';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #pods: Informer<Pod>;

  constructor({ client, informers, clock }: StaleTargetsOptions) {
    this.#client = client;
    this.#clock = clock;
    const pods = (this.#pods = informers.for(Pod));
    this.sources = [source(pods, (pod) => (pod === undefined || targetedSince(pod) === undefined ? [] : [keyOf(pod)]))];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const pod = this.#pods.get(key);
    const since = pod && targetedSince(pod);
    if (pod === undefined || since === undefined) return;
    const now = this.#clock.now();
    const leftMs = since + staleMs - now;
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    const { uid, resourceVersion } = pod.metadata;
    const condition = { type: 'DisruptionTarget', status: 'False', lastTransitionTime: rfc3339(now), reason: null, message: null };
    await this.#client.patchStatus(Pod, pod.metadata, { type: 'strategic', document: { metadata: { uid, resourceVersion }, status: { conditions: [condition] } } }, {}, signal);
  }
}

/** Since when somebody has been about to delete the pod; undefined when nobody is, or its end is under way. What its node says about it holds for any time. */
function targetedSince(pod: Pod): number | undefined {
  const target = pod.status.conditions?.find(({ type }) => type === 'DisruptionTarget');
  if (target?.status !== 'True' || target.reason === 'TerminationByKubelet' || isDeleting(pod) || isTerminated(pod)) return undefined;
  return target.lastTransitionTime === undefined ? 0 : Date.parse(target.lastTransitionTime);
}
