import {
  ApiException, CustomObjectsApi, KubernetesObjectApi, makeInformer, PatchStrategy, setHeaderOptions,
  type KubeConfig, type KubernetesListObject, type KubernetesObject, type V1ConfigMap,
} from '@kubernetes/client-node';

export interface Website extends KubernetesObject {
  spec: { page: string };
  status?: { publishedGeneration?: number };
}

const websites = { group: 'example.com', version: 'v1', plural: 'websites' };
const fieldManager = 'website-operator';
const restartAfterMs = 1000;

/** Publishes the page of each Website in a ConfigMap of its name, and says in its status which generation that is. It knows nothing of Keelson. */
export class WebsiteOperator {
  readonly #objects: KubernetesObjectApi;
  readonly #custom: CustomObjectsApi;
  readonly #informer;
  readonly #onFailure: (error: unknown) => void;
  #restart: NodeJS.Timeout | undefined;
  #stopped = false;

  /** @param onFailure hears of every website that was not published; its next change is another attempt */
  constructor(config: KubeConfig, onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
    this.#objects = KubernetesObjectApi.makeApiClient(config);
    this.#custom = config.makeApiClient(CustomObjectsApi);
    this.#informer = makeInformer<Website>(config, '/apis/example.com/v1/websites', () => this.#list());
    for (const change of ['add', 'update'] as const) this.#informer.on(change, (website) => void this.#reconcile(website));
    this.#informer.on('error', (error) => {
      if (this.#stopped) return;
      onFailure(error);
      this.#restart = setTimeout(() => void this.start().catch(onFailure), restartAfterMs);
    });
  }

  start(): Promise<void> {
    return this.#informer.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#restart);
    await this.#informer.stop();
  }

  #list(): Promise<KubernetesListObject<Website>> {
    return this.#custom.listClusterCustomObject(websites) as Promise<KubernetesListObject<Website>>;
  }

  async #reconcile(website: Website): Promise<void> {
    try {
      await this.#publish(website);
    } catch (error) {
      // A website that is deleted meanwhile needs nothing.
      if (!(error instanceof ApiException && error.code === 404)) this.#onFailure(error);
    }
  }

  async #publish({ metadata: { name = '', namespace = '', uid = '', generation = 0 } = {}, spec, status }: Website): Promise<void> {
    if (status?.publishedGeneration === generation) return;
    const page: V1ConfigMap = {
      apiVersion: 'v1', kind: 'ConfigMap', data: { 'index.html': spec.page },
      // With its website it goes.
      metadata: { name, namespace, ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Website', name, uid, controller: true }] },
    };
    await this.#objects.patch(page, undefined, undefined, fieldManager, true, PatchStrategy.ServerSideApply);
    const body = { status: { publishedGeneration: generation } };
    await this.#custom.patchNamespacedCustomObjectStatus({ ...websites, namespace, name, body, fieldManager }, setHeaderOptions('Content-Type', PatchStrategy.MergePatch));
  }
}
