import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiException, CoreV1Api, CustomObjectsApi, KubeConfig, KubernetesObjectApi, loadAllYaml, type KubernetesObject } from '@kubernetes/client-node';
import { expect } from 'chai';
import { startControlPlane, type ControlPlane } from 'keelson';
import { ConfigMap } from 'keelson/core/api/schema/core-v1';
import { customKind } from 'keelson/core/api/schema/custom-kind';
import type { KubernetesObject as Stored } from 'keelson/core/api/schema/kind';
import { WebsiteOperator, type Website } from './website-operator.ts';

const folder = import.meta.dirname;
/** For the control plane's own client. */
const Site = customKind<Stored & Pick<Website, 'status'>>({ group: 'example.com', version: 'v1', kind: 'Website' });
const websites = { group: 'example.com', version: 'v1', plural: 'websites', namespace: 'default' };
const configFor = (kubeconfig: string): KubeConfig => {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  return config;
};

describe('the website operator', function () {
  this.timeout(20_000);
  let plane: ControlPlane;
  let operator: WebsiteOperator;
  let failures: unknown[];
  let sites: CustomObjectsApi;
  let admin: KubeConfig;

  before(async () => {
    plane = await startControlPlane({ crds: [join(folder, 'crd.yaml')] });
    admin = configFor(plane.kubeconfig);
    sites = admin.makeApiClient(CustomObjectsApi);
    for (const object of loadAllYaml(await readFile(join(folder, 'role.yaml'), 'utf8'))) await KubernetesObjectApi.makeApiClient(admin).create(object as KubernetesObject);
    failures = [];
    // As itself and not as the administrator: a missing permission fails here, and not in the first real cluster.
    operator = new WebsiteOperator(configFor(await plane.kubeconfigFor({ name: 'website-operator' })), (error) => failures.push(error));
    await operator.start();
  });
  after(async () => {
    await operator?.stop();
    await plane?.stop();
    expect(failures).to.deep.equal([]);
  });

  const create = (name: string, spec: object) => sites.createNamespacedCustomObject({ ...websites, body: { apiVersion: 'example.com/v1', kind: 'Website', metadata: { name }, spec } });
  /** Resolves to the page once it is this one; undefined once it is gone. */
  const page = async (name: string, wanted: string | undefined): Promise<ConfigMap | undefined> => {
    const events = plane.client.watch(ConfigMap, { namespace: 'default', fieldSelector: `metadata.name=${name}` }, AbortSignal.timeout(5000));
    for await (const { type, object } of events) {
      if (type === 'DELETED' && wanted === undefined) return undefined;
      if (type !== 'DELETED' && object.data?.['index.html'] === wanted) return object;
    }
    throw new Error('the watch ended');
  };

  it('publishes pages, and says so', async () => {
    await create('hello', { page: '<h1>Hello</h1>' });
    expect((await page('hello', '<h1>Hello</h1>'))?.metadata.ownerReferences?.[0]).to.include({ kind: 'Website', name: 'hello' });
    for await (const { object } of plane.client.watch(Site, { fieldSelector: 'metadata.name=hello' }, AbortSignal.timeout(5000))) {
      if (object.status?.publishedGeneration === object.metadata.generation) break;
    }
  });

  it('follows changes', async () => {
    await create('changing', { page: 'one' });
    await page('changing', 'one');
    await sites.patchNamespacedCustomObject({ ...websites, name: 'changing', body: [{ op: 'replace', path: '/spec/page', value: 'two' }] });
    await page('changing', 'two');
  });

  it('leaves no page of a website that is deleted', async () => {
    await create('short', { page: 'soon gone' });
    await page('short', 'soon gone');
    const gone = page('short', undefined);
    // The garbage collector of the control plane does it.
    await sites.deleteNamespacedCustomObject({ ...websites, name: 'short' });
    await gone;
  });

  it('gets no website without a page', async () => {
    const refused = await create('empty', {}).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(ApiException).and.to.have.property('code', 422);
  });

  it('may do no more than it must', async () => {
    const core = configFor(await plane.kubeconfigFor({ name: 'website-operator' })).makeApiClient(CoreV1Api);
    const refused = await core.listSecretForAllNamespaces().catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(ApiException).and.to.have.property('code', 403);
  });
});
