import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import { hasFinalizer, isDeleting } from '#core/controllers/storage/claims.ts';
import { metadataPatch, withFinalizer, withoutFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { finalizers } from '#core/api/storage/names.ts';
import { claimsOfPod, podsOfClaim } from '#core/controllers/storage/pods.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { holdsClaims, LivePods } from './live-pods.ts';

export interface ClaimProtectionOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly workers?: number;
}

const lookAgainMs = 1000;

/** Keeps a claim that is being deleted until no running pod uses it. */
export class ClaimProtectionController implements Controller {
  readonly name = 'claim-protection';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #pods: Informer<Pod>;
  readonly #livePods: LivePods;

  constructor({ client, informers, workers = 16 }: ClaimProtectionOptions) {
    this.workers = workers;
    this.#client = client;
    this.#livePods = new LivePods(client);
    const claims = (this.#claims = informers.for(PersistentVolumeClaim));
    this.#pods = informers.for(Pod);
    this.#pods.addIndex(podsOfClaim.name, podsOfClaim.of);
    this.sources = [
      source(claims, (claim) => (claim !== undefined && hasWork(claim) ? [keyOf(claim)] : [])),
      source(this.#pods, (pod, previous) => (previous === undefined || (pod !== undefined && holdsClaims(pod)) ? [] : claimsOfPod(previous))),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const claim = this.#claims.get(key);
    if (claim === undefined || !hasWork(claim)) return;
    if (!isDeleting(claim)) return this.#setFinalizers(claim, withFinalizer(claim, finalizers.claimProtection), signal);
    if (this.#pods.byIndex(podsOfClaim.name, key).some(holdsClaims)) return;
    // Of a pod that the cache has not seen, the end may go unnoticed too.
    if (await this.#livePods.uses(claim.metadata.namespace ?? '', key, signal)) return { requeueAfterMs: lookAgainMs };
    await this.#setFinalizers(claim, withoutFinalizer(claim, finalizers.claimProtection), signal);
  }

  async #setFinalizers(claim: PersistentVolumeClaim, names: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#client.patch(PersistentVolumeClaim, claim.metadata, metadataPatch(claim, { finalizers: names }), {}, signal);
  }
}

/** A claim that is being deleted has the finalizer to lose, any other one lacks it: admission gives it to new claims. */
const hasWork = (claim: PersistentVolumeClaim): boolean => isDeleting(claim) === hasFinalizer(claim, finalizers.claimProtection);
