import { APIService } from '#core/api/schema/apiregistration-v1.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import { EndpointSlice } from '#core/api/schema/discovery-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { metadataPatch } from '#core/controllers/storage/metadata-patch.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { conditionsWith, failedCheck, local, obstacle, passed, type Verdict } from './availability.ts';

/** Asks the server for its discovery document; resolves to what is wrong with the answer. */
export type CheckDiscovery = (service: APIService) => Promise<string | undefined>;

export interface ApiServiceOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly check: CheckDiscovery;
}

const byService = 'api-services-by-service';
const byOwner = 'endpoint-slices-by-service';
const serviceLabel = 'kubernetes.io/service-name';

/** What does not show in any object, such as the network, is looked at so often. */
const lookAgainMs = 30_000;
const firstRetryMs = 500;

/** Says of each APIService whether the API server behind it can be reached (condition Available). */
export class ApiServiceController implements Controller {
  readonly name = 'api-service';
  readonly workers = 4;
  readonly sources: readonly Source[];
  readonly #options: ApiServiceOptions;
  readonly #apiServices: Informer<APIService>;
  readonly #services: Informer<Service>;
  readonly #slices: Informer<EndpointSlice>;
  /** How often in a row a server has not answered. */
  readonly #failures = new Map<string, number>();

  constructor(options: ApiServiceOptions) {
    this.#options = options;
    const { informers } = options;
    const apiServices = (this.#apiServices = informers.for(APIService));
    const services = (this.#services = informers.for(Service));
    const slices = (this.#slices = informers.for(EndpointSlice));
    apiServices.addIndex(byService, ({ spec: { service } }) => (service === undefined ? [] : [`${service.namespace ?? ''}/${service.name ?? ''}`]));
    slices.addIndex(byOwner, (slice) => [ownerOf(slice)]);
    const concerned = (service: string): string[] => apiServices.byIndex(byService, service).map(({ metadata }) => metadata.name);
    this.sources = [
      source(apiServices, (now, before) => [(now ?? before)?.metadata.name ?? '']),
      source(services, (now, before) => concerned(`${(now ?? before)?.metadata.namespace ?? ''}/${(now ?? before)?.metadata.name ?? ''}`)),
      source(slices, (now, before) => [now, before].flatMap((slice) => (slice === undefined ? [] : concerned(ownerOf(slice))))),
    ];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const service = this.#apiServices.get(name);
    if (service === undefined) {
      this.#failures.delete(name);
      return undefined;
    }
    const verdict = await this.#judge(service);
    await this.#say(service, verdict, signal);
    if (service.spec.service === undefined) return undefined;
    return { requeueAfterMs: this.#nextLook(name, verdict) };
  }

  async #judge(apiService: APIService): Promise<Verdict> {
    const { service } = apiService.spec;
    if (service === undefined) return local;
    const key = `${service.namespace ?? ''}/${service.name ?? ''}`;
    const found = obstacle(service, this.#services.get(key), this.#slices.byIndex(byOwner, key));
    if (found !== undefined) return found;
    const problem = await this.#options.check(apiService);
    return problem === undefined ? passed : failedCheck(problem);
  }

  async #say(service: APIService, verdict: Verdict, signal: AbortSignal): Promise<void> {
    const conditions = conditionsWith(service, verdict, rfc3339(this.#options.clock.now()));
    if (conditions === undefined) return;
    try {
      await this.#options.client.patchStatus(APIService, service.metadata, metadataPatch(service, {}, { status: { conditions } }), {}, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }

  /** A server that does not answer is asked again soon, and then less and less often. */
  #nextLook(name: string, { reason }: Verdict): number {
    if (reason !== 'FailedDiscoveryCheck') {
      this.#failures.delete(name);
      return lookAgainMs;
    }
    const failures = (this.#failures.get(name) ?? 0) + 1;
    this.#failures.set(name, failures);
    return Math.min(lookAgainMs, firstRetryMs * 2 ** (failures - 1));
  }
}

const ownerOf = ({ metadata }: EndpointSlice): string => `${metadata.namespace ?? ''}/${metadata.labels?.[serviceLabel] ?? ''}`;
