import { expect } from 'chai';
import type { Headers } from '#core/apiserver/proxy/headers.ts';
import { kindOf, readAggregated, readLegacy } from './discovery-document.ts';
import { setIdentity } from './identity-headers.ts';
import { byStability, localPriority } from './priorities.ts';

describe('documents of extension API servers', () => {
  it('are read for what is understood of them', () => {
    const resource = { resource: 'a', responseKind: { group: 'g', version: 'v1', kind: 'A' }, scope: 'Namespaced', singularResource: 'a', verbs: ['get', 7], deep: { er: {} }, shortNames: 'x' };
    const read = readAggregated({ kind: 'APIGroupDiscoveryList', items: [{ metadata: { name: 'g' }, versions: [{ version: 'v1', resources: [resource, { resource: '' }, 'junk'] }, 3] }, null] });
    expect([...read!]).to.deep.equal([['g/v1', [{ resource: 'a', responseKind: { group: 'g', version: 'v1', kind: 'A' }, scope: 'Namespaced', singularResource: 'a', verbs: ['get'] }]]]);
    for (const other of [undefined, [], { kind: 'APIGroupList' }, 'x']) expect(readAggregated(other)).to.equal(undefined);
    expect(() => readLegacy({ kind: 'Status' }, 'g', 'v1')).to.throw('expected an APIResourceList, got "Status"');
  });

  it('name kinds for the controllers of this process', () => {
    const [resource] = readLegacy({ kind: 'APIResourceList', resources: [
      { name: 'as', singularName: '', namespaced: false, kind: 'A', verbs: ['list'] }, { name: 'as/scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: ['get'] },
    ] }, 'g', 'v1');
    expect(resource!.subresources).to.deep.equal([{ subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs: ['get'] }]);
    const { kind, verbs } = kindOf(resource!, 'g', 'v1');
    expect(kind).to.deep.include({ group: 'g', version: 'v1', kind: 'A', plural: 'as', singular: 'a', namespaced: false });
    expect(verbs).to.deep.equal(['list']);
  });
});

describe('setIdentity', () => {
  const headersOf = (user: Parameters<typeof setIdentity>[1]): Record<string, string[]> => {
    const headers: Headers = new Map();
    setIdentity(headers, user);
    return Object.fromEntries(headers);
  };

  it('says who asks, in what headers can carry', () => {
    expect(headersOf({ name: 'jane', groups: ['a', 'b'], uid: '7', extra: { 'Example.com/Scopes': ['x', 'y'], 'a%b': ['z'] } })).to.deep.equal({
      'x-remote-user': ['jane'], 'x-remote-group': ['a', 'b'], 'x-remote-uid': ['7'], 'x-remote-extra-example.com%2fscopes': ['x', 'y'], 'x-remote-extra-a%25b': ['z'],
    });
    expect(Buffer.from(headersOf({ name: '日本', groups: [] })['x-remote-user']![0]!, 'latin1').toString()).to.equal('日本');
  });

  it('refuses what would become another header', () => {
    for (const name of ['a\r\nX-Remote-Group: system:masters', 'a\u0000', 'a\n']) expect(() => headersOf({ name, groups: [] }), JSON.stringify(name)).to.throw('no header can carry');
    expect(() => headersOf({ name: 'a', groups: ['g\nx'] })).to.throw('no header can carry');
  });
});

describe('priorities', () => {
  it('put built-in groups before custom ones, and newer versions first', () => {
    expect(localPriority('apps', 'v1')).to.deep.equal({ group: 17_800, version: 15 });
    expect(localPriority('', 'v1')).to.deep.equal({ group: 18_000, version: 1 });
    expect(localPriority('example.com', 'v1')).to.deep.equal({ group: 1000, version: 100 });
    expect(['v1beta1', 'foo10', 'v10', 'v2', 'v1', 'v11alpha2', 'v3beta1', 'v12alpha1', 'foo1'].sort(byStability)).to.deep.equal(['v10', 'v2', 'v1', 'v3beta1', 'v1beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10']);
  });
});
