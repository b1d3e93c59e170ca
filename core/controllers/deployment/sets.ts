import type { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import type { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { isSameTemplate } from './template.ts';

export const sizeOf = ({ spec }: ReplicaSet): number => spec.replicas ?? 1;

/** Never more than the set wants: a status is older than the size that was just written. */
export const availableIn = (set: ReplicaSet): number => Math.min(sizeOf(set), set.status.availableReplicas ?? 0);

export const sum = (sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number => sets.reduce((total, set) => total + count(set), 0);

export const isInUse = (set: ReplicaSet): boolean => sizeOf(set) > 0;

const createdAt = ({ metadata }: ReplicaSet): number => Date.parse(metadata.creationTimestamp ?? '') || 0;
const byName = (a: ReplicaSet, b: ReplicaSet): number => (a.metadata.name < b.metadata.name ? -1 : 1);

export const oldestFirst = (a: ReplicaSet, b: ReplicaSet): number => createdAt(a) - createdAt(b) || byName(a, b);

/** Larger ones first; of two that are equally large the newer. */
export const largestNewestFirst = (a: ReplicaSet, b: ReplicaSet): number => sizeOf(b) - sizeOf(a) || createdAt(b) - createdAt(a) || byName(a, b);

/** Larger ones first; of two that are equally large the older. */
export const largestOldestFirst = (a: ReplicaSet, b: ReplicaSet): number => sizeOf(b) - sizeOf(a) || oldestFirst(a, b);

/** The oldest that makes the pods of the Deployment's template. */
export const setOfTemplate = ({ spec }: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined =>
  sets.toSorted(oldestFirst).find((set) => isSameTemplate(set.spec.template, spec.template));
