import { deepEqual, isObject, type JsonObject } from '#core/api/value.ts';
import type { ServedKind } from '#core/client/served-kinds.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { mayAnswer, serverName, type ApiServices, type ExtensionService } from './api-services.ts';
import { kindOf, readAggregated, readLegacy, type Discovered, type DiscoveredResource } from './discovery-document.ts';
import type { ExtensionServers } from './extension-servers.ts';
import { aggregator } from './identity-headers.ts';
import { byStability } from './priorities.ts';

/** One group-version of an extension API server, as far as it is known. */
export interface ExtensionVersion {
  readonly group: string;
  readonly version: string;
  /** Stale: the server could not be asked lately. */
  readonly freshness: 'Current' | 'Stale';
  readonly resources: readonly DiscoveredResource[];
  /** Where its OpenAPI document is, with the hash that the server gives it; undefined when it has none. */
  readonly openApi: string | undefined;
}

/** What is known of one server. */
interface Known {
  readonly discovered: Discovered;
  readonly openApi: ReadonlyMap<string, string>;
  readonly etag: string | undefined;
  readonly stale: boolean;
}

const nothing: Known = { discovered: new Map(), openApi: new Map(), etag: undefined, stale: true };

const sameDocuments = (a: Known, b: Known): boolean =>
  deepEqual(Object.fromEntries(a.discovered), Object.fromEntries(b.discovered)) && deepEqual(Object.fromEntries(a.openApi), Object.fromEntries(b.openApi));

const refreshMs = 60_000;
const accepted = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList', 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList', 'application/json',
].join(',');

export interface ExtensionDiscoveryOptions {
  readonly services: ApiServices;
  readonly servers: ExtensionServers;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Asks extension API servers what they serve: when one is registered or comes back, and every minute. */
export class ExtensionDiscovery implements Component {
  readonly name = 'extension-discovery';
  private readonly options: ExtensionDiscoveryOptions;
  /** By server. */
  private readonly known = new Map<string, Known>();
  private readonly asking = new Map<string, Promise<void>>();
  private readonly listeners = new Set<() => void>();
  private unsubscribe: () => void = () => undefined;
  private cancel: () => void = () => undefined;
  private stopped = false;
  private shown: readonly ExtensionVersion[] | undefined;

  constructor(options: ExtensionDiscoveryOptions) {
    this.options = options;
  }

  /** Does not wait for the first answers. */
  async start(): Promise<void> {
    this.unsubscribe = this.options.services.onChange(() => this.changed());
    this.refreshAll();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.unsubscribe();
    this.cancel();
    await Promise.all(this.asking.values());
  }

  /** All group-versions that other servers serve. */
  get versions(): readonly ExtensionVersion[] {
    return (this.shown ??= this.options.services.extensions.map((service) => this.versionOf(service)));
  }

  /** Their kinds, as they were last known: what cannot be reached just now may hold objects all the same. Preferred versions come first. */
  get kinds(): readonly ServedKind[] {
    const { services } = this.options;
    const priority = ({ group, version }: ExtensionVersion): number => services.priority(group, version).version;
    return this.versions.toSorted((a, b) => priority(b) - priority(a) || byStability(a.version, b.version)).flatMap(({ group, version, resources }) => resources.map((resource) => kindOf(resource, group, version)));
  }

  /** The OpenAPI document of a group-version, as its server gives it; undefined when it gives none just now. */
  async openApi({ group, version, openApi }: ExtensionVersion): Promise<unknown> {
    const service = this.options.services.extensions.find(({ spec }) => spec.group === group && spec.version === version);
    if (service === undefined || openApi === undefined || !mayAnswer(service)) return undefined;
    try {
      const answer = await this.options.servers.fetch(service, openApi, { user: aggregator, headers: new Map([['accept', ['application/json']]]) });
      return answer.code === 200 ? JSON.parse(answer.text) : undefined;
    } catch (error) {
      this.options.logger.debug('an extension API server does not give its OpenAPI document', { server: serverName(service), error });
      return undefined;
    }
  }

  /** Called after each change. Returns an unsubscribe function. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Resolves when servers that have just been registered have answered, or failed to. */
  async settled(): Promise<void> {
    const first = this.options.services.extensions.filter(mayAnswer).map(serverName).filter((name) => !this.known.has(name));
    await Promise.all(first.flatMap((name) => this.asking.get(name) ?? []));
  }

  private versionOf(service: ExtensionService): ExtensionVersion {
    const { group = '', version = '' } = service.spec;
    const known = this.known.get(serverName(service)) ?? nothing;
    const resources = known.discovered.get(`${group}/${version}`);
    return {
      group, version, resources: resources ?? [], openApi: known.openApi.get(`apis/${group}/${version}`),
      freshness: known.stale || resources === undefined || !mayAnswer(service) ? 'Stale' : 'Current',
    };
  }

  /** An APIService came, went or changed. */
  private changed(): void {
    const services = this.options.services.extensions;
    const servers = new Set(services.map(serverName));
    for (const name of this.known.keys()) if (!servers.has(name)) this.known.delete(name);
    const silent = services.filter((service) => mayAnswer(service) && this.versionOf(service).freshness === 'Stale');
    for (const service of silent) this.ask(service);
    this.tell();
    this.schedule();
  }

  private refreshAll(): void {
    for (const service of this.options.services.extensions) if (mayAnswer(service)) this.ask(service);
    this.schedule();
  }

  private schedule(): void {
    this.cancel();
    if (this.stopped || this.options.services.extensions.length === 0) return;
    this.cancel = this.options.clock.after(refreshMs, () => this.refreshAll());
  }

  private ask(service: ExtensionService): void {
    const name = serverName(service);
    if (this.asking.has(name)) return;
    this.asking.set(name, this.refresh(name, service).finally(() => this.asking.delete(name)));
  }

  private async refresh(name: string, service: ExtensionService): Promise<void> {
    const before = this.known.get(name);
    let now: Known;
    try {
      now = await this.read(service, before);
    } catch (error) {
      this.options.logger.debug('an extension API server does not say what it serves', { server: name, error });
      now = { ...(before ?? nothing), stale: true };
    }
    if (this.stopped) return;
    this.known.set(name, now);
    if (before === undefined || now.stale !== before.stale || !sameDocuments(now, before)) this.tell();
  }

  private async read(service: ExtensionService, before: Known | undefined): Promise<Known> {
    const headers = new Map([['accept', [accepted]], ...(before?.etag === undefined ? [] : [['if-none-match', [before.etag]] as [string, string[]]])]);
    const answer = await this.options.servers.fetch(service, '/apis', { user: aggregator, headers });
    if (answer.code === 304 && before) return { ...before, stale: false };
    const openApi = await this.readOpenApi(service);
    const discovered = answer.code === 200 ? readAggregated(JSON.parse(answer.text)) : undefined;
    if (discovered) return { discovered, openApi, etag: answer.etag, stale: false };
    return { discovered: await this.readVersions(service), openApi, etag: undefined, stale: false };
  }

  /** One by one, from a server that knows only that. */
  private async readVersions(service: ExtensionService): Promise<Discovered> {
    const same = this.options.services.extensions.filter((other) => serverName(other) === serverName(service));
    const found = await Promise.all(same.map(async ({ spec: { group = '', version = '' } }) => {
      const answer = await this.options.servers.fetch(service, `/apis/${group}/${version}`, { user: aggregator, headers: new Map([['accept', ['application/json']]]) });
      if (answer.code !== 200) throw new Error(`/apis/${group}/${version} was answered with ${answer.code}`);
      return [`${group}/${version}`, readLegacy(JSON.parse(answer.text), group, version)] as const;
    }));
    return new Map(found);
  }

  private async readOpenApi(service: ExtensionService): Promise<ReadonlyMap<string, string>> {
    const answer = await this.options.servers.fetch(service, '/openapi/v3', { user: aggregator, headers: new Map([['accept', ['application/json']]]) });
    const document: unknown = answer.code === 200 ? JSON.parse(answer.text) : undefined;
    const paths = isObject(document) && isObject(document['paths']) ? Object.entries(document['paths']) : [];
    // Another path would lead to another document, or out of this server.
    const urlOf = (path: string, { serverRelativeURL: url }: JsonObject): string[] => (typeof url === 'string' && url.startsWith(`/openapi/v3/${path}`) ? [url] : []);
    return new Map(paths.flatMap(([path, entry]) => (isObject(entry) ? urlOf(path, entry).map((url) => [path, url] as const) : [])));
  }

  private tell(): void {
    this.shown = undefined;
    for (const listener of this.listeners) listener();
  }
}
