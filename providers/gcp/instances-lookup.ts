import { ProviderError } from '#core/spi/errors.ts';
import { clusterLabel, type GcpContext } from './context.ts';
import { GcpError } from './errors.ts';
import { keyOf, type GceInstance } from './instances-facts.ts';
import { keyText, type InstanceKey } from './instances-ids.ts';

/** So many are asked for one by one; of more, lists are read first. */
const few = 4;
/** Names in one filter: no filter becomes too long for a request. */
const namesPerFilter = 30;
/** Questions that are on their way at the same time. */
const atOnce = 10;
const pageSize = 500;
/** What is not looked at is not sent: of an instance most is about its disks and its metadata. */
const instanceFields = 'name,zone,status,hostname,machineType,canIpForward,networkInterfaces(network,subnetwork,networkIP,ipv6Address,ipv6AccessType,accessConfigs/natIP,ipv6AccessConfigs/externalIpv6)';
const listFields = `items/*/instances(${instanceFields}),items/*/warning/code,nextPageToken`;

/** Of one instance: it, undefined when there is none, or why that is not known. */
export type Sight = { readonly instance: GceInstance | undefined } | { readonly failure: ProviderError };

/** What lists showed. */
export interface Listing {
  readonly instances: readonly GceInstance[];
  /** Zones that did not answer. */
  readonly missing: ReadonlySet<string>;
}

/**
 * Finds instances by few calls. A list may be a little late, and may lack zones that do not answer: what it shows was there,
 * what it does not show is asked for by itself.
 */
export class InstanceLookup {
  readonly #context: GcpContext;

  constructor(context: GcpContext) {
    this.#context = context;
  }

  /** One for each key, by its `keyText`. Rejects only with the signal's reason. */
  async byKey(keys: readonly InstanceKey[], signal: AbortSignal): Promise<ReadonlyMap<string, Sight>> {
    const wanted = new Map(keys.map((key) => [keyText(key), key]));
    const seen = new Map<string, Sight>();
    const left = (): readonly InstanceKey[] => [...wanted].flatMap(([text, key]) => (seen.has(text) ? [] : [key]));
    const note = (listing: Listing): void => {
      for (const instance of listing.instances) {
        const text = keyText(keyOf(instance));
        if (wanted.has(text)) seen.set(text, { instance });
      }
      for (const key of left()) if (listing.missing.has(key.zone)) seen.set(keyText(key), { failure: new ProviderError('Unavailable', `the zone ${key.zone} does not answer`) });
    };
    const look = async (listing: () => Promise<Listing>): Promise<void> => {
      try {
        note(await listing());
      } catch (error) {
        const failure = failureOf(error, signal);
        // Asking for a thousand one by one helps nobody whose one call fails.
        for (const key of left()) seen.set(keyText(key), { failure });
      }
    };
    if (wanted.size > few) await look(() => this.marked([], signal));
    if (left().length > few) await look(() => this.#named(left().map(({ name }) => name), signal));
    await eachOf(left(), async (key) => void seen.set(keyText(key), await this.#one(key, signal)));
    return seen;
  }

  /** Those that carry the cluster's mark, in all regions; only those of these names or host names when some are given. */
  async marked(names: readonly string[], signal: AbortSignal): Promise<Listing> {
    const mark = `labels.${clusterLabel} = "${await this.#context.clusterId(signal)}"`;
    return this.#list(names.length === 0 ? mark : `(${mark}) AND (${filterOf(names)})`, signal);
  }

  async #named(names: readonly string[], signal: AbortSignal): Promise<Listing> {
    const different = [...new Set(names)];
    const chunks = Array.from({ length: Math.ceil(different.length / namesPerFilter) }, (_, i) => different.slice(i * namesPerFilter, (i + 1) * namesPerFilter));
    const listings: Listing[] = [];
    await eachOf(chunks, async (chunk) => void listings.push(await this.#list(filterOf(chunk), signal)));
    return { instances: listings.flatMap(({ instances }) => instances), missing: new Set(listings.flatMap(({ missing }) => [...missing])) };
  }

  async #list(filter: string, signal: AbortSignal): Promise<Listing> {
    const project = await this.#context.project(signal);
    return this.#context.api.read('compute.instances.aggregatedList', async (client, options): Promise<Listing> => {
      const instances: GceInstance[] = [];
      const missing = new Set<string>();
      // Otherwise one zone that does not answer would hide all others.
      const pages = client.aggregatedListAsync({ project, filter, maxResults: pageSize, returnPartialSuccess: true }, { ...options, ...only(listFields), autoPaginate: false });
      for await (const [scope, { instances: found, warning }] of pages) {
        instances.push(...(found ?? []));
        if (warning != null && String(warning.code) !== 'NO_RESULTS_ON_PAGE') missing.add(scope.slice(scope.indexOf('/') + 1));
      }
      return { instances, missing };
    }, signal);
  }

  async #one({ zone, name }: InstanceKey, signal: AbortSignal): Promise<Sight> {
    try {
      const project = await this.#context.project(signal);
      const [instance] = await this.#context.api.read('compute.instances.get', (client, options) => client.get({ project, zone, instance: name }, { ...options, ...only(instanceFields) }), signal);
      return { instance };
    } catch (error) {
      // The project may be what is not found, or the zone.
      if (error instanceof GcpError && error.reason === 'NotFound' && error.message.includes(`/instances/${name}'`)) return { instance: undefined };
      return { failure: failureOf(error, signal) };
    }
  }
}

function failureOf(error: unknown, signal: AbortSignal): ProviderError {
  signal.throwIfAborted();
  if (ProviderError.is(error)) return error;
  throw error;
}

/** A host name is looked for as such, and as the name of an instance with a domain behind it. */
const filterOf = (names: readonly string[]): string =>
  names.flatMap((name) => [`(name = "${name.split('.', 1).join('')}")`, ...(name.includes('.') ? [`(hostname = "${name}")`] : [])]).join(' OR ');

/** Has the platform leave out all other fields of its answer. */
export const only = (fields: string): { readonly otherArgs: { readonly headers: Readonly<Record<string, string>> } } => ({ otherArgs: { headers: { 'X-Goog-FieldMask': fields } } });

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const item of left) await work(item);
  }));
}
