import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import type { Client } from '#core/client/client.ts';
import { cleanupFinalizer } from '#core/controllers/service-load-balancer/controller.ts';
import { hasFinalizer } from '#core/controllers/storage/claims.ts';
import { withDeadline } from '#core/controllers/storage/deadline.ts';
import { live } from '#core/controllers/storage/live.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informers } from '#core/reconcile/informer.ts';
import { canSurvey, type LoadBalancerOwner, type LoadBalancers } from '#core/spi/load-balancers.ts';

export interface LoadBalancerSweepOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly balancers: readonly LoadBalancers[];
  readonly sweepMs?: number;
  /** How long something must have had no owner. Longer than the time between two sweeps, so that it was seen twice. */
  readonly graceMs?: number;
}

const sweepEveryMs = 10 * 60_000;
/** Who keeps a caller waiting. */
const platform = 'the platform of load balancers';

/**
 * Deletes load balancers of this cluster whose service is gone without them: its finalizer was taken off by hand, or the cluster was put back to an older
 * state. Each survey is a few calls; keys are providers.
 */
export class LoadBalancerSweepController implements Controller {
  readonly name = 'load-balancer-sweep';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #balancers: readonly LoadBalancers[];
  readonly #sweepMs: number;
  readonly #graceMs: number;
  /** By the owner's UID, since when it has been missed. */
  readonly #strays = new Map<string, number>();

  constructor({ client, informers, clock, logger, balancers, sweepMs = sweepEveryMs, graceMs = sweepEveryMs }: LoadBalancerSweepOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
    this.#balancers = balancers.filter(canSurvey);
    this.#sweepMs = sweepMs;
    this.#graceMs = graceMs;
    const providers = this.#balancers.map(({ provider }) => provider);
    // There are no services without a namespace, and no other cause to sweep than time.
    this.sources = [source(informers.for(Namespace), (_namespace, previous) => (previous === undefined ? providers : []))];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const balancers = this.#balancers.find(({ provider }) => provider === key);
    if (balancers === undefined || !canSurvey(balancers)) return;
    const owners = await withDeadline(this.#clock, signal, (bounded) => balancers.owners(bounded), undefined, platform);
    for (const owner of owners) {
      if (await this.#isWanted(owner, signal)) this.#strays.delete(owner.uid);
      else if (this.#isOverdue(owner)) await this.#delete(balancers, owner, signal);
    }
    return { requeueAfterMs: this.#sweepMs };
  }

  /** Asks the API server: a cache that is behind would cost somebody their load balancer. */
  async #isWanted({ namespace, name, uid }: LoadBalancerOwner, signal: AbortSignal): Promise<boolean> {
    const service = await live(this.#client, Service, { namespace, name }, signal);
    return service?.metadata.uid === uid && hasFinalizer(service, cleanupFinalizer);
  }

  #isOverdue({ uid }: LoadBalancerOwner): boolean {
    const now = this.#clock.now();
    const since = this.#strays.get(uid);
    if (since === undefined) this.#strays.set(uid, now);
    return since !== undefined && now - since >= this.#graceMs;
  }

  async #delete(balancers: LoadBalancers, owner: LoadBalancerOwner, signal: AbortSignal): Promise<void> {
    this.#logger.warn('a load balancer whose service is gone is deleted', { provider: balancers.provider, ...owner });
    await withDeadline(this.#clock, signal, (bounded) => balancers.delete(owner, bounded), undefined, platform);
    this.#strays.delete(owner.uid);
  }
}
