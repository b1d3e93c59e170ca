import { expect } from 'chai';
import { StatusError } from '#core/api/status-error.ts';
import { builtInResources } from '#core/registry/resources.ts';
import { ResourceIndex } from '#core/apiserver/resource-index.ts';
import { negotiate } from './negotiate.ts';
import { deletion, listParameters, watchParameters, writeParameters, type WriteSort } from './query.ts';
import { route } from './route.ts';

describe('route', () => {
  const resources = new ResourceIndex(builtInResources);
  const shown = (path: string): string => {
    const found = route(path, resources);
    if (found === undefined) return 'nothing';
    if (found.to === 'discovery') return `discovery ${found.group ?? '*'} ${found.version ?? '*'}`;
    const { resource: { kind }, namespace = '*', name, subresource } = found.target;
    return `${found.watch ? 'watch ' : ''}${kind.group}/${kind.plural} ${namespace} ${name} ${subresource}`.trim();
  };
  const paths: Record<string, string> = {
    '/api': 'discovery  *', '/apis': 'discovery * *', '/api/v1': 'discovery  v1', '/apis/storage.k8s.io': 'discovery storage.k8s.io *', '/apis/storage.k8s.io/v1': 'discovery storage.k8s.io v1',
    '/api/v1/pods': '/pods *', '/api/v1/namespaces/a/pods': '/pods a', '/api/v1/namespaces/a/pods/b': '/pods a b', '/api/v1/namespaces/a/pods/b/status': '/pods a b status',
    '/api/v1/namespaces': '/namespaces *', '/api/v1/namespaces/a': '/namespaces * a', '/api/v1/namespaces/a/finalize': '/namespaces * a finalize', '/api/v1/namespaces/a/status': '/namespaces * a status',
    '/api/v1/watch/namespaces/a/pods': 'watch /pods a', '/apis/storage.k8s.io/v1/storageclasses/x': 'storage.k8s.io/storageclasses * x',
    '/api/v1/namespaces/a/pods/http:b:8080/proxy/c/proxy': '/pods a http:b:8080 proxy', '/api/v1/nodes/n/proxy/logs/': '/nodes * n proxy',
    '/api/v1/pods/b': 'nothing', '/api/v1/namespaces/a/nodes/b': 'nothing', '/api/v1/namespaces/a/pods/b/status/c': 'nothing', '/api/v2/pods': 'nothing', '/metrics': 'nothing', '/apis/none/v1/x': 'nothing',
  };
  for (const [path, expected] of Object.entries(paths)) it(`${path} leads to ${expected}`, () => expect(shown(path)).to.equal(expected));
});

describe('negotiate', () => {
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  it('takes the first form that it can give', () => {
    expect(negotiate(undefined, [])).to.include({ encoding: 'json', as: 'object' });
    expect(negotiate(`${table},application/json`, ['table'])).to.include({ as: 'table', version: 'v1' });
    expect(negotiate(`${table},application/json`, [])).to.include({ as: 'object' });
    expect(negotiate('application/vnd.kubernetes.protobuf, */*', [])).to.include({ encoding: 'json' });
    expect(negotiate('application/yaml', [])).to.include({ encoding: 'yaml' });
    expect(negotiate('application/json;q=0.1, application/yaml;q=0.9', [])).to.include({ encoding: 'yaml' });
  });

  it('refuses when nothing is left', () => {
    for (const accept of ['text/html', 'application/json;q=0', 'application/json;as=Table;v=v9;g=meta.k8s.io']) expect(() => negotiate(accept, ['table']), accept).to.throw('only the following media types');
  });
});

describe('query', () => {
  const query = (text: string) => new URLSearchParams(text);
  const update: WriteSort = { options: 'UpdateOptions', agent: 'kubectl/v1.33.0 (linux/amd64)' };

  it('names a manager by its agent, as far as that can be printed', () => {
    const named = (agent: string): string => writeParameters(query(''), { options: 'CreateOptions', agent }).fieldManager;
    expect(named('kube\u0007-controller-manager/v1.33.0')).to.equal('kube-controller-manager');
    expect(named('')).to.equal('');
    expect(named('é'.repeat(100))).to.equal('é'.repeat(64));
  });

  it('says what an apply needs, and what no other patch takes', () => {
    const patch: WriteSort = { options: 'PatchOptions' };
    expect(() => writeParameters(query('force=true'), patch)).to.throw('PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch');
    expect(() => writeParameters(query(''), { ...patch, applies: true, agent: 'kubectl' })).to.throw('fieldManager: Required value: is required for apply patch');
    expect(() => writeParameters(query('fieldManager=a%07'), patch)).to.throw('fieldManager: Invalid value: "a\\u0007": invalid character U+0007 (at position 1)');
  });

  it('reads what lists, watches, writes and deletions can be told', () => {
    expect(listParameters(query('limit=5&continue=x&labelSelector=a'))).to.include({ limit: 5, continue: 'x', labelSelector: 'a' });
    expect(watchParameters(query('watch=1&allowWatchBookmarks=true&timeoutSeconds=3'))).to.include({ allowWatchBookmarks: true, timeoutSeconds: 3 });
    expect(writeParameters(query('dryRun=All&fieldValidation=Strict'), update)).to.deep.equal({ dryRun: true, fieldValidation: 'Strict', fieldManager: 'kubectl', force: false });
    expect(writeParameters(query('fieldManager=me&force=true'), { options: 'PatchOptions', applies: true })).to.include({ fieldManager: 'me', force: true });
    expect(deletion(query('gracePeriodSeconds=0'), undefined)).to.include({ gracePeriodSeconds: 0, dryRun: false });
    expect(deletion(query(''), { dryRun: ['All'], preconditions: { uid: 'u' } })).to.deep.include({ dryRun: true, preconditions: { uid: 'u' } });
  });

  it('refuses what makes no sense', () => {
    const refusals = [
      () => listParameters(query('limit=x')), () => listParameters(query('sendInitialEvents=true')),
      () => writeParameters(query('dryRun=Some'), update), () => writeParameters(query('fieldValidation=Lax'), update), () => writeParameters(query(`fieldManager=${'m'.repeat(129)}`), update),
      () => deletion(query('gracePeriodSeconds=x'), undefined), () => deletion(query(''), { propagationPolicy: 'Sideways' }),
    ];
    for (const refusal of refusals) expect(refusal, String(refusal)).to.throw().that.satisfies((error: unknown) => StatusError.is(error, 'BadRequest', 'Invalid'));
  });
});
