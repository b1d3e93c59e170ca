import { expect } from 'chai';
import { requestNames } from './request-names.ts';

describe('requestNames', () => {
  const cases: [string, string, string][] = [
    ['GET nodes', '', 'list nodes'], ['GET nodes/n', '', 'get nodes n'], ['GET namespaces/a/pods', '', 'list a/pods'], ['GET namespaces/a/pods/p/log', '', 'get a/pods p log'],
    ['POST namespaces/a/pods', '', 'create a/pods'], ['PUT namespaces/a/pods/p', '', 'update a/pods p'], ['PATCH namespaces/a/pods/p/status', '', 'patch a/pods p status'],
    ['DELETE namespaces/a/pods', '', 'deletecollection a/pods'], ['DELETE namespaces/a/pods/p', '', 'delete a/pods p'], ['HEAD nodes/n', '', 'get nodes n'],
    ['GET nodes', 'watch=true', 'watch nodes'], ['GET nodes', 'watch', 'watch nodes'], ['GET nodes', 'watch=0', 'list nodes'], ['GET watch/namespaces/a/pods', '', 'watch a/pods'],
    ['GET nodes', 'fieldSelector=metadata.name%3Dn', 'list nodes n'], ['GET nodes', 'fieldSelector=metadata.name%3Dn,a%3Db', 'list nodes'],
    ['GET namespaces', '', 'list namespaces'], ['GET namespaces/a', '', 'get a/namespaces a'], ['PUT namespaces/a/finalize', '', 'update a/namespaces a finalize'],
    ['GET namespaces/a/pods/p/proxy/further/path', '', 'get a/pods p proxy'],
  ];
  for (const [request, query, expected] of cases) {
    it(`${request}${query === '' ? '' : `?${query}`} is to ${expected}`, () => {
      const [method = '', path = ''] = request.split(' ');
      const { verb, resource, subresource, namespace, name } = requestNames(method, path.split('/'), new URLSearchParams(query));
      expect([verb, namespace === '' ? resource : `${namespace}/${resource}`, name, subresource].filter((part) => part !== '').join(' ')).to.equal(expected);
    });
  }

  it('names no resource in discovery, and refuses paths that could be read in two ways', () => {
    expect(requestNames('GET', [], new URLSearchParams()).resource).to.equal(undefined);
    for (const path of ['namespaces/a/../b/pods', 'namespaces/./pods', '..']) expect(() => requestNames('GET', path.split('/'), new URLSearchParams()), path).to.throw('must not contain');
  });
});
