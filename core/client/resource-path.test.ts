import { expect } from 'chai';
import { Lease } from '#core/api/schema/coordination-v1.ts';
import { Event } from '#core/api/schema/core-v1/event.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { StatusError } from '#core/api/status-error.ts';
import { collectionPath, creationPath, objectPath, withQuery } from './resource-path.ts';

describe('resource paths', () => {
  it('follow the group, version, namespace and name', () => {
    expect(collectionPath(Event, 'ns')).to.equal('/api/v1/namespaces/ns/events');
    expect(collectionPath(Event)).to.equal('/api/v1/events');
    expect(collectionPath(Namespace, 'ignored')).to.equal('/api/v1/namespaces');
    expect(creationPath(Lease, 'ns')).to.equal('/apis/coordination.k8s.io/v1/namespaces/ns/leases');
    expect(objectPath(Lease, { namespace: 'ns', name: 'a.b' })).to.equal('/apis/coordination.k8s.io/v1/namespaces/ns/leases/a.b');
    expect(objectPath(Namespace, { name: 'x' }, 'status')).to.equal('/api/v1/namespaces/x/status');
  });

  it('carry only those query parameters that are set', () => {
    expect(withQuery('/x', { a: undefined })).to.equal('/x');
    expect(withQuery('/x', { a: 'k in (v,w)', b: 1, c: true, d: undefined })).to.equal('/x?a=k+in+%28v%2Cw%29&b=1&c=true');
  });

  for (const name of ['', '.', '..', '../../namespaces/x', 'a/b', '%2e%2e']) {
    it(`never let ${JSON.stringify(name)} lead elsewhere`, () => {
      expect(() => objectPath(Namespace, { name })).to.throw().satisfies((error: unknown) => StatusError.is(error, 'BadRequest'));
      if (name !== '') expect(() => collectionPath(Event, name)).to.throw().satisfies((error: unknown) => StatusError.is(error, 'BadRequest'));
    });
  }

  it('encode what has a meaning in URLs', () => {
    expect(objectPath(Namespace, { name: 'a?b#c d' })).to.equal('/api/v1/namespaces/a%3Fb%23c%20d');
  });

  it('need a namespace where the kind has one', () => {
    expect(() => objectPath(Event, { name: 'x' })).to.throw('events live in namespaces, and none is given');
    expect(() => creationPath(Lease, '')).to.throw('leases.coordination.k8s.io live in namespaces, and none is given');
  });
});
