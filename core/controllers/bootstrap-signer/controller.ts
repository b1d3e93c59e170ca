import { detachedSignature, type BootstrapToken } from '#core/api/bootstrap-token.ts';
import { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { clusterInfo, serverOf } from './cluster-info.ts';
import { expirationOf, isTokenSecret, signingToken } from './tokens.ts';

export interface BootstrapSignerOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  /** PEM of the authority that signs the API server's certificate. */
  readonly ca: string;
  /** Where other machines reach the API server. */
  readonly server: () => string | Promise<string>;
}

const place = { namespace: 'kube-public', name: 'cluster-info' };
const key = `${place.namespace}/${place.name}`;
const prefix = 'jws-kubeconfig-';
/** The address that this controller wrote itself: it goes on with the server, and an administrator's stays. */
const announced = 'keelson.dev/announced-server';
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
    const now = this.#options.clock.now();
    const secrets = [...this.#secrets.values()].filter(isTokenSecret);
    await this.#publish(secrets.flatMap((secret) => signingToken(secret, now) ?? []), signal);
    const nextEnd = Math.min(...secrets.map((secret) => expirationOf(secret) ?? Number.POSITIVE_INFINITY).filter((end) => end > now));
    if (nextEnd !== Number.POSITIVE_INFINITY) return { requeueAfterMs: nextEnd - now };
  }

  async #publish(tokens: readonly BootstrapToken[], signal: AbortSignal): Promise<void> {
    const { client, ca } = this.#options;
    const map = this.#maps.get(key);
    const { annotations = {} } = map?.metadata ?? {};
    const server = await this.#options.server();
    const kubeconfig = clusterInfo({ known: map?.data?.['kubeconfig'], announced: annotations[announced] }, ca, server);
    const next = {
      data: { ...othersIn(map), kubeconfig, ...Object.fromEntries(tokens.map((token) => [`${prefix}${token.id}`, detachedSignature(kubeconfig, token)])) },
      annotations: { ...without(annotations, announced), ...(serverOf(kubeconfig) === server ? { [announced]: server } : {}) },
    };
    if (map === undefined) await client.create(ConfigMap, { metadata: { ...place, annotations: next.annotations }, data: next.data }, {}, signal);
    else if (!deepEqual({ data: map.data, annotations }, next)) await client.update(ConfigMap, { ...map, metadata: { ...map.metadata, annotations: next.annotations }, data: next.data }, {}, signal);
  }
}

const othersIn = (map: ConfigMap | undefined): Record<string, string> => Object.fromEntries(Object.entries(map?.data ?? {}).filter(([name]) => name !== 'kubeconfig' && !name.startsWith(prefix)));
const without = (texts: Readonly<Record<string, string>>, key: string): Record<string, string> => Object.fromEntries(Object.entries(texts).filter(([name]) => name !== key));
