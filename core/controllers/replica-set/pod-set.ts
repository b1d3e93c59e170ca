import { LabelSelector } from '#core/api/label-selector.ts';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import type { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import { ReplicationController } from '#core/api/schema/core-v1/replication-controller.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';

/** What keeps a number of equal pods. */
export type PodSet = ReplicaSet | ReplicationController;

/** A kind whose objects have pods of their own. */
export interface PodOwners<T extends KubernetesObject> {
  readonly kind: Kind<T>;
  /** Which pods may be the owner's; undefined when no pod may. */
  selectorOf(owner: T): LabelSelector | undefined;
}

/** In what one kind of them differs from the other. */
export interface PodSetKind<T extends PodSet> extends PodOwners<T> {
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
export const unlessEmpty = (selector: LabelSelector): LabelSelector | undefined => (selector.empty ? undefined : selector);

export const wantedReplicas = ({ spec }: PodSet): number => spec.replicas ?? 1;

export const templateOf = ({ spec }: PodSet): PodTemplateSpec | undefined => spec.template;
