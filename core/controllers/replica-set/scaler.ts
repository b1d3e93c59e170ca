import { Pod, type PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import type { Draft, Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Expectations } from './expectations.ts';
import { podFromTemplate } from './pod-from-template.ts';
import { asError, slowStart } from './slow-start.ts';

export interface ScalerOptions {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly expectations: Expectations;
}

/** Makes and deletes pods of owners, tells people of each, and notes what the cache is going to show. */
export class Scaler {
  readonly #client: Client;
  readonly #recorder: EventRecorder;
  readonly #expectations: Expectations;

  constructor({ client, recorder, expectations }: ScalerOptions) {
    this.#client = client;
    this.#recorder = recorder;
    this.#expectations = expectations;
  }

  /** @returns what went wrong first, if anything did */
  create(kind: Kind, owner: KubernetesObject, template: PodTemplateSpec, count: number, signal: AbortSignal): Promise<Error | undefined> {
    const draft = podFromTemplate(kind, owner, template);
    return this.createEach(owner, Array.from({ length: count }, () => draft), signal);
  }

  /** As `create`, for pods that differ. */
  async createEach(owner: KubernetesObject, drafts: readonly Draft<Pod>[], signal: AbortSignal): Promise<Error | undefined> {
    let next = 0;
    const { failure } = await slowStart(drafts.length, async () => {
      signal.throwIfAborted();
      const draft = drafts[next++];
      if (draft === undefined) return;
      try {
        const pod = await this.#client.create(Pod, draft, {}, signal);
        this.#expectations.created(owner.metadata.uid, pod);
        this.#recorder.normal(owner, 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
      } catch (error) {
        if (isNamespaceEnding(error)) return;
        this.#failed(owner, 'FailedCreate', 'creating', error);
        throw error;
      }
    });
    return failure;
  }

  /** All at once. @returns what went wrong first, if anything did */
  async delete(owner: KubernetesObject, pods: readonly Pod[], signal: AbortSignal): Promise<Error | undefined> {
    const outcomes = await Promise.allSettled(pods.map((pod) => this.#delete(owner, pod, signal)));
    const failed = outcomes.find(({ status }) => status === 'rejected');
    return failed?.status === 'rejected' ? asError(failed.reason) : undefined;
  }

  async #delete(owner: KubernetesObject, pod: Pod, signal: AbortSignal): Promise<void> {
    const { uid } = pod.metadata;
    try {
      await this.#client.delete(Pod, pod.metadata, { preconditions: { uid } }, signal);
      this.#recorder.normal(owner, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
    } catch (error) {
      // Gone already, or another pod has its name now.
      if (!StatusError.is(error, 'NotFound', 'Conflict')) {
        this.#failed(owner, 'FailedDelete', 'deleting', error);
        throw error;
      }
    }
    this.#expectations.deleted(owner.metadata.uid, pod);
  }

  #failed(owner: KubernetesObject, reason: string, doing: string, error: unknown): void {
    if (!isRefusal(error)) this.#expectations.lost(owner.metadata.uid);
    this.#recorder.warning(owner, reason, `Error ${doing}: ${asError(error).message}`);
  }
}

/** No pod will be made there any more, and nobody wants to hear of it. */
const isNamespaceEnding = (error: unknown): boolean => StatusError.is(error, 'Forbidden') && error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true;

/** The server said that it did not do it. After any other failure it may have. */
const isRefusal = (error: unknown): boolean => StatusError.is(error) && error.code < 500;
