import { ReplicaSet, StatefulSet } from '#core/api/schema/apps-v1.ts';
import type { TopologySpreadConstraint } from '#core/api/schema/core-v1/affinity.ts';
import { ReplicationController } from '#core/api/schema/core-v1/replication-controller.ts';
import { Service } from '#core/api/schema/core-v1/service.ts';
import type { LabelSelector } from '#core/api/schema/meta.ts';
import type { KubernetesObject } from '#core/api/schema/kind.ts';
import type { PodInfo } from '#core/scheduler/model/pod-info.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

/** How pods without rules of their own spread. */
export interface DefaultSpread {
  constraintsOf(pod: PodInfo): readonly TopologySpreadConstraint[];
}

const byNamespace = 'scheduler-namespace';
const namespaceOf = ({ metadata }: KubernetesObject): string[] => [metadata.namespace ?? ''];

/** Pods of one service or owner are spread a little over nodes and zones. */
export class OwnerSpread implements DefaultSpread {
  readonly #services: Informer<Service>;
  readonly #replicaSets: Informer<ReplicaSet>;
  readonly #statefulSets: Informer<StatefulSet>;
  readonly #replicationControllers: Informer<ReplicationController>;

  constructor(informers: Informers) {
    this.#services = informers.for(Service);
    this.#services.addIndex(byNamespace, namespaceOf);
    this.#replicaSets = informers.for(ReplicaSet);
    this.#statefulSets = informers.for(StatefulSet);
    this.#replicationControllers = informers.for(ReplicationController);
  }

  constraintsOf(pod: PodInfo): readonly TopologySpreadConstraint[] {
    const labelSelector = this.#selectorOf(pod);
    if (labelSelector === undefined) return [];
    return [
      { topologyKey: 'kubernetes.io/hostname', maxSkew: 3, whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
      { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5, whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
    ];
  }

  /** What the services and the owner of the pod select by, together. */
  #selectorOf({ pod, namespace, labels }: PodInfo): LabelSelector | undefined {
    const own = labels ?? {};
    const services = this.#services.byIndex(byNamespace, namespace).map(({ spec }) => Object.entries(spec.selector ?? {}))
      .filter((selector) => selector.length > 0 && selector.every(([key, value]) => own[key] === value));
    const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
    const ofOwner = owner === undefined ? undefined : this.#selectorOfOwner(owner.kind, `${namespace}/${owner.name}`);
    const matchLabels = Object.fromEntries([...services.flat(), ...Object.entries(ofOwner?.matchLabels ?? {})]);
    const matchExpressions = ofOwner?.matchExpressions ?? [];
    if (Object.keys(matchLabels).length === 0 && matchExpressions.length === 0) return undefined;
    return { matchLabels, ...(matchExpressions.length === 0 ? {} : { matchExpressions }) };
  }

  #selectorOfOwner(kind: string, key: string): LabelSelector | undefined {
    switch (kind) {
      case 'ReplicaSet': return this.#replicaSets.get(key)?.spec.selector;
      case 'StatefulSet': return this.#statefulSets.get(key)?.spec.selector;
      case 'ReplicationController': {
        const matchLabels = this.#replicationControllers.get(key)?.spec.selector;
        return matchLabels === undefined ? undefined : { matchLabels };
      }
      default: return undefined;
    }
  }
}
