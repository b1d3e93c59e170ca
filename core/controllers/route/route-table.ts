import type { Node } from '#core/api/schema/core-v1/node.ts';
import { withDeadline } from '#core/controllers/storage/deadline.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { Route, RouteRequest, Routes } from '#core/spi/routes.ts';

const deadlineMs = 2 * 60_000;

/** What is known of one provider's routes, so that they need not be listed before each change. What is not known for certain is listed anew. */
export class RouteTable {
  readonly #routes: Routes;
  readonly #clock: Clock;
  readonly #freshMs: number;
  #known: Map<string, Route> | undefined;
  #listedAt = Number.NEGATIVE_INFINITY;
  /** The term of leadership in which they were listed. */
  #term: AbortSignal | undefined;
  /** Since when nobody wants a route, by its id. */
  #orphanedSince: ReadonlyMap<string, number> = new Map();

  /** @param freshMs milliseconds for which a list counts */
  constructor(routes: Routes, clock: Clock, freshMs: number) {
    this.#routes = routes;
    this.#clock = clock;
    this.#freshMs = freshMs;
  }

  /** They were listed before. */
  get isKnown(): boolean {
    return this.#listedAt > Number.NEGATIVE_INFINITY;
  }

  owns({ spec: { providerID = '' } }: Node): boolean {
    return providerID.startsWith(this.#routes.providerIdPrefix);
  }

  async all(signal: AbortSignal): Promise<readonly Route[]> {
    if (this.#known === undefined || this.#term !== signal || this.#clock.now() - this.#listedAt >= this.#freshMs) {
      const listed = await this.#call(signal, (bounded) => this.#routes.list(bounded));
      this.#known = new Map(listed.map((route) => [route.id, route]));
      this.#listedAt = this.#clock.now();
      this.#term = signal;
    }
    return [...this.#known.values()];
  }

  async create(request: RouteRequest, signal: AbortSignal): Promise<void> {
    const route = await this.#change(signal, (bounded) => this.#routes.create(request, bounded));
    this.#known?.set(route.id, route);
  }

  async delete(route: Route, signal: AbortSignal): Promise<void> {
    await this.#change(signal, (bounded) => this.#routes.delete(route, bounded));
    this.#known?.delete(route.id);
  }

  /** Since when nobody wants these; all others are wanted. */
  agesOf(orphans: readonly Route[], now: number): ReadonlyMap<string, number> {
    this.#orphanedSince = new Map(orphans.map(({ id }) => [id, this.#orphanedSince.get(id) ?? now]));
    return this.#orphanedSince;
  }

  async #change<T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await this.#call(signal, call);
    } catch (error) {
      if (!ProviderError.is(error, 'Exhausted', 'Invalid')) this.#known = undefined;
      throw error;
    }
  }

  #call<T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(this.#clock, signal, call, deadlineMs, `the provider ${this.#routes.provider}`);
  }
}
