import type { Choices } from './choices.ts';

export const strangePaths: readonly string[] = [
  '/', '//', '/api/', '/api/v1/..', '/api/v1/%2e%2e/%2e%2e', '/apis/%00', '/apis/apps/v1/namespaces//deployments', '/api/v1/namespaces/default/pods/a/b/c/d', '/openapi/v3/apis/x', '/openapi/v2', '/openapi/v3', '/openapi/v3/api/v1', '/openapi/v3/apis/fixed.example.com/v1', '/version/x', '/metrics', '/healthz/x', '/readyz?verbose', '/livez/../readyz',
  '/api/v1/watch/namespaces/default/configmaps?timeoutSeconds=1', '/apis/fuzz.example.com/v1', '/apis/fixed.example.com', `/api/v1/${'x/'.repeat(2000)}`, '/api/v1/namespaces/%F0%9F%92%A9/pods', '/api/v1/namespaces/default/configmaps/%2F', '/api/v1/namespaces/default/configmaps/..%2f..%2fsecrets', '/api/v1/namespaces/default/configmaps/%2e%2e', '/api/v1/namespaces/default/configmaps/%c0%af',
  '/api/v1/namespaces/__proto__/configmaps', '/api/v1/__proto__', '/apis/__proto__/constructor/toString', '/api/v1/namespaces/default/constructor', '/.well-known/x', '/.well-known/openid-configuration', '/openid/v1/jwks', '/apis?x', '*', '/api/v1/namespaces/default/configmaps;x=y', '/api/v1/namespaces/default/configmaps/x?%', `/api/v1/namespaces/${'x'.repeat(8000)}/pods`,
  '/api/v1/namespaces/*/pods', '/api/v1/namespaces/default/pods/%', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/%00/status', '/debug/pprof', '/logs/', '/api/v1/componentstatuses', '/apis/autoscaling/v2beta2/x', '/apis/fixed.extension.example.com/v1', '/openapi/v3/apis/fixed.extension.example.com/v1',
];

const pods = '/api/v1/namespaces/default/pods';
const tails: readonly string[] = ['', '/', '/x', '/x/../y', '/%2e%2e/%2F', '//x', '/x?y=z', `/${'x'.repeat(3000)}`, '/\u00ff'.replace('\u00ff', '%ff')];

/** Where requests are handed on to somebody else. */
export function connectionPath(choices: Choices): string {
  const tail = choices.one(tails);
  const pod = choices.one(['fixed', 'fixed', 'fixed', 'f1', 'f2', '..', 'fixed%3A80']);
  const port = choices.one(['', ':80', ':https', ':0', ':99999', ':x']);
  switch (choices.below(8)) {
    case 0: return `${pods}/${pod}/${choices.one(['exec', 'attach', 'portforward'])}`;
    case 1: return `${pods}/${pod}/log`;
    case 2: return `${pods}/${choices.one(['', 'http:', 'https:', 'x:'])}${pod}${port}/proxy${tail}`;
    case 3: return `/api/v1/nodes/${choices.one(['', 'https:'])}${choices.one(['fixed', 'f1', '..'])}${port}/proxy${tail}`;
    case 4: return `/api/v1/namespaces/default/services/${choices.one(['', 'http:', 'https:'])}${choices.one(['fixed', 'fixed', 'f1'])}${port}/proxy${tail}`;
    case 5: return `/apis/fixed.extension.example.com/v1/namespaces/default/things${tail}`;
    case 6: return `/apis/fixed.extension.example.com/v1/${choices.one(['things', 'things?watch=true', 'things/a/status', 'namespaces', '..', '%00'])}`;
    default: return `${pods}/fixed/${choices.one(['exec', 'attach', 'portforward', 'log', 'proxy'])}${tail}`;
  }
}
