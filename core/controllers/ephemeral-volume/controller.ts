import { controllerOf, controllerReference } from '#core/api/controller-reference.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { StatusError } from '#core/api/status-error.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { Announcer } from '#core/controllers/storage/announcer.ts';
import { isDeleting } from '#core/controllers/storage/claims.ts';
import { isTerminated } from '#core/controllers/storage/pods.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

export interface EphemeralVolumeOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
}

type Volume = NonNullable<Pod['spec']['volumes']>[number];
type Template = NonNullable<NonNullable<Volume['ephemeral']>['volumeClaimTemplate']>;

const templatesOf = ({ spec }: Pod): readonly { readonly name: string; readonly template: Template }[] =>
  (spec.volumes ?? []).flatMap(({ name, ephemeral }) => (ephemeral?.volumeClaimTemplate === undefined ? [] : [{ name, template: ephemeral.volumeClaimTemplate }]));

/** Makes the claims of generic ephemeral volumes (KEP-1698), which their pods own: garbage collection takes them with the pod. Keys are pods. */
export class EphemeralVolumeController implements Controller {
  readonly name = 'ephemeral-volume';
  readonly workers = 10;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #events: EventRecorder;
  readonly #pods: Informer<Pod>;
  readonly #claims: Informer<PersistentVolumeClaim>;

  constructor({ client, informers, clock, recorder }: EphemeralVolumeOptions) {
    this.#client = client;
    this.#events = new Announcer(recorder, clock);
    this.#pods = informers.for(Pod);
    this.#claims = informers.for(PersistentVolumeClaim);
    this.sources = [
      source(this.#pods, (pod) => (pod === undefined || templatesOf(pod).length === 0 ? [] : [keyOf(pod)])),
      // One that somebody deleted is made again as long as its pod lives.
      source(this.#claims, (claim, previous) => {
        const owner = claim === undefined && previous !== undefined ? controllerOf(previous) : undefined;
        return owner?.kind === Pod.kind ? [`${previous?.metadata.namespace ?? ''}/${owner.name}`] : [];
      }),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<void> {
    const pod = this.#pods.get(key);
    if (pod === undefined || isDeleting(pod) || isTerminated(pod)) return;
    for (const { name, template } of templatesOf(pod)) await this.#ensure(pod, `${pod.metadata.name}-${name}`, template, signal);
  }

  async #ensure(pod: Pod, name: string, { metadata, spec }: Template, signal: AbortSignal): Promise<void> {
    const { namespace = '' } = pod.metadata;
    const found = this.#claims.get(`${namespace}/${name}`);
    if (found !== undefined) {
      if (controllerOf(found)?.uid !== pod.metadata.uid) this.#failed(pod, name, `PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`);
      return;
    }
    try {
      const { labels, annotations } = metadata ?? {};
      await this.#client.create(PersistentVolumeClaim, {
        metadata: { namespace, name, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}), ownerReferences: [controllerReference(Pod, pod)] }, spec,
      }, {}, signal);
    } catch (error) {
      signal.throwIfAborted();
      // The cache was late; what is there comes with the next change.
      if (!StatusError.is(error, 'AlreadyExists')) this.#failed(pod, name, error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  #failed(pod: Pod, name: string, why: string): void {
    this.#events.warning(pod, 'FailedBinding', `ephemeral volume ${name}: ${why}`);
  }
}
