import { expect } from 'chai';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { Instances, OwnNames } from '#core/spi/instances.ts';
import { MemoryInstances } from '#test/fixtures/memory-instances.ts';
import { Ownership, uninitializedTaint } from './ownership.ts';

const cloud = (provider: string): Instances => new MemoryInstances({ provider });
const knowing = (provider: string, pattern: RegExp): Instances & OwnNames => Object.assign(new MemoryInstances({ provider }), { ownsName: (node: string) => pattern.test(node) });
const node = ({ name = 'n1', providerID = '', value = 'true', label }: { name?: string; providerID?: string; value?: string; label?: string } = {}): Node =>
  ({ metadata: { name, ...(label === undefined ? {} : { labels: { 'keelson.dev/provider': label } }) }, spec: { providerID, taints: [{ key: uninitializedTaint, value, effect: 'NoSchedule' }] } }) as unknown as Node;

describe('Ownership of nodes', () => {
  const two = new Ownership([cloud('aws'), cloud('gce')]);
  const ownerOf = (ownership: Ownership, one: Node): string | undefined => ownership.of(one)?.provider;

  it('goes by the provider id, whatever else is said', () => {
    expect(ownerOf(two, node({ providerID: 'gce://p/z/n1', value: 'aws', label: 'aws' }))).to.equal('gce');
    expect(ownerOf(two, node({ providerID: 'azure:///x/i-1', value: 'aws' }))).to.equal(undefined);
    expect(two.byId(node({ providerID: 'aws:///z/i-1' }))?.provider).to.equal('aws');
    expect(two.byId(node({ value: 'aws' }))).to.equal(undefined);
  });

  it('goes by the value of the taint, then by the label, when there is no id', () => {
    expect(ownerOf(two, node({ value: 'gce', label: 'aws' }))).to.equal('gce');
    expect(ownerOf(two, node({ label: 'aws' }))).to.equal('aws');
    expect(ownerOf(two, node({ value: '', label: 'gce' }))).to.equal('gce');
    expect(ownerOf(two, node({ value: 'azure', label: 'gce' }))).to.equal(undefined);
    expect([two.isUnclear(node({ value: 'azure' })), two.isUnclear(node()), two.isUnclear(node({ providerID: 'azure://x' }))]).to.deep.equal([false, true, false]);
  });

  it('goes by who knows the name, and else by who is the only one that cannot', () => {
    const mixed = new Ownership([knowing('local', /^machine-/), cloud('aws')]);
    expect([ownerOf(mixed, node({ name: 'machine-1' })), ownerOf(mixed, node({ name: 'ip-10-0-0-1' }))]).to.deep.equal(['local', 'aws']);
    expect(ownerOf(new Ownership([knowing('a', /^x/), knowing('b', /^x/), cloud('c')]), node({ name: 'x1' }))).to.equal(undefined);
    expect(ownerOf(two, node())).to.equal(undefined);
    expect(ownerOf(new Ownership([knowing('local', /^machine-/)]), node())).to.equal(undefined);
  });

  it('refuses providers whose ids cannot be told apart', () => {
    for (const [a, b] of [['aws://', 'aws://'], ['aws://', 'aws://cn/'], ['', 'aws://']] as const) {
      expect(() => new Ownership([new MemoryInstances({ provider: 'a', providerIdPrefix: a }), new MemoryInstances({ provider: 'b', providerIdPrefix: b })])).to.throw(/told apart|no prefix/);
    }
  });
});
