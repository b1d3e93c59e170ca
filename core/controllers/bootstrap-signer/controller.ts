import { detachedSignature } from '#core/api/bootstrap-token.ts';
import { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { clusterInfo } from './cluster-info.ts';
import { expirationOf, isTokenSecret, signingToken } from './tokens.ts';

export interface BootstrapSignerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  /** PEM of the authority that signs the API server's certificate. */
  readonly ca: string;
  /** Where the API server is reached. */
  readonly server: () => string;
}

const place = { namespace: 'kube-public', name: 'cluster-info' };
const key = `${place.namespace}/${place.name}`;
const prefix = 'jws-kubeconfig-';
/** The other is in every namespace, so that there is something to begin with where there is no token. */
const noticed: ReadonlySet<string> = new Set([place.name, 'kube-root-ca.crt']);

/**
 * Publishes in `kube-public/cluster-info` how the cluster is reached and who its authority is, signed with each bootstrap token: whoever has a token
 * can tell that it is the right cluster. What an administrator writes there as the server's address stays.
 */
export class BootstrapSignerController implements Controller {
  readonly name = 'bootstrap-signer';
  readonly sources: readonly Source[];
  readonly #options: BootstrapSignerOptions;
  readonly #maps: Informer<ConfigMap>;
  readonly #secrets: Informer<Secret>;

  constructor(options: BootstrapSignerOptions) {
    this.#options = options;
    const maps = (this.#maps = options.informers.for(ConfigMap));
    const secrets = (this.#secrets = options.informers.for(Secret));
    this.sources = [
      source(maps, (map, previous) => {
        const { metadata } = map ?? previous ?? {};
        return metadata?.namespace === place.namespace && noticed.has(metadata.name) ? [key] : [];
      }),
      source(secrets, (secret, previous) => ([secret, previous].some((one) => one !== undefined && isTokenSecret(one)) ? [key] : [])),
    ];
  }

  async reconcile(_key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const { client, clock, ca, server } = this.#options;
    const now = clock.now();
    const map = this.#maps.get(key);
    const kubeconfig = clusterInfo(map?.data?.['kubeconfig'], ca, server());
    const secrets = [...this.#secrets.values()].filter(isTokenSecret);
    const signatures = secrets.flatMap((secret) => signingToken(secret, now) ?? []).map((token): [string, string] => [`${prefix}${token.id}`, detachedSignature(kubeconfig, token)]);
    const others = Object.entries(map?.data ?? {}).filter(([name]) => name !== 'kubeconfig' && !name.startsWith(prefix));
    const data = Object.fromEntries([['kubeconfig', kubeconfig], ...others, ...signatures]);
    if (map === undefined) await client.create(ConfigMap, { metadata: place, data }, {}, signal);
    else if (!deepEqual(map.data, data)) await client.update(ConfigMap, { ...map, data }, {}, signal);
    const nextEnd = Math.min(...secrets.map((secret) => expirationOf(secret) ?? Number.POSITIVE_INFINITY).filter((end) => end > now));
    if (nextEnd !== Number.POSITIVE_INFINITY) return { requeueAfterMs: nextEnd - now };
  }
}
