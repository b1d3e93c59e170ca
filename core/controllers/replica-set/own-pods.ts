import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { apiVersionOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { OwnerReference } from '#core/api/schema/meta.ts';
import { deepEqual } from '#core/api/value.ts';
import { keyOf } from '#core/client/client.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import { isActive } from './active-pod.ts';
import { controllerOf } from '#core/api/controller-reference.ts';
import type { PodOwners } from './pod-set.ts';

const bySet = 'pods-by-controller';
const inNamespace = 'pod-sets-in';
const byOwner = 'pod-sets-by-controller';
const orphansIn = (namespace: string): string => `orphans in ${namespace}`;
/** Of pods that nobody manages only those are of interest that somebody could take. */
const controllerOrOrphanage = (pod: Pod): string[] => [controllerOf(pod)?.uid ?? (isActive(pod) ? orphansIn(pod.metadata.namespace ?? '') : '')].filter((value) => value !== '');
const namespaceOf = ({ metadata }: KubernetesObject): string[] => [metadata.namespace ?? ''];
const controllerUid = (object: KubernetesObject): string[] => [controllerOf(object)?.uid ?? ''].filter((uid) => uid !== '');

/** Which pods belong to which sets of one kind, by what the caches show. */
export class OwnPods<T extends KubernetesObject> {
  readonly #kind: PodOwners<T>;
  readonly #sets: Informer<T>;
  readonly #pods: Informer<Pod>;

  constructor(kind: PodOwners<T>, sets: Informer<T>, pods: Informer<Pod>) {
    this.#kind = kind;
    this.#sets = sets;
    this.#pods = pods;
    pods.addIndex(bySet, controllerOrOrphanage);
    sets.addIndex(inNamespace, namespaceOf);
    sets.addIndex(byOwner, controllerUid);
  }

  /** Pods that name the set as their controller, whatever their labels and state. */
  of({ metadata }: T): readonly Pod[] {
    return this.#pods.byIndex(bySet, metadata.uid);
  }

  /** Active pods of the set's namespace that have no controller. */
  orphans({ metadata }: T): readonly Pod[] {
    return this.#pods.byIndex(bySet, orphansIn(metadata.namespace ?? ''));
  }

  /** Pods of all sets that have the same controller as this one, such as those of one Deployment; none for a set that nobody manages. */
  related(set: T): readonly Pod[] {
    const [owner] = controllerUid(set);
    return owner === undefined ? [] : this.#sets.byIndex(byOwner, owner).flatMap((each) => this.of(each));
  }

  /** Keys of the sets to which a change of a pod may matter: those that manage it or did, and those that could take it. */
  affected(pod: Pod | undefined, previous: Pod | undefined): Iterable<string> {
    const keys = new Set([pod, previous].flatMap((one) => (one === undefined ? [] : this.#managing(one))));
    if (pod !== undefined && controllerOf(pod) === undefined && isActive(pod) && !isSameOrphan(pod, previous)) for (const key of this.#selecting(pod)) keys.add(key);
    return keys;
  }

  #managing(pod: Pod): string[] {
    const reference = controllerOf(pod);
    if (reference === undefined || !this.#isOfKind(reference)) return [];
    const set = this.#sets.get(`${pod.metadata.namespace ?? ''}/${reference.name}`);
    return set?.metadata.uid === reference.uid ? [keyOf(set)] : [];
  }

  #selecting({ metadata: { namespace = '', labels } }: Pod): string[] {
    return this.#sets.byIndex(inNamespace, namespace).filter((set) => !isDeleting(set) && this.#kind.selectorOf(set)?.matches(labels) === true).map(keyOf);
  }

  #isOfKind({ apiVersion, kind }: OwnerReference): boolean {
    return kind === this.#kind.kind.kind && apiVersion.split('/', 1)[0] === apiVersionOf(this.#kind.kind).split('/', 1)[0];
  }
}

const isSameOrphan = (pod: Pod, previous: Pod | undefined): boolean =>
  previous !== undefined && controllerOf(previous) === undefined && deepEqual(pod.metadata.labels ?? {}, previous.metadata.labels ?? {});
