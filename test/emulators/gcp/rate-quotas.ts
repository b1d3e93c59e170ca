import { ApiError } from './api-error.ts';

/** Calls for a minute and a project, in the vendor's groups; each is full again when the next minute begins. */
export interface RateLimits {
  readonly mutations: number;
  readonly reads: number;
  readonly lists: number;
  readonly operationReads: number;
}

export const usualRates: RateLimits = { mutations: 1_500, reads: 1_500, lists: 1_500, operationReads: 1_500 };

/** Of a method, what tells its group: those with an effect change something. */
interface Kind {
  readonly id: string;
  readonly effect?: unknown;
}

const metrics: Readonly<Record<keyof RateLimits, string>> = {
  mutations: 'Queries',
  reads: 'Read requests',
  lists: 'List requests',
  operationReads: 'Operation read requests',
};

export class RateQuotas {
  /** Calls that were refused. */
  throttled = 0;
  limits: RateLimits;
  /** 403 rateLimitExceeded, or 429, which some of the vendor's front ends say. */
  status: 403 | 429 = 403;
  readonly #now: () => number;
  readonly #used = new Map<string, number>();
  #minute = 0;

  constructor(now: () => number, limits: Partial<RateLimits> = {}) {
    this.#now = now;
    this.limits = { ...usualRates, ...limits };
  }

  /** @throws {ApiError} when the minute's calls are used up */
  take(project: string, method: Kind): void {
    const minute = Math.floor(this.#now() / 60_000);
    if (minute !== this.#minute) this.#used.clear();
    this.#minute = minute;
    const group = groupOf(method);
    const key = `${project} ${group}`;
    const used = this.#used.get(key) ?? 0;
    if (used >= this.limits[group]) throw this.refusal(project, group);
    this.#used.set(key, used + 1);
  }

  refusal(project: string, group: keyof RateLimits): ApiError {
    this.throttled++;
    const metric = metrics[group];
    const message = `Quota exceeded for quota metric '${metric}' and limit '${metric} per minute' of service 'compute.googleapis.com' for consumer 'projects/${project}'.`;
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'RATE_LIMIT_EXCEEDED', domain: 'googleapis.com', metadata: { service: 'compute.googleapis.com', consumer: `projects/${project}`, quota_metric: metric, quota_limit_value: String(this.limits[group]) } }];
    const status = this.status === 403 ? 'PERMISSION_DENIED' : 'RESOURCE_EXHAUSTED';
    return new ApiError(this.status, 'rateLimitExceeded', message, { domain: 'usageLimits', status, details });
  }
}

export function groupOf(method: Kind): keyof RateLimits {
  if (method.effect !== undefined) return 'mutations';
  if (/Operations\.(?:get|wait)$/.test(method.id)) return 'operationReads';
  return method.id.endsWith('ist') ? 'lists' : 'reads';
}
