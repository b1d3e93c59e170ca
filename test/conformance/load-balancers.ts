import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { canSurvey, type LoadBalancerIngress, type LoadBalancerOwner, type LoadBalancerRequest, type LoadBalancers, type LoadBalancerTarget } from '#core/spi/load-balancers.ts';
import { Kit, type KitOptions } from './kit.ts';

export interface LoadBalancersUnderTest {
  readonly balancers: LoadBalancers;
  /** Nodes of the platform that can be targets, at least two, each with something that answers at every node port of `ports`. */
  readonly targets: readonly LoadBalancerTarget[];
  /** Two ports of TCP with their node ports. */
  readonly ports: LoadBalancerRequest['ports'];
  /** All that there is on the platform for an owner, in any words; empty when nothing is left. */
  things(owner: LoadBalancerOwner): Promise<readonly string[]>;
  /** Which target answers there, by its node's name; undefined when nobody does. Left out where traffic cannot be tried. */
  reach?(ingress: LoadBalancerIngress, port: number): Promise<string | undefined>;
  /** A process that has forgotten everything, over the same platform. */
  restart(): Promise<LoadBalancers>;
  cleanup(): Promise<void>;
}

const signal = new AbortController().signal;

/** UIDs are the API server's. */
const ownerNumber = (number: number): LoadBalancerOwner =>
  ({ namespace: 'default', name: `service-${number}`, uid: `6f1c1f6e-5a0b-4c0a-9a51-${String(number).padStart(12, '0')}` });

/**
 * The laws of `core/spi/load-balancers.ts` as a mocha suite. In a provider's test file one line runs it:
 *
 *     loadBalancersConformance('acme', async () => ({ balancers: new AcmeLoadBalancers(…), … }));
 *
 * `make` is called for each check, and `cleanup` after it.
 */
export function loadBalancersConformance(name: string, make: () => Promise<LoadBalancersUnderTest>, options: KitOptions = {}): void {
  describe(`LoadBalancers conformance: ${name}`, () => {
    const kit = new Kit(make, options);
    const check = kit.check.bind(kit);
    const requestOf = (number = 1, more: Partial<LoadBalancerRequest> = {}): LoadBalancerRequest => ({
      owner: ownerNumber(number), name: `a6f1c1f6e5a0b4c0a9a51${String(number).padStart(11, '0')}`, ports: kit.subject.ports.slice(0, 1), targets: kit.subject.targets,
      families: ['IPv4'], sourceRanges: [], annotations: {}, ingress: [], ...more,
    });
    /** As its caller does, which comes back until there is an address. */
    const ensure = async (request: LoadBalancerRequest, balancers = kit.subject.balancers): Promise<readonly LoadBalancerIngress[]> => {
      for (let attempt = 0; attempt < 20; attempt++) {
        const { ingress } = await balancers.ensure(request, signal);
        if (ingress.length > 0) return ingress;
      }
      return expect.fail('no address after 20 calls');
    };
    const failure = async (call: Promise<unknown>): Promise<unknown> => call.then(() => undefined, (error: unknown) => error);

    check('makes a load balancer that is reached at an address or a name', async () => {
      for (const place of await ensure(requestOf())) expect([place.ip, place.hostname].filter((one) => one !== undefined && one !== '')).to.have.length(1);
      expect(await kit.subject.things(ownerNumber(1))).not.to.deep.equal([]);
    });

    check('makes nothing twice, and stays where it is', async () => {
      const ingress = await ensure(requestOf());
      const things = await kit.subject.things(ownerNumber(1));
      expect(await ensure(requestOf(1, { ingress }))).to.deep.equal(ingress);
      expect(await kit.subject.things(ownerNumber(1))).to.deep.equal(things);
    });

    check('finds what a process made that is no more, and stays where it was', async () => {
      const ingress = await ensure(requestOf());
      const things = await kit.subject.things(ownerNumber(1));
      const balancers = await kit.subject.restart();
      expect(await ensure(requestOf(1, { ingress }), balancers)).to.deep.equal(ingress);
      expect(await kit.subject.things(ownerNumber(1))).to.deep.equal(things);
    });

    check('keeps its address when its ports and targets change', async () => {
      const ingress = await ensure(requestOf());
      expect(await ensure(requestOf(1, { ingress, ports: kit.subject.ports, targets: kit.subject.targets.slice(1) }))).to.deep.equal(ingress);
      expect(await ensure(requestOf(1, { ingress, ports: kit.subject.ports.slice(1) }))).to.deep.equal(ingress);
    });

    check('waits for targets that come later', async () => {
      const ingress = await ensure(requestOf(1, { targets: [] }));
      await kit.subject.balancers.updateTargets(requestOf(1, { ingress }), signal);
      expect(await kit.subject.reach?.(ingress[0]!, kit.subject.ports[0]!.port) ?? kit.subject.targets[0]!.node).to.be.oneOf(kit.subject.targets.map(({ node }) => node));
    });

    check('sends traffic to its targets, all of them and no others', async () => {
      const [first, second] = kit.subject.targets;
      const ingress = await ensure(requestOf(1, { targets: [first!] }));
      const { reach } = kit.subject;
      if (reach === undefined) return;
      const answering = async (): Promise<string[]> => {
        const found = await Promise.all(Array.from({ length: 20 }, () => reach(ingress[0]!, kit.subject.ports[0]!.port)));
        return [...new Set(found.map(String))].toSorted();
      };
      expect(await answering()).to.deep.equal([first!.node]);
      await kit.subject.balancers.updateTargets(requestOf(1, { ingress, targets: [first!, second!] }), signal);
      expect(await answering()).to.deep.equal([first!.node, second!.node].toSorted());
      await kit.subject.balancers.updateTargets(requestOf(1, { ingress, targets: [second!] }), signal);
      expect(await answering()).to.deep.equal([second!.node]);
      await kit.subject.balancers.delete(ownerNumber(1), signal);
      expect(await answering()).to.deep.equal(['undefined']);
    });

    check('has no targets to change of what is not there', async () => {
      expect(ProviderError.is(await failure(kit.subject.balancers.updateTargets(requestOf(), signal)), 'NotFound')).to.equal(true);
    });

    check('leaves nothing when it is deleted, and deleting nothing is no failure', async () => {
      await ensure(requestOf(1, { ports: kit.subject.ports }));
      await kit.subject.balancers.delete(ownerNumber(1), signal);
      expect(await kit.subject.things(ownerNumber(1))).to.deep.equal([]);
      await kit.subject.balancers.delete(ownerNumber(1), signal);
      await kit.subject.balancers.delete(ownerNumber(99), signal);
    });

    check('deletes what a process made that is no more, without having ensured it', async () => {
      await ensure(requestOf());
      const balancers = await kit.subject.restart();
      await balancers.delete(ownerNumber(1), signal);
      expect(await kit.subject.things(ownerNumber(1))).to.deep.equal([]);
    });

    check('leaves nothing of what it refused', async () => {
      const refused = await failure(kit.subject.balancers.ensure(requestOf(1, { ports: [{ name: '', protocol: 'SCTP', port: 7, nodePort: 30_007 }], sourceRanges: ['nowhere'] }), signal));
      expect(ProviderError.is(refused, 'Invalid'), String(refused)).to.equal(true);
      await kit.subject.balancers.delete(ownerNumber(1), signal);
      expect(await kit.subject.things(ownerNumber(1))).to.deep.equal([]);
    });

    check('does not touch what belongs to another owner', async () => {
      const ports = [kit.subject.ports.slice(0, 1), kit.subject.ports.slice(1, 2)];
      const [one, two] = [await ensure(requestOf(1, { ports: ports[0]! })), await ensure(requestOf(2, { ports: ports[1]! }))];
      const things = await kit.subject.things(ownerNumber(2));
      await kit.subject.balancers.delete(ownerNumber(1), signal);
      expect(await kit.subject.things(ownerNumber(2))).to.deep.equal(things);
      expect(await ensure(requestOf(2, { ports: ports[1]!, ingress: two }))).to.deep.equal(two);
      expect(one).not.to.equal(undefined);
    });

    check('serves several owners at the same time', async () => {
      const numbers = [1, 2];
      const found = await Promise.all(numbers.map((number) => ensure(requestOf(number, { ports: kit.subject.ports.slice(number - 1, number) }))));
      const doors = found.map((ingress, index) => `${ingress[0]?.ip ?? ingress[0]?.hostname} ${kit.subject.ports[index]?.port}`);
      expect(new Set(doors).size).to.equal(numbers.length);
      await Promise.all(numbers.map((number) => kit.subject.balancers.delete(ownerNumber(number), signal)));
      for (const number of numbers) expect(await kit.subject.things(ownerNumber(number))).to.deep.equal([]);
    });

    check('tells for whom there is anything', async () => {
      const { balancers } = kit.subject;
      if (!canSurvey(balancers)) return;
      await ensure(requestOf());
      expect(await balancers.owners(signal)).to.deep.include(ownerNumber(1));
      await balancers.delete(ownerNumber(1), signal);
      expect((await balancers.owners(signal)).map(({ uid }) => uid)).not.to.include(ownerNumber(1).uid);
    });

    check('ends with the reason of a signal that has aborted', async () => {
      const reason = new Error('enough');
      const { balancers } = kit.subject;
      const aborted = AbortSignal.abort(reason);
      for (const call of [balancers.ensure(requestOf(), aborted), balancers.updateTargets(requestOf(), aborted), balancers.delete(ownerNumber(1), aborted)]) {
        expect(await failure(call)).to.equal(reason);
      }
    });

    kit.expectAllSkipsKnown();
  });
}
