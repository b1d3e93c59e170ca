import type { KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import { token } from '#core/kernel/token.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { ObjectStore } from '#core/store/object-store.ts';

/** One write, on its way from the decoded request to the store. */
export interface AdmissionRequest {
  /** CONNECT: nothing is stored; the request goes on to a pod, service or node, and `object` holds its options. */
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly resource: AnyResource;
  /** '' for the object itself. */
  readonly subresource: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** What is to be stored; `mutate` may change it in place. Undefined for DELETE. */
  readonly object: KubernetesObject | undefined;
  /** What is stored; undefined for CREATE. Frozen. */
  readonly old: KubernetesObject | undefined;
  readonly user: User;
  readonly dryRun: boolean;
  /** Sentences that go back as Warning headers. */
  readonly warn: (text: string) => void;
  /** Leaves a remark in the audit log. */
  readonly annotate?: ((key: string, value: string) => void) | undefined;
}

/** Called once when the write is over, whether it succeeded or not. `isUncertain`: nobody knows whether it did. */
export type Release = ((isUncertain: boolean) => Promise<void> | void) | void;

/**
 * Looks at a write between decoding and storing. `mutate` of every plugin runs before validation, `validate` of every plugin
 * after it, both in the order of the list. Throw a `StatusError` to refuse. May run again when the write is retried.
 */
export interface AdmissionPlugin {
  readonly name: string;
  mutate?(request: AdmissionRequest, objects: ObjectStore): Promise<void> | void;
  validate?(request: AdmissionRequest, objects: ObjectStore): Release | Promise<Release>;
  /**
   * Looks again at what was created, when everything that was stored before it is known; what is refused now is removed again. For what
   * can end while objects are on their way into it.
   */
  confirm?(request: AdmissionRequest, objects: ObjectStore): void;
}
export const AdmissionPlugin = token<AdmissionPlugin>('AdmissionPlugin');

/** The chain; the order of `plugins` is upstream's recommended order. */
export class AdmissionChain {
  private readonly plugins: readonly AdmissionPlugin[];
  private readonly objects: ObjectStore;

  constructor(plugins: readonly AdmissionPlugin[], objects: ObjectStore) {
    this.plugins = plugins;
    this.objects = objects;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    for (const plugin of this.plugins) {
      const pending = plugin.mutate?.(request, this.objects);
      // Most have nothing to wait for, and a turn of the microtask queue for each of them is felt in every write.
      if (pending !== undefined) await pending;
    }
  }

  /** @throws {StatusError} when what was created must go again */
  confirm(request: AdmissionRequest): void {
    for (const plugin of this.plugins) plugin.confirm?.(request, this.objects);
  }

  /** Runs `write` when every plugin agrees. */
  async guard<T>(request: AdmissionRequest, write: () => Promise<T>): Promise<T> {
    const over: Exclude<Release, void>[] = [];
    let isUncertain = false;
    try {
      for (const plugin of this.plugins) {
        const answer = plugin.validate?.(request, this.objects);
        const release = answer instanceof Promise ? await answer : answer;
        if (release) over.push(release);
      }
      return await write().catch((error: unknown) => {
        isUncertain = !StatusError.is(error) || error.reason === 'Timeout' || error.reason === 'InternalError';
        throw error;
      });
    } finally {
      for (const release of over) await release(isUncertain);
    }
  }
}
