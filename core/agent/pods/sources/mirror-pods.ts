import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import type { NodeFacts } from '#core/agent/pods/pod-services.ts';
import { annotations, hashOf, mirroredHash } from './pod-annotations.ts';

/** Shows static pods in the API. What is there of that name and mirrors something else is replaced; a pod of somebody else's is left alone. */
export class MirrorPods {
  readonly #client: Client;
  readonly #node: NodeFacts;

  constructor(client: Client, node: NodeFacts) {
    this.#client = client;
    this.#node = node;
  }

  /** @param present the object of that name, if there is one */
  async show(pod: Pod, present: Pod | undefined, signal: AbortSignal): Promise<void> {
    if (present !== undefined) {
      const hash = mirroredHash(present);
      if (hash === undefined || (hash === hashOf(pod) && present.metadata.deletionTimestamp === undefined)) return;
      await this.remove(present, signal);
    }
    const node = this.#node.node();
    if (node === undefined) return;
    const { name, namespace, labels } = pod.metadata;
    const { serviceAccountName: _account, serviceAccount: _old, ...spec } = pod.spec;
    try {
      await this.#client.create(Pod, {
        metadata: {
          name, namespace, labels,
          annotations: { ...pod.metadata.annotations, [annotations.mirror]: hashOf(pod) },
          ownerReferences: [{ apiVersion: 'v1', kind: Node.kind, name: node.metadata.name, uid: node.metadata.uid, controller: true }],
        },
        spec,
      }, {}, signal);
    } catch (error) {
      if (!StatusError.is(error, 'AlreadyExists')) throw error;
    }
  }

  async remove({ metadata: { namespace, name, uid } }: Pod, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.delete(Pod, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } }, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}
