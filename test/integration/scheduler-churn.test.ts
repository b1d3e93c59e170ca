import { expect } from 'chai';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { FakeClock, settle } from '#test/fixtures/fake-clock.ts';
import { Dice, randomNodeParts, randomPodParts } from '#test/fixtures/random-pods.ts';
import { SchedulingWorld } from '#test/fixtures/scheduling-world.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { objection, plainAmount, requested } from '#test/fixtures/slow-scheduler.ts';

/** Longer than any back-off, and far shorter than the time after which all pods are tried again without a cause: events alone have to wake them. */
const patienceMs = 40_000;

/** Nodes and pods that come, go and change while the scheduler works. */
class Churn {
  readonly world: SchedulingWorld;
  readonly #dice: Dice;
  #made = 0;

  constructor(world: SchedulingWorld, seed: number) {
    this.world = world;
    this.#dice = new Dice(seededRandom(seed));
  }

  removePod(): Promise<void> {
    return this.#change(Pod, (name) => this.world.kill(name));
  }

  relabelNode(): Promise<void> {
    return this.#change(Node, (name) => this.#relabel(name));
  }

  async step(): Promise<void> {
    const chance = this.#dice.below(100);
    if (chance < 8) await this.#addNode();
    else if (chance < 12) await this.relabelNode();
    else if (chance < 14) await this.#change(Node, (name) => this.world.client.delete(Node, { name }));
    else if (chance < 22) await this.removePod();
    else await this.addPod();
  }

  async #addNode(): Promise<void> {
    const { labels, spec, allocatable } = randomNodeParts(this.#dice);
    await this.world.createNode(`n${this.#made++}`, allocatable, labels, spec);
  }

  async #relabel(name: string): Promise<void> {
    const { labels, spec } = randomNodeParts(this.#dice);
    await this.world.client.patch(Node, { name }, { type: 'merge', document: { metadata: { labels }, spec: { taints: spec?.taints ?? null, unschedulable: spec?.unschedulable ?? null } } });
  }

  async addPod(): Promise<void> {
    const { requests, spec, metadata } = randomPodParts(this.#dice);
    await this.world.createPod(`p${this.#made++}`, requests, spec, metadata);
  }

  async #change(kind: typeof Node | typeof Pod, change: (name: string) => Promise<unknown>): Promise<void> {
    const { items } = await this.world.client.list<Node | Pod>(kind);
    const found = items[this.#dice.below(items.length)];
    if (found !== undefined) await change(found.metadata.name);
  }
}

describe('the scheduler under churn', function () {
  this.timeout(60_000);

  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it(`overcommits no node, and leaves no pod lying for which there is one (seed ${seed})`, async () => {
      const clock = new FakeClock();
      const world = await SchedulingWorld.start({ clock });
      try {
        const churn = new Churn(world, seed);
        const dice = new Dice(seededRandom(1000 + seed));
        for (let step = 0; step < 150; step++) {
          await churn.step();
          if (dice.chance(0.3)) await settle(1 + dice.below(5));
          if (dice.chance(0.1)) await clock.advance(1000);
        }
        await rest(clock);
        await check(world);
        // Of many kinds of events one wakes a pod sooner or later; each by itself has to.
        for (const change of [() => churn.removePod(), () => churn.addPod(), () => churn.relabelNode(), () => churn.removePod()]) {
          for (let i = 0; i < 15; i++) await change();
          await rest(clock);
          await check(world);
        }
      } finally {
        await world.stop();
      }
    });
  }
});

async function rest(clock: FakeClock): Promise<void> {
  for (let waited = 0; waited < patienceMs; waited += 10_000) await clock.advance(10_000);
}

async function check({ client, scheduler }: SchedulingWorld): Promise<void> {
  const [{ items: nodes }, { items: pods }] = await Promise.all([client.list(Node), client.list(Pod)]);
  const placed = pods.flatMap((pod) => (pod.spec.nodeName === undefined ? [] : [{ pod, node: pod.spec.nodeName }]));
  for (const { metadata: { name }, status } of nodes) {
    const there = placed.filter(({ node }) => node === name).map(({ pod }) => pod);
    expect(there.length, `pods on ${name}`).to.be.at.most(plainAmount(status.allocatable?.['pods']));
    for (const resource of ['cpu', 'memory']) {
      const sum = there.reduce((total, pod) => total + requested(pod, resource), 0);
      expect(sum, `${resource} on ${name}`).to.be.at.most(plainAmount(status.allocatable?.[resource]) + 1e-9);
    }
  }
  const waiting = pods.filter(({ spec }) => spec.nodeName === undefined);
  const cluster = { nodes, placed, namespaces: { default: {} } };
  for (const pod of waiting) {
    const possible = nodes.filter((node) => objection(pod, node, cluster) === undefined).map(({ metadata }) => metadata.name);
    expect(possible, `nodes for ${pod.metadata.name}, which waits: ${JSON.stringify(pod.spec.affinity)} ${JSON.stringify(pod.status.conditions)}`).to.deep.equal([]);
  }
  expect(scheduler.report()?.waiting).to.equal(waiting.length);
  expect(placed.length, 'pods with a node; with none this would say nothing').to.be.greaterThan(20);
}
