import type { Attributes } from '#core/api/access.ts';
import { FlowSchema, PriorityLevelConfiguration, type FlowSchemaSpec, type PriorityLevelConfigurationSpec } from '#core/api/schema/flowcontrol-v1.ts';
import { isKindOf, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { bootstrapLevels, bootstrapSchemas } from './bootstrap-flows.ts';
import { compileSchema, type Matches } from './flow-matching.ts';
import type { LevelLimits } from './priority-level.ts';

/** A spec and the UID of its object; '' while there is none. */
export interface Configured<T> {
  readonly name: string;
  readonly uid: string;
  readonly spec: T;
}

export interface SortedSchema extends Configured<FlowSchemaSpec> {
  readonly matches: Matches;
  readonly distinguisher: (attributes: Attributes) => string;
}

/** What is stored, and what a cluster begins with as far as it is not stored yet. */
function configured<S, T extends KubernetesObject & { spec?: S }>(objects: ObjectStore, kind: Kind<T>, standard: ReadonlyMap<string, S>): Configured<S>[] {
  const found = new Map([...standard].map(([name, spec]) => [name, { name, uid: '', spec }]));
  for (const [name, object] of objects.cache(kind).range('')) {
    if (isKindOf(object, kind) && object.spec !== undefined) found.set(name, { name, uid: object.metadata.uid, spec: object.spec });
  }
  return [...found.values()];
}

export const levelsOf = (objects: ObjectStore): readonly Configured<PriorityLevelConfigurationSpec>[] => configured(objects, PriorityLevelConfiguration, bootstrapLevels);

const distinguishers = {
  ByUser: ({ user }: Attributes): string => user.name,
  ByNamespace: ({ namespace = '' }: Attributes): string => namespace,
  none: (): string => '',
} as const;

/** In the order in which they are asked. Those whose level is not there count for nothing. */
export function schemasOf(objects: ObjectStore, levels: { has(name: string): boolean }): readonly SortedSchema[] {
  return configured(objects, FlowSchema, bootstrapSchemas)
    .filter(({ spec }) => levels.has(spec.priorityLevelConfiguration.name))
    .sort((a, b) => (a.spec.matchingPrecedence ?? 1000) - (b.spec.matchingPrecedence ?? 1000) || (a.name < b.name ? -1 : 1))
    .map((schema) => ({ ...schema, matches: compileSchema(schema.spec), distinguisher: distinguishers[schema.spec.distinguisherMethod?.type ?? 'none'] }));
}

const sharesOf = ({ type, limited, exempt }: PriorityLevelConfigurationSpec): number =>
  (type === 'Exempt' ? exempt?.nominalConcurrencyShares ?? 0 : limited?.nominalConcurrencyShares ?? 30);

/** Divides the server's seats among the levels by their shares. @returns limits by name; none for levels without a limit */
export function divide(levels: readonly Configured<PriorityLevelConfigurationSpec>[], seats: number): ReadonlyMap<string, LevelLimits> {
  const shares = levels.reduce((sum, { spec }) => sum + sharesOf(spec), 0);
  const limits = new Map<string, LevelLimits>();
  for (const { name, spec } of levels) {
    const { limited } = spec;
    if (spec.type === 'Exempt' || limited === undefined) continue;
    const own = shares === 0 ? 0 : Math.ceil((seats * sharesOf(spec)) / shares);
    const { type, queuing: { queues = 64, queueLengthLimit = 50 } = {} } = limited.limitResponse;
    limits.set(name, {
      seats: own,
      lendable: Math.round((own * (limited.lendablePercent ?? 0)) / 100),
      borrowable: limited.borrowingLimitPercent === undefined ? Infinity : Math.round((own * limited.borrowingLimitPercent) / 100),
      queuing: type === 'Queue' ? { queues, queueLengthLimit } : undefined,
    });
  }
  return limits;
}

/** How many queues a flow of the level is dealt; 0 where nobody waits. */
export const handSizeOf = ({ limited }: PriorityLevelConfigurationSpec): number => (limited?.limitResponse.type === 'Queue' ? limited.limitResponse.queuing?.handSize ?? 8 : 0);
