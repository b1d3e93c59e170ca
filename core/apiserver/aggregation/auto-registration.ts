import { APIService } from '#core/api/schema/apiregistration-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { ResourceIndex } from '#core/apiserver/resource-index.ts';
import { Upkeep } from '#core/apiserver/upkeep.ts';
import type { Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { serviceName, type ApiServices } from './api-services.ts';
import { isBuiltIn, localPriority, registrationGroup } from './priorities.ts';

export interface AutoRegistrationOptions {
  readonly resources: ResourceIndex;
  readonly services: ApiServices;
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Marks the APIServices that the server keeps itself; who takes it off, keeps the object. */
const managed = 'kube-aggregator.kubernetes.io/automanaged';

interface Wanted {
  readonly label: 'onstart' | 'true';
  readonly spec: APIService['spec'];
}

/** The APIServices of what this server answers itself, by name. */
function wantedOf(resources: ResourceIndex): ReadonlyMap<string, Wanted> {
  return new Map(resources.all.filter(({ kind: { group } }) => group !== registrationGroup).map(({ kind: { group, version } }): [string, Wanted] => {
    const priority = localPriority(group, version);
    const spec = { ...(group === '' ? {} : { group }), version, groupPriorityMinimum: priority.group, versionPriority: priority.version };
    return [serviceName(group, version), { label: isBuiltIn(group) ? 'onstart' : 'true', spec }];
  }));
}

/** Keeps an APIService for every group-version that this server answers itself, those of CustomResourceDefinitions too. */
export function autoRegistration({ resources, services, client, clock, logger }: AutoRegistrationOptions): Upkeep {
  return new Upkeep({
    name: 'api-service-registration', clock, logger,
    watch: (ask) => {
      const ends = [resources.onChange(ask), services.onChange(ask)];
      return () => ends.forEach((end) => end());
    },
    task: async (signal) => {
      const wanted = wantedOf(resources);
      const stored = new Map(services.all.map((service) => [service.metadata.name, service]));
      const missing = [...wanted].filter(([name]) => !stored.has(name));
      const ours = [...stored.values()].filter(({ metadata }) => metadata.labels?.[managed] !== undefined);
      await Promise.all([
        ...missing.map(([name, { label, spec }]) => client.create(APIService, { metadata: { name, labels: { [managed]: label } }, spec }, {}, signal)),
        ...ours.map((service) => align(client, service, wanted.get(service.metadata.name), signal)),
      ].map(forgivingOthers));
    },
  });
}

async function align(client: Client, service: APIService, wanted: Wanted | undefined, signal: AbortSignal): Promise<void> {
  const { uid, resourceVersion } = service.metadata;
  if (wanted === undefined) return client.delete(APIService, service.metadata, { preconditions: { uid, resourceVersion } }, signal);
  if (!deepEqual(service.spec, wanted.spec)) await client.update(APIService, { ...service, spec: wanted.spec }, {}, signal);
}

/** Other control planes over the same store keep the same objects. */
async function forgivingOthers(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!StatusError.is(error, 'AlreadyExists', 'Conflict', 'NotFound')) throw error;
  }
}
