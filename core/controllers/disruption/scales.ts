import { controllerOf } from '#core/api/controller-reference.ts';
import { CustomResourceDefinition } from '#core/api/schema/apiextensions-v1.ts';
import { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { StatefulSet } from '#core/api/schema/apps-v1/stateful-set.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ReplicationController } from '#core/api/schema/core-v1/replication-controller.ts';
import { resourceName, type Kind, type KubernetesObject } from '#core/api/schema/kind.ts';
import type { OwnerReference } from '#core/api/schema/meta.ts';
import { isObject, own } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { ServedKinds } from '#core/client/served-kinds.ts';
import { live } from '#core/controllers/storage/live.ts';
import { source, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

interface Scalable extends KubernetesObject {
  readonly spec: { readonly replicas?: number };
}

/** How many pods a controller wants. */
export interface Scale {
  readonly uid: string;
  readonly replicas: number;
}

export interface ScalesOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly kinds: ServedKinds;
}

/** How many pods there should be, by those who manage them. */
export class Scales {
  readonly #client: Client;
  readonly #kinds: ServedKinds;
  readonly #known: readonly Informer<Scalable>[];
  readonly #deployments: Informer<Deployment>;

  constructor({ client, informers, kinds }: ScalesOptions) {
    this.#client = client;
    this.#kinds = kinds;
    this.#deployments = informers.for(Deployment);
    this.#known = [informers.for(ReplicationController), informers.for(ReplicaSet), informers.for(StatefulSet), this.#deployments];
  }

  /** `keys`: what to look at after a change of a scale in this namespace. */
  sources(keys: (namespace: string) => Iterable<string>): Source[] {
    return this.#known.map((informer) => source(informer, (object, previous) =>
      (object !== undefined && object.spec.replicas === previous?.spec.replicas ? [] : keys((object ?? previous)?.metadata.namespace ?? ''))));
  }

  /**
   * The sum over all who manage one of the pods, and the names of pods that nobody manages.
   * @throws {Error} when somebody manages one of them who has no scale
   */
  async of(pods: readonly Pod[], signal: AbortSignal): Promise<{ readonly expected: number; readonly unmanaged: readonly string[] }> {
    const managed = new Map<string, Pod>();
    const unmanaged: string[] = [];
    for (const pod of pods) {
      const uid = controllerOf(pod)?.uid;
      if (uid === undefined) unmanaged.push(pod.metadata.name);
      else if (!managed.has(uid)) managed.set(uid, pod);
    }
    const replicas = new Map<string, number>();
    for (const pod of managed.values()) {
      const scale = await this.#scaleFor(pod, signal);
      replicas.set(scale.uid, scale.replicas);
    }
    return { expected: [...replicas.values()].reduce((sum, each) => sum + each, 0), unmanaged };
  }

  async #scaleFor(pod: Pod, signal: AbortSignal): Promise<Scale> {
    const { namespace = '', name } = pod.metadata;
    const reference = controllerOf(pod);
    const scale = reference && (this.#knownScale(reference, namespace) ?? await this.#customScale(reference, namespace, signal));
    if (scale === undefined) throw new Error(`found no controllers for pod "${name}"`);
    return scale;
  }

  /** A ReplicaSet of a Deployment is one of several: the Deployment says how many they are together. */
  #knownScale(reference: OwnerReference, namespace: string): Scale | undefined {
    const informer = this.#known.find(({ kind }) => kind.kind === reference.kind && kind.group === groupOf(reference));
    const object = informer?.get(`${namespace}/${reference.name}`);
    if (object === undefined || object.metadata.uid !== reference.uid) return undefined;
    const above = controllerOf(object);
    const deployment = above?.kind === Deployment.kind ? this.#deployments.get(`${namespace}/${above.name}`) : undefined;
    const counting = deployment !== undefined && deployment.metadata.uid === above?.uid ? deployment : object;
    return { uid: counting.metadata.uid, replicas: counting.spec.replicas ?? 1 };
  }

  /** Undefined when the owner is gone. */
  async #customScale(reference: OwnerReference, namespace: string, signal: AbortSignal): Promise<Scale | undefined> {
    const kind = this.#kinds.find(reference.apiVersion, reference.kind)?.kind;
    if (kind === undefined) throw new Error(`no matches for kind "${reference.kind}" in version "${reference.apiVersion}"`);
    if (this.#known.some((informer) => informer.kind === kind)) return undefined;
    const path = await this.#replicasPath(kind, signal);
    if (path === undefined) throw new Error(`${resourceName(kind)} does not implement the scale subresource`);
    const object = await live(this.#client, kind, { namespace, name: reference.name }, signal);
    return object?.metadata.uid === reference.uid ? { uid: reference.uid, replicas: numberAt(object, path) } : undefined;
  }

  /** Where a custom resource says how many it wants. */
  async #replicasPath(kind: Kind, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const definition = await live(this.#client, CustomResourceDefinition, { name: resourceName(kind) }, signal);
    const version = definition?.spec.versions.find(({ name }) => name === kind.version);
    return version?.subresources?.scale?.specReplicasPath.split('.').slice(1);
  }
}

const groupOf = ({ apiVersion }: OwnerReference): string => (apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '');

function numberAt(object: unknown, path: readonly string[]): number {
  const value = path.reduce<unknown>((at, field) => (isObject(at) ? own(at, field) : undefined), object);
  return typeof value === 'number' ? value : 0;
}
