import { expect } from 'chai';
import { CoreV1Api, KubeConfig, StorageV1Api, ApiException, makeInformer, PatchStrategy, setHeaderOptions, Watch, type V1ConfigMap } from '@kubernetes/client-node';
import { startControlPlane, type ControlPlane } from '#test/fixtures/control-plane.ts';

/** The official JavaScript client against the API, with nothing but a kubeconfig in between. */
describe('@kubernetes/client-node', () => {
  let plane: ControlPlane;
  let config: KubeConfig;
  let core: CoreV1Api;
  before(async () => {
    plane = await startControlPlane();
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'keelson', server: plane.server.url, caData: base64(plane.pki.ca), skipTLSVerify: false },
      { name: 'admin', certData: base64(plane.pki.admin.cert), keyData: base64(plane.pki.admin.key) },
    );
    core = config.makeApiClient(CoreV1Api);
  });
  after(() => plane.stop());

  it('creates, reads, replaces, patches, lists and deletes', async () => {
    const namespace = 'default';
    const made = await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'js' }, data: { a: '1' } } });
    expect(made.metadata?.uid).to.be.a('string');
    const replaced = await core.replaceNamespacedConfigMap({ namespace, name: 'js', body: Object.assign(made, { data: { a: '2' } }) });
    expect(replaced.data).to.deep.equal({ a: '2' });
    const patched = await core.patchNamespacedConfigMap({ namespace, name: 'js', body: { data: { b: '3' } } }, setHeaderOptions('Content-Type', PatchStrategy.MergePatch));
    expect(patched.data).to.deep.equal({ a: '2', b: '3' });
    const list = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=js' });
    expect(list.items.map((item) => item.metadata?.name)).to.deep.equal(['js']);
    const gone = await core.deleteNamespacedConfigMap({ namespace, name: 'js' });
    expect(gone.status).to.equal('Success');
  });

  it('gets failures as its own exceptions with a Status body', async () => {
    const error = await core.readNamespacedConfigMap({ namespace: 'default', name: 'nowhere' }).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ApiException);
    const { code, body } = error as ApiException<string>;
    expect([code, (JSON.parse(body) as { reason: string }).reason]).to.deep.equal([404, 'NotFound']);
  });

  it('reads times and quantities as its own types', async () => {
    const storage = config.makeApiClient(StorageV1Api);
    const made = await storage.createStorageClass({ body: { metadata: { name: 'js' }, provisioner: 'example.com/js' } });
    expect(made.metadata?.creationTimestamp).to.be.instanceOf(Date);
    expect([made.reclaimPolicy, made.volumeBindingMode]).to.deep.equal(['Delete', 'Immediate']);
  });

  it('follows changes with an informer that comes back after its watch is cut', async function () {
    this.timeout(15_000);
    const seen: string[] = [];
    let arrived: () => void = () => undefined;
    const until = async (count: number): Promise<void> => {
      while (seen.length < count) await new Promise<void>((resolve) => {
        arrived = resolve;
      });
    };
    const informer = makeInformer<V1ConfigMap>(config, '/api/v1/namespaces/default/configmaps', () => core.listNamespacedConfigMap({ namespace: 'default' }));
    for (const verb of ['add', 'update', 'delete'] as const) {
      informer.on(verb, (object) => {
        seen.push(`${verb} ${object.metadata?.name}`);
        arrived();
      });
    }
    await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'one' } } });
    await informer.start();
    await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'two' } } });
    await core.deleteNamespacedConfigMap({ namespace: 'default', name: 'one' });
    await until(3);
    expect(seen).to.deep.equal(['add one', 'add two', 'delete one']);
    await informer.stop();
  });

  it('watches from a version', async () => {
    const { metadata } = await core.listNamespacedConfigMap({ namespace: 'default' });
    let done: (phase: string) => void = () => undefined;
    const first = new Promise<string>((resolve) => {
      done = resolve;
    });
    const request = await new Watch(config).watch('/api/v1/namespaces/default/configmaps', { resourceVersion: metadata?.resourceVersion, allowWatchBookmarks: true },
      (phase: string, object: V1ConfigMap) => done(`${phase} ${object.metadata?.name}`), () => undefined);
    await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'three' } } });
    expect(await first).to.equal('ADDED three');
    request.abort();
  });

  it('keeps a watch open that is told to end after 0 seconds, or after more than a timer can count', async () => {
    for (const [name, timeoutSeconds] of [['none', 0], ['years', 999_999_999]] as const) {
      const { metadata } = await core.listNamespacedConfigMap({ namespace: 'default' });
      let said: (what: string) => void = () => undefined;
      const first = new Promise<string>((resolve) => {
        said = resolve;
      });
      const request = await new Watch(config).watch('/api/v1/namespaces/default/configmaps', { resourceVersion: metadata?.resourceVersion, timeoutSeconds, watch: 'True' },
        (phase: string, object: V1ConfigMap) => said(`${phase} ${object.metadata?.name}`), () => said('ended'));
      await core.listNamespacedConfigMap({ namespace: 'default' });
      await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name } } });
      expect(await first).to.equal(`ADDED ${name}`);
      request.abort();
    }
  });
});
