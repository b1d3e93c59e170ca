import { expect } from 'chai';
import { SchedulingLab } from '#test/fixtures/scheduling-lab.ts';
import { sentence } from './diagnosis.ts';

describe('NodeChoice', () => {
  const many = (count: number, options = {}): SchedulingLab => {
    const lab = new SchedulingLab(options);
    for (let i = 0; i < count; i++) lab.node(`n${i}`);
    return lab;
  };

  it('looks at a part of many nodes, and goes on where it ended', () => {
    const lab = many(300, { percentageOfNodesToScore: 1 });
    const chosen = Array.from({ length: 6 }, (_, i) => Number(lab.decide(lab.pod(`p${i}`)).node?.name.slice(1)));
    expect(chosen.map((index) => Math.floor(index / 100))).to.deep.equal([0, 1, 2, 0, 1, 2]);
  });

  it('looks at all nodes when only the last will do', () => {
    const lab = many(1000);
    lab.node('last', {}, { only: 'here' });
    expect(lab.decide(lab.pod('p', {}, { nodeSelector: { only: 'here' } })).node?.name).to.equal('last');
  });

  it('takes zones in turn', () => {
    const lab = new SchedulingLab();
    for (const name of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) lab.node(name, {}, { 'topology.kubernetes.io/zone': name.slice(0, 1) });
    const order = () => lab.cluster.nodes.map(({ name }) => name);
    expect(order()).to.deep.equal(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
    lab.cluster.removeNode('a1');
    lab.node('a3', {}, { 'topology.kubernetes.io/zone': 'b' });
    expect(order()).to.deep.equal(['a2', 'b1', 'c1', 'a3', 'c2']);
  });

  it('chooses between equals by its seed, each with the same chance', () => {
    const run = (seed: number) => {
      const lab = many(4, { seed });
      return Array.from({ length: 400 }, (_, i) => lab.decide(lab.pod(`p${i}`)).node?.name ?? '');
    };
    expect(run(1)).to.deep.equal(run(1));
    expect(run(1)).not.to.deep.equal(run(2));
    const counts = Object.values(Object.groupBy(run(3), (name) => name)).map((names) => names?.length ?? 0);
    expect(counts).to.have.length(4);
    expect(Math.min(...counts)).to.be.greaterThan(60);
  });

  it('goes to the node on which room was made, though another is better', () => {
    const lab = many(2);
    lab.placed('n0', 'there', { cpu: '2' });
    const pod = lab.pod('p', { cpu: '1' });
    expect(lab.decide(pod).node?.name).to.equal('n1');
    lab.cluster.nominations.set(pod, 'n0');
    expect(lab.decide(pod).node?.name).to.equal('n0');
    lab.placed('n0', 'faster', { cpu: '2' });
    expect(lab.decide(pod).node?.name, 'unless somebody was faster').to.equal('n1');
  });

  it('counts reasons by node, in order of their text', () => {
    const lab = many(3);
    for (const name of ['n0', 'n1']) lab.placed(name, `on-${name}`, { cpu: '4' });
    lab.node('n2', {}, {}, { unschedulable: true });
    const decision = lab.decide(lab.pod('p', { cpu: '1', memory: '100Gi' }));
    expect(decision.node === undefined && sentence(decision.diagnosis, 'x')).to.equal('0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu, 2 Insufficient memory. preemption: x');
  });
});
