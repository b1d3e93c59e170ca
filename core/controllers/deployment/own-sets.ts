import { controllerOf } from '#core/api/controller-reference.ts';
import { LabelSelector } from '#core/api/label-selector.ts';
import { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { apiVersionOf, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { OwnerReference } from '#core/api/schema/meta.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf } from '#core/client/client.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';
import type { Informer } from '#core/reconcile/informer.ts';

const byDeployment = 'replica-sets-by-deployment';
const inNamespace = 'deployments-in';
const bySet = 'pods-by-replica-set';
const orphansIn = (namespace: string): string => `orphans in ${namespace}`;
const controllerOrOrphanage = (set: ReplicaSet): string[] => [controllerOf(set)?.uid ?? orphansIn(set.metadata.namespace ?? '')];
const namespaceOf = ({ metadata }: KubernetesObject): string[] => [metadata.namespace ?? ''];
const controllerUid = (pod: Pod): string[] => [controllerOf(pod)?.uid ?? ''].filter((uid) => uid !== '');

/** Validation lets no selector pass that selects everything; one that got in all the same selects nothing. */
export function selectorOf({ spec }: Deployment): LabelSelector | undefined {
  const selector = LabelSelector.of(spec.selector);
  return selector.empty ? undefined : selector;
}

/** Which ReplicaSets and pods belong to which Deployments, by what the caches show. */
export class OwnSets {
  readonly #deployments: Informer<Deployment>;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;

  constructor(deployments: Informer<Deployment>, sets: Informer<ReplicaSet>, pods: Informer<Pod>) {
    this.#deployments = deployments;
    this.#sets = sets;
    this.#pods = pods;
    deployments.addIndex(inNamespace, namespaceOf);
    sets.addIndex(byDeployment, controllerOrOrphanage);
    pods.addIndex(bySet, controllerUid);
  }

  /** Sets that name it as their controller, and those of its namespace that have none. */
  candidates({ metadata: { uid, namespace = '' } }: Deployment): readonly ReplicaSet[] {
    return [...this.#sets.byIndex(byDeployment, uid), ...this.#sets.byIndex(byDeployment, orphansIn(namespace))];
  }

  pods(sets: readonly ReplicaSet[]): Pod[] {
    return sets.flatMap(({ metadata }) => this.#pods.byIndex(bySet, metadata.uid));
  }

  /** Keys of the Deployments to which a change of a set may matter: those that manage it or did, and those that could take it. */
  affected(set: ReplicaSet | undefined, previous: ReplicaSet | undefined): Iterable<string> {
    const keys = new Set([set, previous].flatMap((each) => (each === undefined ? [] : this.#managing(each))));
    if (set !== undefined && controllerOf(set) === undefined && !isDeleting(set) && !isSameOrphan(set, previous)) for (const key of this.#selecting(set)) keys.add(key);
    return keys;
  }

  /** Keys of the Deployments that wait for the end of a pod's life. */
  waiting(pod: Pod | undefined, previous: Pod | undefined): Iterable<string> {
    if (previous === undefined || (pod !== undefined && !isTerminated(pod))) return [];
    const set = managing(this.#sets, ReplicaSet, controllerOf(previous), previous.metadata.namespace);
    const deployment = set === undefined ? undefined : managing(this.#deployments, Deployment, controllerOf(set), set.metadata.namespace);
    return deployment?.spec.strategy.type === 'Recreate' ? [keyOf(deployment)] : [];
  }

  #managing(set: ReplicaSet): string[] {
    const deployment = managing(this.#deployments, Deployment, controllerOf(set), set.metadata.namespace);
    return deployment === undefined ? [] : [keyOf(deployment)];
  }

  #selecting({ metadata: { namespace = '', labels } }: ReplicaSet): string[] {
    return this.#deployments.byIndex(inNamespace, namespace).filter((each) => !isDeleting(each) && selectorOf(each)?.matches(labels) === true).map(keyOf);
  }
}

function managing<T extends KubernetesObject>(informer: Informer<T>, kind: Kind<T>, reference: OwnerReference | undefined, namespace: string | undefined): T | undefined {
  if (reference === undefined || reference.kind !== kind.kind || reference.apiVersion.split('/', 1)[0] !== apiVersionOf(kind).split('/', 1)[0]) return undefined;
  const owner = informer.get(`${namespace ?? ''}/${reference.name}`);
  return owner?.metadata.uid === reference.uid ? owner : undefined;
}

const isSameOrphan = (set: ReplicaSet, previous: ReplicaSet | undefined): boolean =>
  previous !== undefined && controllerOf(previous) === undefined && deepEqual(set.metadata.labels ?? {}, previous.metadata.labels ?? {});
