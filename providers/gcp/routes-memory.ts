import type { Clock } from '#core/kernel/clock.ts';
import type { GceRoute } from './routes-calls.ts';

/** No list is later than this. */
const lateMs = 30_000;

/** What this process did to a route: it is there, it is gone, or nobody knows. */
type Deed = 'made' | 'deleted' | 'unsure';

/** What lists and this process's own changes say of the network's routes. */
export class RouteMemory {
  readonly #clock: Clock;
  readonly #deeds = new Map<string, { readonly deed: Deed; readonly until: number }>();
  #known: { readonly routes: Map<string, GceRoute>; readonly at: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param at when it was asked for */
  noteList(routes: readonly GceRoute[], at: number): void {
    this.#known = { routes: new Map(routes.map((route) => [route.name ?? '', route])), at };
  }

  noteMade(name: string, route: GceRoute): void {
    this.#note(name, 'made');
    this.#known?.routes.set(name, route);
  }

  noteDeleted(name: string): void {
    this.#note(name, 'deleted');
    this.#known?.routes.delete(name);
  }

  noteUnsure(name: string): void {
    this.#note(name, 'unsure');
  }

  /** Of the list that is not older than this; undefined where there is none. */
  routes(mostAgeMs: number): readonly GceRoute[] | undefined {
    return this.#known === undefined || this.#clock.now() - this.#known.at > mostAgeMs ? undefined : [...this.#known.routes.values()];
  }

  route(name: string): GceRoute | undefined {
    return this.#known?.routes.get(name);
  }

  /** Names of which a list and what was done lately say different things. */
  disputed(): readonly string[] {
    const now = this.#clock.now();
    for (const [name, { until }] of this.#deeds) if (until < now) this.#deeds.delete(name);
    return [...this.#deeds].flatMap(([name, { deed }]) => (deed === (this.#known?.routes.has(name) === true ? 'made' : 'deleted') ? [] : [name]));
  }

  #note(name: string, deed: Deed): void {
    // The newest are last.
    this.#deeds.delete(name);
    this.#deeds.set(name, { deed, until: this.#clock.now() + lateMs });
  }
}
