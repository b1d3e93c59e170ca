import { CustomObjectsApi, KubernetesObjectApi, PatchStrategy, makeInformer, setHeaderOptions, type KubeConfig, type KubernetesListObject, type KubernetesObject, type V1ConfigMap } from '@kubernetes/client-node';

export interface Website extends KubernetesObject {
  spec: { page: string };
  status?: { publishedGeneration?: number };
}

const websites = { group: 'example.com', version: 'v1', plural: 'websites' };
const fieldManager = 'website-operator';

/** Publishes the page of each Website in a ConfigMap of its name, and says in its status which generation that is. It knows nothing of Keelson. */
export class WebsiteOperator {
  readonly #objects: KubernetesObjectApi;
  readonly #custom: CustomObjectsApi;
  readonly #informer;

  /** @param onFailure hears of every website that was not published; its next change is another attempt */
  constructor(config: KubeConfig, onFailure: (error: unknown) => void) {
    this.#objects = KubernetesObjectApi.makeApiClient(config);
    this.#custom = config.makeApiClient(CustomObjectsApi);
    this.#informer = makeInformer<Website>(config, '/apis/example.com/v1/websites', () => this.#list());
    const publish = (website: Website): void => void this.#publish(website).catch(onFailure);
    this.#informer.on('add', publish);
    this.#informer.on('update', publish);
    this.#informer.on('error', onFailure);
  }

  start(): Promise<void> {
    return this.#informer.start();
  }

  stop(): Promise<void> {
    return this.#informer.stop();
  }

  #list(): Promise<KubernetesListObject<Website>> {
    return this.#custom.listClusterCustomObject(websites) as Promise<KubernetesListObject<Website>>;
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
