import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import type { Route, RouteRequest, Routes, RouteTarget } from '#core/spi/routes.ts';
import { Kit, type KitOptions } from './kit.ts';

export interface RoutesUnderTest {
  readonly routes: Routes;
  /** Two nodes of the platform. */
  readonly targets: readonly [RouteTarget, RouteTarget];
  /** Ranges to which nothing leads, two at least; of both families where the platform has both. */
  readonly destinations: readonly string[];
  /** All routes that the platform has to these ranges, whoever made them, in any words. */
  things(): Promise<readonly string[]>;
  /** Makes a route to the range in nobody's name, or another cluster's; resolves to the id by which it would be told. Left out where that cannot be. */
  makeForeign?(destination: string, target: RouteTarget): Promise<string>;
  /** Takes the target's instance away, so that its routes lead nowhere. Left out where that cannot be. */
  terminate?(target: RouteTarget): Promise<void>;
  /** A process that has forgotten everything, over the same platform. */
  restart(): Promise<Routes>;
  cleanup(): Promise<void>;
}

const signal = new AbortController().signal;

/**
 * The laws of `core/spi/routes.ts` as a mocha suite. In a provider's test file one line runs it:
 *
 *     routesConformance('acme', async () => ({ routes: new AcmeRoutes(…), … }));
 *
 * `make` is called for each check, and `cleanup` after it.
 */
export function routesConformance(name: string, make: () => Promise<RoutesUnderTest>, options: KitOptions = {}): void {
  describe(`Routes conformance: ${name}`, () => {
    const kit = new Kit(make, options);
    const check = kit.check.bind(kit);
    const requestOf = (destination = kit.subject.destinations[0]!, target = kit.subject.targets[0]): RouteRequest =>
      ({ name: `${target.uid}${destination.includes(':') ? '-6' : ''}`, target, destination });
    const create = (request = requestOf()): Promise<Route> => kit.subject.routes.create(request, signal);
    const list = (routes = kit.subject.routes): Promise<readonly Route[]> => routes.list(signal);
    const failure = (call: Promise<unknown>): Promise<unknown> => call.then(() => undefined, (error: unknown) => error);

    check('begins with none', async () => {
      expect(await list()).to.deep.equal([]);
      expect(await kit.subject.things()).to.deep.equal([]);
    });

    check('makes routes, and tells of them', async () => {
      const made: Route[] = [];
      for (const destination of kit.subject.destinations) {
        const target = kit.subject.targets[made.filter((route) => route.destination.includes(':') === destination.includes(':')).length % 2]!;
        const route = await create(requestOf(destination, target));
        expect([route.destination, route.providerId, route.isBlackhole]).to.deep.equal([destination, target.providerId, false]);
        expect(route.node).to.be.oneOf(['', target.node]);
        made.push(route);
      }
      expect(await list()).to.have.deep.members(made);
      expect(new Set(made.map(({ id }) => id)).size).to.equal(made.length);
    });

    check('makes nothing twice, also for a process that has forgotten everything', async () => {
      const route = await create();
      const things = await kit.subject.things();
      expect(things).not.to.deep.equal([]);
      expect(await create()).to.deep.equal(route);
      const again = await kit.subject.restart();
      expect(await again.create(requestOf(), signal)).to.deep.equal(route);
      expect(await list(again)).to.deep.equal([route]);
      expect(await kit.subject.things()).to.deep.equal(things);
    });

    check('does not lead a route elsewhere', async () => {
      const route = await create();
      const things = await kit.subject.things();
      const error = await failure(create(requestOf(kit.subject.destinations[0], kit.subject.targets[1])));
      expect(ProviderError.is(error, 'AlreadyExists'), String(error)).to.equal(true);
      expect(await list()).to.deep.equal([route]);
      expect(await kit.subject.things()).to.deep.equal(things);
      await kit.subject.routes.delete(route, signal);
      const moved = await create(requestOf(kit.subject.destinations[0], kit.subject.targets[1]));
      expect(moved.providerId).to.equal(kit.subject.targets[1].providerId);
    });

    check('deletes a route, and deleting nothing is no failure', async () => {
      const [route, other] = [await create(), await create(requestOf(kit.subject.destinations[1], kit.subject.targets[1]))];
      await kit.subject.routes.delete(route, signal);
      expect(await list()).to.deep.equal([other]);
      await kit.subject.routes.delete(route, signal);
      await (await kit.subject.restart()).delete(other, signal);
      expect([await list(), await kit.subject.things()]).to.deep.equal([[], []]);
    });

    check('touches no route of others', async () => {
      if (kit.subject.makeForeign === undefined) return;
      const [destination = ''] = kit.subject.destinations;
      const foreign = await kit.subject.makeForeign(destination, kit.subject.targets[1]);
      const things = await kit.subject.things();
      expect(things).not.to.deep.equal([]);
      expect(await list()).to.deep.equal([]);
      expect(ProviderError.is(await failure(create()), 'AlreadyExists')).to.equal(true);
      for (const id of [foreign, '', destination, '__proto__', '../x']) await failure(kit.subject.routes.delete({ id, destination, providerId: kit.subject.targets[1].providerId, node: '', isBlackhole: false }, signal));
      expect(await kit.subject.things()).to.deep.equal(things);
    });

    check('tells of a route that leads nowhere any more, and deletes it', async () => {
      if (kit.subject.terminate === undefined) return;
      await create();
      await kit.subject.terminate(kit.subject.targets[0]);
      const routes = await list();
      for (const route of routes) {
        expect(route.isBlackhole).to.equal(true);
        await kit.subject.routes.delete(route, signal);
      }
      expect([await list(), await kit.subject.things()]).to.deep.equal([[], []]);
    });

    check('serves many at once', async () => {
      const made = await Promise.all(kit.subject.destinations.map((destination) => create(requestOf(destination, kit.subject.targets[destination === kit.subject.destinations[0] ? 0 : 1]))));
      const there = await list();
      expect(there).to.have.deep.members(made);
      await Promise.all(there.map((route) => kit.subject.routes.delete(route, signal)));
      expect([await list(), await kit.subject.things()]).to.deep.equal([[], []]);
    });

    check('ends with the reason of a signal that has aborted', async () => {
      const reason = new Error('enough');
      const aborted = AbortSignal.abort(reason);
      const route: Route = { id: 'x', destination: kit.subject.destinations[0]!, providerId: kit.subject.targets[0].providerId, node: '', isBlackhole: false };
      for (const call of [kit.subject.routes.list(aborted), kit.subject.routes.create(requestOf(), aborted), kit.subject.routes.delete(route, aborted)]) expect(await failure(call)).to.equal(reason);
      expect(await kit.subject.things()).to.deep.equal([]);
    });

    kit.expectAllSkipsKnown();
  });
}
