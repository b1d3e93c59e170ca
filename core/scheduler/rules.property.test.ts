import { expect } from 'chai';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import { Dice, randomNodeParts, randomPodParts } from '#test/fixtures/random-pods.ts';
import { SchedulingLab } from '#test/fixtures/scheduling-lab.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { objection, type PlainCluster } from '#test/fixtures/slow-scheduler.ts';

const rounds = 60;
const stepsPerRound = 150;

/** The lab's cluster, and beside it the same as plain lists. */
class Twins {
  readonly lab: SchedulingLab;
  readonly #dice: Dice;
  readonly #nodes = new Map<string, Node>();
  readonly #placed = new Map<string, { pod: PodInfo; node: string }>();
  #namespaces: Record<string, Record<string, string>> = { default: {} };
  scheduled = 0;
  refused = 0;

  constructor(seed: number) {
    this.#dice = new Dice(seededRandom(seed));
    this.lab = new SchedulingLab({ seed });
  }

  get plain(): PlainCluster {
    return { nodes: [...this.#nodes.values()], placed: [...this.#placed.values()].map(({ pod, node }) => ({ pod: pod.pod, node })), namespaces: this.#namespaces };
  }

  step(): void {
    const chance = this.#dice.below(100);
    if (chance < 12 || this.#nodes.size < 3) this.#setNode(`n${this.#dice.below(12)}`);
    else if (chance < 15) this.#removeNode();
    else if (chance < 28) this.#removePod();
    else if (chance < 32) this.#relabelPod();
    else if (chance < 34) this.#relabelNamespace();
    else this.#schedule();
  }

  #setNode(name: string): void {
    const { labels, spec, allocatable } = randomNodeParts(this.#dice);
    this.#nodes.set(name, this.lab.node(name, allocatable, labels, spec));
  }

  #removeNode(): void {
    const name = [...this.#nodes.keys()][this.#dice.below(this.#nodes.size)] ?? '';
    this.#nodes.delete(name);
    this.lab.cluster.removeNode(name);
  }

  #removePod(): void {
    const uid = [...this.#placed.keys()][this.#dice.below(this.#placed.size)];
    if (uid === undefined) return;
    this.#placed.delete(uid);
    this.lab.cluster.removePod(uid);
  }

  #relabelPod(): void {
    const found = [...this.#placed.values()][this.#dice.below(this.#placed.size)];
    if (found === undefined) return;
    const { metadata } = randomPodParts(this.#dice);
    const leaving = this.#dice.chance(0.3) ? { deletionTimestamp: '2025-01-01T00:00:00Z' } : {};
    const { requests, spec } = randomPodParts(this.#dice);
    const pod = this.lab.pod(found.pod.name, requests, spec, { ...metadata, ...leaving, uid: found.pod.uid });
    this.#placed.set(pod.uid, { pod, node: found.node });
    this.lab.cluster.setPod(pod, found.node);
  }

  #relabelNamespace(): void {
    const labels: Record<string, string> = this.#dice.chance(0.5) ? { team: 'x' } : {};
    this.#namespaces = { default: labels };
    this.lab.namespace('default', labels);
  }

  #schedule(): void {
    const { requests, spec, metadata } = randomPodParts(this.#dice);
    const pod = this.lab.pod('p', requests, spec, metadata);
    const { plain } = this;
    const possible = plain.nodes.filter((node) => objection(pod.pod, node, plain) === undefined).map((node) => node.metadata.name);
    const chosen = this.lab.schedule(pod);
    if (chosen === undefined) {
      this.refused++;
      expect(possible, `nodes that would have done for ${JSON.stringify(pod.pod.spec)}`).to.deep.equal([]);
      return;
    }
    this.scheduled++;
    const node = this.#nodes.get(chosen);
    const why = node === undefined ? 'it is not there' : objection(pod.pod, node, plain);
    expect(why, `why node ${chosen} must not have ${JSON.stringify(pod.pod.spec)}`).to.equal(undefined);
    this.#placed.set(pod.uid, { pod, node: chosen });
  }
}

describe('the rules, against a checker that shares nothing with them', function () {
  this.timeout(60_000);

  it('break none, and find a node wherever there is one, whatever comes and goes', () => {
    let scheduled = 0;
    let refused = 0;
    for (let seed = 1; seed <= rounds; seed++) {
      const twins = new Twins(seed);
      try {
        for (let step = 0; step < stepsPerRound; step++) twins.step();
      } catch (error) {
        throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
      scheduled += twins.scheduled;
      refused += twins.refused;
    }
    // Otherwise the test would say nothing.
    expect(scheduled).to.be.greaterThan(1000);
    expect(refused).to.be.greaterThan(500);
  });
});
