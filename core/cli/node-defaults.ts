import { join } from 'node:path';
import { readIfThere, writePrivateFile } from '#core/agent/join/private-file.ts';
import type { ClusterNetworks } from '#core/agent/node-agent-options.ts';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { StatusError } from '#core/api/status-error.ts';
import { isObject, own } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import { nodeDefaultsPlace } from '#core/controllers/node-defaults/controller.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { BackOff } from '#core/reconcile/back-off.ts';

/** What the command line says, which goes before what the cluster says. */
export interface GivenNetworks {
  readonly clusterCidrs: readonly string[];
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string | undefined;
}

export interface DefaultsPlace {
  /** Where the last answer is kept, for a start without the API. */
  readonly dir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

const file = 'cluster-networks.json';
const fields = ['clusterCIDRs', 'serviceCIDRs', 'clusterDNS', 'clusterDomain'] as const;
type Published = Readonly<Record<(typeof fields)[number], string>>;

/** What the cluster publishes for its nodes, completed and overridden by what was given. A cluster of somebody else publishes nothing. */
export async function readNodeDefaults(client: Client, wanted: GivenNetworks, place: DefaultsPlace): Promise<ClusterNetworks> {
  const published = await publishedBy(client, place);
  const list = (text: string): string[] => text.split(',').filter((one) => one !== '');
  return {
    clusterCidrs: wanted.clusterCidrs.length > 0 ? wanted.clusterCidrs : list(published.clusterCIDRs), serviceCidrs: list(published.serviceCIDRs),
    clusterDns: wanted.clusterDns.length > 0 ? wanted.clusterDns : list(published.clusterDNS), clusterDomain: wanted.clusterDomain ?? (published.clusterDomain || 'cluster.local'),
  };
}

async function publishedBy(client: Client, { dir, clock, logger, signal }: DefaultsPlace): Promise<Published> {
  const path = join(dir, file);
  const known = parse(await readIfThere(path));
  const backOff = new BackOff({ clock, baseMs: 500, maxMs: 10_000, random: Math.random });
  for (;;) {
    try {
      const { data = {} } = await client.get(ConfigMap, nodeDefaultsPlace, signal);
      await writePrivateFile(path, `${JSON.stringify(data)}\n`);
      return publishedIn(data);
    } catch (error) {
      signal.throwIfAborted();
      if (StatusError.is(error, 'NotFound', 'Forbidden')) return publishedIn({});
      // Pods that run already do not wait for the API.
      if (known !== undefined) return known;
      logger.warn("the cluster's networks are not known yet; trying again", { error });
      await backOff.wait(signal);
    }
  }
}

function parse(text: string | undefined): Published | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return isObject(value) ? publishedIn(value) : undefined;
  } catch {
    return undefined;
  }
}

const publishedIn = (data: Record<string, unknown>): Published => Object.fromEntries(fields.map((field) => {
  const value = own(data, field);
  return [field, typeof value === 'string' ? value : ''];
})) as Published;
