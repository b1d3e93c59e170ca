import type { Draft, Kind, KindNames, KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import { addressText } from '#core/apiserver/proxy/address.ts';
import { outgoingHeaders } from '#core/apiserver/proxy/headers.ts';
import type { WatchEvent, WatchOptions } from '#core/client/client.ts';
import { HttpClient } from '#core/client/http-client.ts';
import type { Verbs } from '#core/client/in-process.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { ApiServices, ExtensionService } from './api-services.ts';
import type { ExtensionServers } from './extension-servers.ts';
import { setIdentity } from './identity-headers.ts';

export interface ExtensionVerbsOptions {
  readonly services: ApiServices;
  readonly servers: ExtensionServers;
  readonly clock: Clock;
  /** In whose name the controllers of this process ask. */
  readonly user: User;
}

/** A watch that ends at once would be opened again and again. */
const reopenMs = 1000;
const mostClients = 100;

/** The verbs of this process's client, for kinds that other API servers answer for as well as for our own. */
export class ExtensionVerbs {
  private readonly options: ExtensionVerbsOptions;
  /** By where and how they connect. */
  private readonly clients = new Map<string, HttpClient>();

  constructor(options: ExtensionVerbsOptions) {
    this.options = options;
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
  }

  /** Calls go to where their kind is served. */
  beside(local: Verbs): Verbs {
    const at = <T>(kind: KindNames, there: (client: HttpClient, kind: Kind) => Promise<T>, here: () => Promise<T>): Promise<T> => {
      const service = this.options.services.extension(kind.group, kind.version);
      return service === undefined ? here() : this.with(service, (client) => there(client, kind as Kind));
    };
    return {
      get: (kind, key) => at(kind, (client, known) => client.get(known, key), () => local.get(kind, key)),
      list: (kind, options) => at(kind, (client, known) => client.list(known, options), () => local.list(kind, options)),
      watch: (kind, options, deliver, failed) => {
        const service = this.options.services.extension(kind.group, kind.version);
        return service === undefined ? local.watch(kind, options, deliver, failed) : this.watch(kind as Kind, options, deliver, failed);
      },
      create: (kind, object, key, options) => at(kind, (client, known) => client.create(known, object as Draft<KubernetesObject>, options), () => local.create(kind, object, key, options)),
      update: (kind, object, key, options) => at(kind, (client, known) => client.update(known, object as KubernetesObject, options), () => local.update(kind, object, key, options)),
      patch: (kind, key, patch, options) => at(kind, (client, known) => client.patch(known, key, patch, options), () => local.patch(kind, key, patch, options)),
      delete: (kind, key, options) => at(kind, (client, known) => client.delete(known, key, options), () => local.delete(kind, key, options)),
    };
  }

  private async with<T>(service: ExtensionService, call: (client: HttpClient) => Promise<T>): Promise<T> {
    return call(this.clientFor(service));
  }

  private clientFor(service: ExtensionService): HttpClient {
    const { address, tls = {} } = this.options.servers.backend(service);
    const key = `${addressText(address)} ${tls.servername ?? ''} ${tls.rejectUnauthorized ?? true} ${service.spec.caBundle ?? ''}`;
    const known = this.clients.get(key);
    if (known) return known;
    const headers = new Map<string, string[]>();
    setIdentity(headers, this.options.user);
    const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
    const client = new HttpClient({
      server: `https://${addressText(address)}`, serverName: tls.servername, insecure: tls.rejectUnauthorized === false,
      ca: text(tls.ca), cert: text(tls.cert), key: text(tls.key),
    }, { clock: this.options.clock, headers: outgoingHeaders(headers) });
    this.clients.set(key, client);
    const [oldest] = this.clients.keys();
    if (this.clients.size > mostClients && oldest !== undefined) {
      this.clients.get(oldest)?.close();
      this.clients.delete(oldest);
    }
    return client;
  }

  /** A watch of another server ends now and then; this one goes on from where it was. */
  private async watch(kind: Kind, options: WatchOptions, deliver: (event: WatchEvent<KubernetesObject>) => void, failed: (error: unknown) => void): Promise<() => void> {
    const ended = new AbortController();
    void this.follow(kind, options, deliver, ended.signal).catch((error: unknown) => {
      if (!ended.signal.aborted) failed(error);
    });
    return () => ended.abort(new Error('the watch was closed'));
  }

  private async follow(kind: Kind, options: WatchOptions, deliver: (event: WatchEvent<KubernetesObject>) => void, signal: AbortSignal): Promise<void> {
    let { resourceVersion } = options;
    while (!signal.aborted) {
      const service = this.options.services.extension(kind.group, kind.version);
      if (service === undefined) throw StatusError.expired(`${kind.plural}.${kind.group} is not served by another API server any more`);
      const began = this.options.clock.now();
      for await (const event of this.clientFor(service).watch(kind, { ...options, resourceVersion }, signal)) {
        ({ resourceVersion } = event.object.metadata);
        deliver(event);
      }
      const wait = began + reopenMs - this.options.clock.now();
      if (wait > 0) await this.options.clock.sleep(wait, signal);
    }
  }
}
