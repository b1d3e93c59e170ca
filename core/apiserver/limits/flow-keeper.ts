import { FlowSchema, PriorityLevelConfiguration } from '#core/api/schema/flowcontrol-v1.ts';
import { isKindOf, type Draft, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import { Upkeep } from '#core/apiserver/upkeep.ts';
import type { Client } from '#core/client/client.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { mandatoryFlowSchemas, mandatoryPriorityLevels } from '#core/registry/rules/mandatory-flows.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { bootstrapLevels, bootstrapSchemas } from './bootstrap-flows.ts';

export interface FlowKeeperOptions {
  readonly objects: ObjectStore;
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Says whether an object keeps up with what this version of the server suggests; administrators set it to false. */
const autoUpdate = 'apf.kubernetes.io/autoupdate-spec';

/** Those whose author has not said so are suggested ones as long as nobody has changed them. */
const isOurs = ({ annotations, generation }: KubernetesObject['metadata']): boolean => (annotations?.[autoUpdate] ?? String((generation ?? 1) === 1)) === 'true';

/**
 * Sees to it that the FlowSchemas and PriorityLevelConfigurations exist that every cluster has, and that each schema says whether its
 * level exists (condition Dangling). What an administrator has changed stays as it is.
 */
export function flowKeeper({ objects, client, clock, logger }: FlowKeeperOptions): Upkeep {
  return new Upkeep({
    name: 'flow-keeper', clock, logger,
    watch: (ask) => {
      const ends = [FlowSchema, PriorityLevelConfiguration].map((kind) => objects.cache(kind).subscribe(ask));
      return () => ends.forEach((end) => end());
    },
    task: async (signal) => {
      await keep(objects, client, PriorityLevelConfiguration, bootstrapLevels, mandatoryPriorityLevels, signal);
      await keep(objects, client, FlowSchema, bootstrapSchemas, mandatoryFlowSchemas, signal);
      const schemas = [...objects.cache(FlowSchema).range('')].map(([, object]) => object).filter((object) => isKindOf(object, FlowSchema));
      await Promise.all(schemas.map((schema) => judge(objects, client, schema, clock, signal)));
    },
  });
}

async function keep<S extends object, T extends KubernetesObject & { spec: S }>(
  objects: ObjectStore, client: Client, kind: Kind<T>, standard: ReadonlyMap<string, S>, mandatory: ReadonlyMap<string, unknown>, signal: AbortSignal,
): Promise<void> {
  await Promise.all([...standard].map(async ([name, spec]) => {
    const found = objects.get(kind, undefined, name);
    try {
      if (found === undefined) await client.create(kind, { metadata: { name, annotations: { [autoUpdate]: 'true' } }, spec } as unknown as Draft<T>, {}, signal);
      else if (!mandatory.has(name) && isKindOf(found, kind) && isOurs(found.metadata) && !deepEqual(found.spec, spec)) await client.update(kind, { ...found, spec }, {}, signal);
    } catch (error) {
      // Another control plane over the same store may have been faster.
      if (!StatusError.is(error, 'AlreadyExists', 'Conflict', 'NotFound')) throw error;
    }
  }));
}

async function judge(objects: ObjectStore, client: Client, schema: FlowSchema, clock: Clock, signal: AbortSignal): Promise<void> {
  const level = schema.spec.priorityLevelConfiguration.name;
  const dangles = objects.get(PriorityLevelConfiguration, undefined, level) === undefined;
  const [status, reason, end] = dangles ? (['True', 'NotFound', 'but there is no such object'] as const) : (['False', 'Found', 'and it exists'] as const);
  const message = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} ${end}`;
  const known = schema.status.conditions?.find(({ type }) => type === 'Dangling');
  if (known?.status === status && known.message === message) return;
  const lastTransitionTime = known?.status === status ? known.lastTransitionTime : rfc3339(clock.now());
  const conditions = [...(schema.status.conditions ?? []).filter(({ type }) => type !== 'Dangling'), { type: 'Dangling', status, lastTransitionTime, reason, message }];
  const { uid } = schema.metadata;
  await client.patchStatus(FlowSchema, schema.metadata, { type: 'merge', document: { metadata: { uid }, status: { conditions } } }, {}, signal).catch((error: unknown) => {
    if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
  });
}
