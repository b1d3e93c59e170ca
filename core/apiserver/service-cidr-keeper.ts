import { isKindOf } from '#core/api/schema/kind.ts';
import { ServiceCIDR } from '#core/api/schema/networking-v1.ts';
import { defaultServiceCidr } from '#core/api/service-addresses.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { Upkeep } from './upkeep.ts';

export interface ServiceCidrKeeperOptions {
  readonly objects: ObjectStore;
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What the default one consists of: a range, or one of each family. */
  readonly cidrs: readonly string[];
}

/**
 * Sees to it that the default ServiceCIDR exists (KEP-1880). One that is there stays as it is, but for a range of the second family
 * that was configured since; whether it is ready is said once.
 */
export function serviceCidrKeeper(options: ServiceCidrKeeperOptions): Upkeep {
  const { objects, clock, logger, cidrs } = options;
  let saidMismatch = false;
  return new Upkeep({
    name: 'service-cidr-keeper', clock, logger,
    watch: (ask) => objects.cache(ServiceCIDR).subscribe(({ object }) => {
      if (object.metadata.name === defaultServiceCidr) ask();
    }),
    task: async (signal) => {
      const found = objects.get(ServiceCIDR, undefined, defaultServiceCidr);
      try {
        if (found === undefined) await options.client.create(ServiceCIDR, { metadata: { name: defaultServiceCidr }, spec: { cidrs: [...cidrs] } }, {}, signal);
        else if (isKindOf(found, ServiceCIDR)) await keep(found, options, signal);
      } catch (error) {
        // Another control plane over the same store may have been faster.
        if (!StatusError.is(error, 'AlreadyExists', 'Conflict', 'NotFound')) throw error;
      }
      if (saidMismatch || found === undefined || !isKindOf(found, ServiceCIDR) || matches(found, cidrs) || gains(found, cidrs)) return;
      saidMismatch = true;
      logger.warn('the default ServiceCIDR is not what is configured; it stays as it is', { stored: found.spec.cidrs, configured: cidrs });
    },
  });
}

const matches = ({ spec }: ServiceCIDR, cidrs: readonly string[]): boolean => deepEqual(spec.cidrs, cidrs);
const gains = ({ spec: { cidrs: stored = [] } }: ServiceCIDR, cidrs: readonly string[]): boolean => stored.length === 1 && cidrs.length === 2 && stored[0] === cidrs[0];

async function keep(found: ServiceCIDR, { client, clock, cidrs }: ServiceCidrKeeperOptions, signal: AbortSignal): Promise<void> {
  if (found.metadata.deletionTimestamp !== undefined) return;
  if (gains(found, cidrs)) {
    await client.update(ServiceCIDR, { ...found, spec: { cidrs: [...cidrs] } }, {}, signal);
    return;
  }
  const { conditions = [] } = found.status;
  if (!matches(found, cidrs) || conditions.some(({ type }) => type === 'Ready')) return;
  const ready = { type: 'Ready', status: 'True', reason: '', message: 'Kubernetes default Service CIDR is ready', lastTransitionTime: rfc3339(clock.now()) };
  const { uid, resourceVersion } = found.metadata;
  await client.patchStatus(ServiceCIDR, found.metadata, { type: 'merge', document: { metadata: { uid, resourceVersion }, status: { conditions: [...conditions, ready] } } }, {}, signal);
}
