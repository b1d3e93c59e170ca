import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { GcpApi } from './api.ts';
import type { GcpSettings } from './settings.ts';

/** What all parts of the provider work with. */
export interface GcpContext {
  readonly api: GcpApi;
  readonly settings: GcpSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** In the label and the descriptions by which what is this cluster's is known. Never changes. */
  clusterId(signal: AbortSignal): Promise<string>;
  /** @throws {ProviderError} Invalid when nobody says which, as of the others */
  project(signal: AbortSignal): Promise<string>;
  region(signal: AbortSignal): Promise<string>;
  /** Names of the region's zones. */
  zones(signal: AbortSignal): Promise<readonly string[]>;
}

/** The label that everything carries which this cluster made and which can have labels. */
export const clusterLabel = 'keelson-cluster';

/** Asks once. */
export function zonesOf(api: GcpApi, project: (signal: AbortSignal) => Promise<string>, region: (signal: AbortSignal) => Promise<string>): (signal: AbortSignal) => Promise<readonly string[]> {
  let known: readonly string[] | undefined;
  return async (signal) => {
    if (known !== undefined) return known;
    const place = { project: await project(signal) };
    const inRegion = `${await region(signal)}-`;
    const [zones] = await api.read('compute.zones.list', (client, options) => client.list(place, options), signal);
    const found = zones.flatMap(({ name }) => (name?.startsWith(inRegion) === true ? [name] : [])).toSorted();
    if (found.length === 0) throw new ProviderError('Invalid', `the project ${place.project} has no zones in a region ${inRegion.slice(0, -1)}`);
    known = found;
    return known;
  };
}
