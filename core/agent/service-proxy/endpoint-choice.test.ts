import { expect } from 'chai';
import { chooseEndpoints } from './endpoint-choice.ts';
import type { KnownEndpoint } from './known-endpoints.ts';

const endpoint = (address: string, rest: Partial<KnownEndpoint> = {}): KnownEndpoint =>
  ({ address, port: 80, nodeName: undefined, ready: true, serving: true, terminating: false, zones: undefined, nodes: undefined, ...rest });
const terminating = { ready: false, serving: true, terminating: true };
const place = { nodeName: 'n1', zone: 'a' };
const cluster = { cluster: true, local: false };
const local = { cluster: false, local: true };
const names = (endpoints: readonly KnownEndpoint[]): string[] => endpoints.map(({ address }) => address);

describe('the choice of endpoints', () => {
  it('takes those that are ready; terminating ones that still serve only when there is no other', () => {
    const all = [endpoint('ready'), endpoint('not', { ready: false, serving: false }), endpoint('leaving', terminating), endpoint('left', { ...terminating, serving: false })];
    expect(names(chooseEndpoints(all, cluster, place).cluster)).to.eql(['ready']);
    expect(names(chooseEndpoints(all.slice(1), cluster, place).cluster)).to.eql(['leaving']);
    expect(chooseEndpoints([all[1]!, all[3]!], cluster, place)).to.eql({ cluster: [], local: [], any: false });
  });

  it('keeps local traffic on the node, and knows whether there is something elsewhere', () => {
    const [here, leaving, there] = [endpoint('here', { nodeName: 'n1' }), endpoint('leaving', { nodeName: 'n1', ...terminating }), endpoint('there', { nodeName: 'n2' })];
    expect(names(chooseEndpoints([here, leaving, there], local, place).local)).to.eql(['here']);
    expect(names(chooseEndpoints([leaving, there], local, place).local)).to.eql(['leaving']);
    expect(chooseEndpoints([there], local, place)).to.eql({ cluster: [], local: [], any: true });
    expect(names(chooseEndpoints([here, there], { cluster: true, local: true }, place).cluster)).to.eql(['here', 'there']);
  });

  it('follows hints for its node, then for its zone', () => {
    const hinted = [endpoint('same node', { zones: ['a'], nodes: ['n1'] }), endpoint('same zone', { zones: ['a', 'b'], nodes: ['n2'] }), endpoint('far', { zones: ['c'], nodes: ['n3'] })];
    expect(names(chooseEndpoints(hinted, cluster, place).cluster)).to.eql(['same node']);
    expect(names(chooseEndpoints(hinted, cluster, { ...place, nodeName: 'n9' }).cluster)).to.eql(['same node', 'same zone']);
    expect(names(chooseEndpoints(hinted, cluster, { nodeName: 'n9', zone: undefined }).cluster)).to.have.length(3);
    expect(names(chooseEndpoints(hinted, cluster, { nodeName: 'n9', zone: 'nowhere' }).cluster)).to.have.length(3);
  });

  it('ignores hints that not all have, but not because of endpoints that are not ready', () => {
    const [near, far, bare] = [endpoint('near', { zones: ['a'] }), endpoint('far', { zones: ['b'] }), endpoint('bare')];
    expect(names(chooseEndpoints([near, far, bare], cluster, place).cluster)).to.eql(['near', 'far', 'bare']);
    expect(names(chooseEndpoints([near, far, { ...bare, ready: false }], cluster, place).cluster)).to.eql(['near']);
    expect(names(chooseEndpoints([{ ...near, ...terminating }, far], cluster, place).cluster)).to.eql(['far']);
  });
});
