import { claimsOfPod, configMapsOfPod, nodeSecretsOfVolume, resourceClaimsOfPod, secretsOfPod } from '#core/api/pod-references.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import type { ObjectStore } from '#core/store/object-store.ts';

/** What pods refer to, all in their own namespace. */
export type Referred = 'configmap' | 'persistentvolumeclaim' | 'resourceclaim' | 'secret' | 'serviceaccount';

/** A pod with this stands for something that its node runs by itself; were its references followed, a node could give itself secrets. */
const mirrorAnnotation = 'kubernetes.io/config.mirror';

const keyOf = (kind: Referred, namespace: string, name: string): string => `${kind} ${namespace}/${name}`;

/** Keys of all that the pod's node must be able to read for it. */
function referencesOf(pod: Pod): readonly string[] {
  const { namespace = '', annotations = {} } = pod.metadata;
  if (!pod.spec.nodeName || Object.hasOwn(annotations, mirrorAnnotation)) return [];
  const of = (kind: Referred, names: readonly string[]): string[] => names.map((name) => keyOf(kind, namespace, name));
  const { serviceAccountName = '' } = pod.spec;
  return [...new Set([
    ...of('serviceaccount', serviceAccountName === '' ? [] : [serviceAccountName]),
    ...of('secret', secretsOfPod(pod)), ...of('configmap', configMapsOfPod(pod)),
    ...of('persistentvolumeclaim', claimsOfPod(pod)), ...of('resourceclaim', resourceClaimsOfPod(pod)),
  ])];
}

/** Which nodes have to do with which objects, through the pods that are bound to them. Kept true by the store; made once that has started. */
export class NodeGraph {
  readonly #objects: ObjectStore;
  /** How many pods of each node refer to an object. */
  readonly #references = new Map<string, Map<string, number>>();
  /** Persistent volumes by the secrets, `namespace/name`, that mounting them needs. */
  readonly #volumes = new Map<string, Set<string>>();

  constructor(objects: ObjectStore) {
    this.#objects = objects;
    const pods = objects.cache(Pod);
    for (const [, pod] of pods.range('')) if (isKindOf(pod, Pod)) this.#count(pod, 1);
    pods.subscribe(({ object, previous, deleted }) => {
      if (previous !== undefined && isKindOf(previous, Pod)) this.#count(previous, -1);
      if (!deleted && isKindOf(object, Pod)) this.#count(object, 1);
    });
    const volumes = objects.cache(PersistentVolume);
    for (const [, volume] of volumes.range('')) if (isKindOf(volume, PersistentVolume)) this.#addVolume(volume);
    volumes.subscribe(({ object, previous, deleted }) => {
      if (previous !== undefined && isKindOf(previous, PersistentVolume)) this.#removeVolume(previous);
      if (!deleted && isKindOf(object, PersistentVolume)) this.#addVolume(object);
    });
  }

  /** Whether a pod on the node, or a volume that such a pod uses, refers to the object. */
  reaches(node: string, kind: Referred, namespace: string, name: string): boolean {
    if (this.#references.get(keyOf(kind, namespace, name))?.has(node) === true) return true;
    if (kind !== 'secret') return false;
    for (const volume of this.#volumes.get(`${namespace}/${name}`) ?? []) if (this.reachesVolume(node, volume)) return true;
    return false;
  }

  /** Whether a pod on the node uses the claim to which the persistent volume is bound. */
  reachesVolume(node: string, name: string): boolean {
    const volume = this.#objects.get(PersistentVolume, undefined, name);
    const claim = volume !== undefined && isKindOf(volume, PersistentVolume) ? volume.spec.claimRef : undefined;
    return claim !== undefined && this.reaches(node, 'persistentvolumeclaim', claim.namespace ?? '', claim.name ?? '');
  }

  #count(pod: Pod, change: 1 | -1): void {
    const { nodeName = '' } = pod.spec;
    for (const key of referencesOf(pod)) {
      const nodes = this.#references.get(key) ?? new Map<string, number>();
      const count = (nodes.get(nodeName) ?? 0) + change;
      if (count > 0) nodes.set(nodeName, count);
      else nodes.delete(nodeName);
      if (nodes.size > 0) this.#references.set(key, nodes);
      else this.#references.delete(key);
    }
  }

  #addVolume(volume: PersistentVolume): void {
    for (const secret of volume.spec.claimRef === undefined ? [] : nodeSecretsOfVolume(volume)) {
      const volumes = this.#volumes.get(secret) ?? new Set<string>();
      this.#volumes.set(secret, volumes.add(volume.metadata.name));
    }
  }

  #removeVolume(volume: PersistentVolume): void {
    for (const secret of nodeSecretsOfVolume(volume)) {
      const volumes = this.#volumes.get(secret);
      volumes?.delete(volume.metadata.name);
      if (volumes?.size === 0) this.#volumes.delete(secret);
    }
  }
}
