import { expect } from 'chai';
import { complete, SchedulingLab } from '#test/fixtures/scheduling-lab.ts';
import { node } from '#test/fixtures/scheduling-world.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { PodInfo } from '#core/scheduler/model/pod-info.ts';
import type { Draft } from '#core/api/schema/kind.ts';

const plugin = 'NodeResourcesFit';
const container = (name: string, requests: Record<string, string>, more = {}) => ({ name, image: 'x', resources: { requests }, ...more });

describe('NodeResourcesFit', () => {
  const node10 = { cpu: '10', memory: '20Gi', pods: '32', 'example.com/gpu': '5' };
  const cases: readonly { title: string; used?: Record<string, string>; wants?: Record<string, string>; spec?: Draft<Pod>['spec']; reasons: readonly string[] }[] = [
    { title: 'a pod without requests fits a node that is full', used: { cpu: '10', memory: '20Gi' }, reasons: [] },
    { title: 'what is left to the last bit fits', used: { cpu: '5', memory: '19Gi' }, wants: { cpu: '5', memory: '1Gi' }, reasons: [] },
    { title: 'a thousandth too much does not', used: { cpu: '5' }, wants: { cpu: '5001m' }, reasons: ['Insufficient cpu'] },
    { title: 'all that lacks is named', used: { cpu: '10', memory: '20Gi' }, wants: { cpu: '1', memory: '1' }, reasons: ['Insufficient cpu', 'Insufficient memory'] },
    { title: 'resources by other names count', used: { 'example.com/gpu': '3' }, wants: { 'example.com/gpu': '3' }, reasons: ['Insufficient example.com/gpu'] },
    { title: 'a resource that the node does not know is missing', wants: { 'example.com/fpga': '1' }, reasons: ['Insufficient example.com/fpga'] },
    { title: 'none of a resource that the node does not know is not missing', wants: { 'example.com/fpga': '0' }, reasons: [] },
    {
      title: 'init containers run one by one: the largest counts', used: { cpu: '4' }, reasons: [],
      spec: { containers: [container('a', { cpu: '1' })], initContainers: [container('i', { cpu: '6' }), container('j', { cpu: '6' })] },
    },
    {
      title: 'an init container that is too large does not fit', used: { cpu: '5' }, reasons: ['Insufficient cpu'],
      spec: { containers: [container('a', { cpu: '1' })], initContainers: [container('i', { cpu: '6' })] },
    },
    {
      title: 'sidecars run beside the containers', used: { cpu: '5' }, reasons: ['Insufficient cpu'],
      spec: { containers: [container('a', { cpu: '3' })], initContainers: [container('s', { cpu: '3' }, { restartPolicy: 'Always' })] },
    },
    {
      title: 'a sidecar runs beside the init containers after it, and not beside those before it', used: { cpu: '3' }, reasons: [],
      spec: { containers: [container('a', { cpu: '1' })], initContainers: [container('i', { cpu: '7' }), container('s', { cpu: '2' }, { restartPolicy: 'Always' }), container('j', { cpu: '5' })] },
    },
    { title: 'overhead counts', used: { cpu: '8' }, reasons: ['Insufficient cpu'], spec: { containers: [container('a', { cpu: '2' })], overhead: { cpu: '1m' } } },
    { title: 'what the pod asks for as a whole replaces the sum', used: { cpu: '8' }, reasons: [], spec: { containers: [container('a', { cpu: '5' })], resources: { requests: { cpu: '2' } } } },
  ];
  for (const { title, used = {}, wants = {}, spec, reasons } of cases) {
    it(title, () => {
      const lab = new SchedulingLab();
      lab.node('n', node10);
      lab.placed('n', 'there', used);
      expect(lab.reasons(plugin, lab.pod('new', wants, spec), 'n')).to.deep.equal(reasons);
    });
  }

  it('counts pods, also those without requests', () => {
    const lab = new SchedulingLab();
    lab.node('n', { ...node10, pods: '1' });
    expect(lab.reasons(plugin, lab.pod('new'), 'n')).to.deep.equal([]);
    lab.placed('n', 'there');
    expect(lab.reasons(plugin, lab.pod('new'), 'n')).to.deep.equal(['Too many pods']);
  });

  it('says whether an empty node would do', () => {
    const lab = new SchedulingLab();
    lab.node('n', { cpu: '2' });
    lab.placed('n', 'there', { cpu: '2' });
    const resolvable = (cpu: string) => {
      const decision = lab.decide(lab.pod('new', { cpu }));
      return decision.node === undefined && [...decision.diagnosis.verdicts.values()][0]?.resolvable;
    };
    expect([resolvable('2'), resolvable('3')]).to.deep.equal([true, false]);
  });

  const resizes: readonly [string, string, object, number][] = [
    ['growing: what is wanted counts', '3', {}, 3000],
    ['shrinking: what is in force still counts', '500m', {}, 2000],
    ['growing, which the node can never do: what is in force counts', '3', { conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Infeasible' }] }, 2000],
    ['growing, which the node may do later: what is wanted counts', '3', { conditions: [{ type: 'PodResizePending', status: 'True', reason: 'Deferred' }] }, 3000],
  ];
  for (const [title, cpu, more, counts] of resizes) {
    it(`counts a container that is ${title}`, () => {
      const resizing = complete(Pod, {
        metadata: { name: 'there', namespace: 'default' }, spec: { nodeName: 'n', containers: [container('main', { cpu })] },
        status: { ...more, containerStatuses: [{ name: 'main', image: '', imageID: '', ready: true, restartCount: 0, resources: { requests: { cpu: '2' } }, allocatedResources: { cpu: '1' } }] },
      });
      expect(new PodInfo(resizing).requests.total.cpu).to.equal(counts);
    });
  }

  it('prefers empty nodes, or full ones, as it is told', () => {
    const scores = (['LeastAllocated', 'MostAllocated'] as const).map((strategy) => {
      const lab = new SchedulingLab({ strategy });
      for (const name of ['empty', 'half']) lab.node(name, { cpu: '10', memory: '10Gi' });
      lab.placed('half', 'there', { cpu: '5', memory: '5Gi' });
      return lab.scoresOf(plugin, lab.pod('new', { cpu: '1', memory: '1Gi' }));
    });
    expect(scores).to.deep.equal([{ empty: 90, half: 40 }, { empty: 10, half: 60 }]);
  });

  it('guesses what containers without requests need, so that they are spread too', () => {
    const lab = new SchedulingLab();
    for (const name of ['a', 'b']) lab.node(name, { cpu: '1', memory: '2000Mi' });
    lab.placed('a', 'there');
    expect(lab.scoresOf(plugin, lab.pod('new'))).to.deep.equal({ a: 80, b: 90 });
  });

  it('wakes pods for room that could be enough, and for nothing else', () => {
    const lab = new SchedulingLab();
    const waiting = lab.pod('new', { cpu: '2' });
    const change = (now: Record<string, string>, before?: Record<string, string>) => lab.wakes(plugin, waiting, {
      kind: before === undefined ? 'node/add' : 'node/allocatable', object: complete(Node, node('n', now)), previous: before && complete(Node, node('n', before)),
    });
    expect([change({ cpu: '1' }), change({ cpu: '2' }), change({ cpu: '3' }, { cpu: '1' }), change({ cpu: '1500m' }, { cpu: '1' }), change({ cpu: '3', memory: '9Gi' }, { cpu: '3', memory: '8Gi' })])
      .to.deep.equal([false, true, true, false, false]);
  });
});
