import { LabelSelector } from '#core/api/label-selector.ts';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import type { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import { ReplicationController } from '#core/api/schema/core-v1/replication-controller.ts';
import type { Kind } from '#core/api/schema/kind.ts';

/** What keeps a number of equal pods. */
export type PodSet = ReplicaSet | ReplicationController;

/** In what one kind of them differs from the other. */
export interface PodSetKind<T extends PodSet> {
  readonly kind: Kind<T>;
  /** Which pods may be the set's own; undefined when no pod may. */
  selectorOf(set: T): LabelSelector | undefined;
  /** `status.terminatingReplicas` is there. */
  readonly countsTerminating: boolean;
}

export const replicaSets: PodSetKind<ReplicaSet> = {
  kind: ReplicaSet,
  selectorOf: ({ spec }) => unlessEmpty(LabelSelector.of(spec.selector)),
  countsTerminating: true,
};

export const replicationControllers: PodSetKind<ReplicationController> = {
  kind: ReplicationController,
  selectorOf: ({ spec: { selector } }) => unlessEmpty(LabelSelector.of(selector && { matchLabels: selector })),
  countsTerminating: false,
};

/** Validation lets none pass that selects everything; one that got in all the same must not take a whole namespace. */
const unlessEmpty = (selector: LabelSelector): LabelSelector | undefined => (selector.empty ? undefined : selector);

export const wantedReplicas = ({ spec }: PodSet): number => spec.replicas ?? 1;

export const templateOf = ({ spec }: PodSet): PodTemplateSpec | undefined => spec.template;
