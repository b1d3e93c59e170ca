import { expect } from 'chai';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { deletionCostAnnotation, podsToDelete } from './deletion-order.ts';

const now = Date.UTC(2026, 0, 1);
const ago = (seconds: number): string => rfc3339(now - seconds * 1000);

interface Traits {
  readonly node?: string;
  readonly phase?: string;
  readonly readyFor?: number;
  readonly cost?: string;
  readonly restarts?: number;
  readonly sidecarRestarts?: number;
  readonly age?: number;
}

function pod(name: string, { node = 'n', phase = 'Running', readyFor, cost, restarts = 0, sidecarRestarts = 0, age = 3600 }: Traits = {}): Pod {
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: ago(age), ...(cost === undefined ? {} : { annotations: { [deletionCostAnnotation]: cost } }) },
    spec: { nodeName: node, containers: [], initContainers: [{ name: 'side', image: 'i', restartPolicy: 'Always' }, { name: 'init', image: 'i' }] },
    status: {
      phase, conditions: readyFor === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(readyFor) }],
      containerStatuses: [{ name: 'main', restartCount: restarts }],
      initContainerStatuses: [{ name: 'side', restartCount: sidecarRestarts }, { name: 'init', restartCount: 99 }],
    },
  } as unknown as Pod;
}

const first = (a: Pod, b: Pod, related: readonly Pod[] = []): string[] => [[a, b], [b, a]].map((pods) => podsToDelete(pods, related, 1, now)[0]?.metadata.name ?? '');

describe('podsToDelete', () => {
  const pairs: Record<string, [Traits, Traits]> = {
    'has no node': [{ node: '', readyFor: 9000, cost: '9' }, { phase: 'Pending' }],
    'is pending': [{ phase: 'Pending', readyFor: 9000 }, { phase: 'Unknown' }],
    'is in an unknown phase': [{ phase: 'Unknown', readyFor: 9000 }, {}],
    'is not ready': [{ cost: '100' }, { readyFor: 10, cost: '-100' }],
    'costs less': [{ readyFor: 9000, cost: '-5' }, { readyFor: 10, cost: '3' }],
    'has been ready for half the time': [{ readyFor: 1000 }, { readyFor: 4000 }],
    'restarts more often': [{ readyFor: 1000, restarts: 3, age: 9000 }, { readyFor: 1000, restarts: 2, age: 10 }],
    'has a sidecar that restarts more often': [{ restarts: 2, sidecarRestarts: 1 }, { restarts: 2 }],
    'is younger': [{ age: 60 }, { age: 600 }],
  };
  for (const [what, [worse, other]] of Object.entries(pairs)) {
    it(`begins with the one that ${what}`, () => expect(first(pod('z', worse), pod('a', other))).to.deep.equal(['z', 'z']));
  }

  it('leaves ages of one power of two to chance', () => {
    expect(first(pod('z', { readyFor: 1500 }), pod('a', { readyFor: 1200 }))).to.deep.equal(['a', 'a']);
    expect(first(pod('z', { readyFor: 1200 }), pod('a', { readyFor: 1500 }))).to.deep.equal(['a', 'a']);
  });

  it('begins with those that stand together on one node with others of their owner', () => {
    const together = pod('z', { node: 'crowded', readyFor: 9000 });
    const alone = pod('a', { node: 'empty', readyFor: 10 });
    const crowd = [together, pod('other', { node: 'crowded' }), alone];
    expect(first(together, alone, crowd)).to.deep.equal(['z', 'z']);
    expect(first(together, alone, [together, pod('ended', { node: 'crowded', phase: 'Failed' }), alone])).to.deep.equal(['a', 'a']);
  });

  it('takes a cost that is no number of 32 bits for none', () => {
    for (const cost of ['+5', '008', '1e3', '2147483648', '-2147483649', '', 'cheap']) {
      expect(first(pod('z', { cost }), pod('a', { cost: '-1' })), cost).to.deep.equal(['a', 'a']);
      expect(first(pod('z', { cost }), pod('a', { cost: '1' })), cost).to.deep.equal(['z', 'z']);
    }
    expect(first(pod('z', { cost: '-2147483648' }), pod('a', { cost: '-2147483647' }))).to.deep.equal(['z', 'z']);
  });

  it('orders five thousand pods quickly, and takes all when all are to go', () => {
    const pods = Array.from({ length: 5000 }, (_, i) => pod(`p${i}`, { node: `n${i % 100}`, readyFor: (i * 7919) % 5000, cost: String(i % 10) }));
    const begun = performance.now();
    const chosen = podsToDelete(pods, pods, 500, now);
    expect(performance.now() - begun).to.be.below(500);
    expect(new Set(chosen.map(({ metadata }) => metadata.annotations?.[deletionCostAnnotation]))).to.deep.equal(new Set(['0']));
    expect(podsToDelete(pods, pods, 5000, now)).to.equal(pods);
  });
});
