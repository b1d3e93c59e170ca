import { CustomResourceDefinition, type CustomResourceDefinitionCondition } from '#core/api/schema/apiextensions-v1.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepCopy, deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { WebhookClient } from '#core/client/webhook-client.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import type { Component } from '#core/kernel/lifecycle.ts';
import { WorkQueue } from '#core/reconcile/work-queue.ts';
import { cleanupFinalizer, setCondition } from '#core/registry/customresourcedefinitions.ts';
import { isEstablished } from '#core/registry/custom-resources/options.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import { storageNames, type Api, type Caller } from '#core/apiserver/api.ts';
import { removeCollection } from '#core/apiserver/verbs/delete-collection.ts';
import { conversionWebhook } from './conversion-webhook.ts';
import { customResources, storageResource } from './custom-resource.ts';
import { conditionOf, withStatus } from './definition-status.ts';
import { TakenNames } from './taken-names.ts';

export interface CustomResourcesOptions {
  readonly api: Api;
  /** Writes what is to be said of definitions. */
  readonly client: Client;
  readonly webhooks: WebhookClient;
}

/** How often it is looked after objects that something holds while their definition is being deleted. */
const cleanupEveryMs = 1000;

/** Whether an established definition is served as it was before. */
const isServedAlike = (a: CustomResourceDefinition, b: CustomResourceDefinition): boolean =>
  a.metadata.uid === b.metadata.uid && a.metadata.generation === b.metadata.generation && deepEqual(a.status.acceptedNames, b.status.acceptedNames);

const needsCleanup = ({ metadata }: CustomResourceDefinition): boolean => metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(cleanupFinalizer) === true;

/**
 * Follows the CustomResourceDefinitions: gives them names, says what became of them, serves those that are established, and removes the
 * objects of those that are deleted. What a stop interrupts is taken up again at the next start.
 */
export class CustomResources implements Component {
  readonly name = 'custom-resources';
  private readonly api: Api;
  private readonly client: Client;
  private readonly webhooks: WebhookClient;
  private readonly builtIn: readonly AnyResource[];
  private readonly served = new Map<string, CustomResourceDefinition>();
  /** Names are given out one after the other; objects are removed beside that, for it can take long. */
  private readonly statuses: WorkQueue;
  private readonly cleanups: WorkQueue;
  private readonly stopped = new AbortController();
  private unsubscribe: () => void = () => undefined;
  private workers: readonly Promise<void>[] = [];

  constructor({ api, client, webhooks }: CustomResourcesOptions) {
    this.api = api;
    this.client = client;
    this.webhooks = webhooks;
    this.builtIn = api.resources.all;
    this.statuses = new WorkQueue({ clock: api.clock });
    this.cleanups = new WorkQueue({ clock: api.clock, maxDelayMs: 60_000 });
  }

  async start(): Promise<void> {
    const cache = this.api.objects.cache(CustomResourceDefinition);
    for (const definition of this.all()) {
      this.serve(definition);
      if (needsCleanup(definition) || !isSettled(definition)) this.enqueue(definition);
    }
    this.unsubscribe = cache.subscribe(({ deleted, object }) => {
      if (!isKindOf(object, CustomResourceDefinition)) return;
      if (deleted) this.drop(object);
      else {
        this.serve(object);
        this.enqueue(object);
      }
    });
    this.workers = [this.work(this.statuses, (name) => this.settle(name)), this.work(this.cleanups, (name) => this.cleanUp(name))];
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    this.stopped.abort(new Error('custom resources are stopped'));
    this.statuses.close();
    this.cleanups.close();
    await Promise.all(this.workers);
  }

  private *all(): IterableIterator<CustomResourceDefinition> {
    for (const [, object] of this.api.objects.cache(CustomResourceDefinition).range('')) if (isKindOf(object, CustomResourceDefinition)) yield object;
  }

  private find(name: string): CustomResourceDefinition | undefined {
    const object = this.api.objects.get(CustomResourceDefinition, undefined, name);
    return object && isKindOf(object, CustomResourceDefinition) ? object : undefined;
  }

  private enqueue(definition: CustomResourceDefinition): void {
    (needsCleanup(definition) ? this.cleanups : this.statuses).add(definition.metadata.name);
  }

  /** Those that wait for names may get the ones that another had. */
  private enqueueWaiting({ metadata, spec }: CustomResourceDefinition): void {
    for (const other of this.all()) {
      const waits = conditionOf(other, 'NamesAccepted')?.status === 'False';
      if (waits && other.spec.group === spec.group && other.metadata.name !== metadata.name) this.enqueue(other);
    }
  }

  private drop(definition: CustomResourceDefinition): void {
    const { name } = definition.metadata;
    if (this.served.delete(name)) this.api.resources.set(name, []);
    this.enqueueWaiting(definition);
  }

  private serve(definition: CustomResourceDefinition): void {
    const { name } = definition.metadata;
    const before = this.served.get(name);
    if (!isEstablished(definition)) {
      if (this.served.delete(name)) this.api.resources.set(name, []);
      return;
    }
    if (before && isServedAlike(before, definition)) return;
    try {
      this.api.resources.set(name, customResources(definition, {
        convert: conversionWebhook(definition, this.webhooks),
        terminating: () => isEnding(this.find(name), definition),
      }));
      this.served.set(name, definition);
    } catch (error) {
      // Something must have been stored past all checks. The others are not to suffer.
      this.api.logger.error('a custom resource cannot be served', { definition: name, error });
    }
  }

  private async work(queue: WorkQueue, handle: (name: string) => Promise<void>): Promise<void> {
    for (;;) {
      let name: string;
      try {
        name = await queue.get(this.stopped.signal);
      } catch {
        return;
      }
      try {
        await handle(name);
        queue.forget(name);
      } catch (error) {
        this.api.logger.warn('a custom resource definition was not dealt with; trying again', { definition: name, error });
        queue.addRateLimited(name);
      }
      queue.done(name);
    }
  }

  /** Gives names, and says what is to be said. */
  private async settle(name: string): Promise<void> {
    const definition = this.find(name);
    if (!definition || needsCleanup(definition)) return;
    const next = withStatus(definition, TakenNames.for(definition, this.all(), this.builtIn), this.now());
    if (deepEqual(next.status, definition.status)) return;
    if (await this.write(next) && !deepEqual(next.status.acceptedNames, definition.status.acceptedNames)) this.enqueueWaiting(definition);
  }

  /** Removes all objects of a definition that is being deleted, and then lets it go. */
  private async cleanUp(name: string): Promise<void> {
    const found = this.find(name);
    if (!found || !needsCleanup(found)) return;
    const definition = await this.say(found, { status: 'True', reason: 'InstanceDeletionInProgress', message: 'CustomResource deletion is in progress' });
    // The change that came in between brings it here again.
    if (!definition) return;
    if (!isEstablished(definition)) {
      await this.release(definition, 'NeverEstablished', 'resource was never established');
    } else if (await this.removeObjects(definition) === 0) {
      await this.release(definition, 'InstanceDeletionCompleted', 'removed all instances');
    } else {
      this.cleanups.addAfter(name, cleanupEveryMs);
    }
  }

  /** Resolves to how many are left, because something holds them. */
  private async removeObjects(definition: CustomResourceDefinition): Promise<number> {
    const resource = storageResource(definition);
    const target = { resource, subresource: '', namespace: undefined, name: '' };
    try {
      await removeCollection(this.api, target, {}, { dryRun: false }, this.caller());
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      await this.say(definition, { status: 'True', reason: 'InstanceDeletionFailed', message: `could not issue all deletes: ${text}` });
      throw error;
    }
    return this.api.objects.cache(storageNames(resource)).size;
  }

  private caller(): Caller {
    return {
      user: { name: 'system:keelson', groups: ['system:masters', 'system:authenticated'] },
      warn: (text) => this.api.logger.debug('warning while custom resources are removed', { text }),
    };
  }

  private async release(definition: CustomResourceDefinition, reason: string, message: string): Promise<void> {
    const next = deepCopy(definition);
    setCondition(next, { type: 'Terminating', status: 'False', reason, message }, this.now());
    next.metadata.finalizers = (next.metadata.finalizers ?? []).filter((finalizer) => finalizer !== cleanupFinalizer);
    await this.write(next);
  }

  /** Says how a deletion stands. Resolves to the definition as it is then; undefined when it changed meanwhile. */
  private async say(definition: CustomResourceDefinition, condition: Omit<CustomResourceDefinitionCondition, 'type'>): Promise<CustomResourceDefinition | undefined> {
    const said = conditionOf(definition, 'Terminating');
    if (said?.status === condition.status && said.reason === condition.reason && said.message === condition.message) return definition;
    const next = deepCopy(definition);
    setCondition(next, { type: 'Terminating', ...condition }, this.now());
    return this.write(next);
  }

  private async write(definition: CustomResourceDefinition): Promise<CustomResourceDefinition | undefined> {
    try {
      return await this.client.updateStatus(CustomResourceDefinition, definition);
    } catch (error) {
      if (StatusError.is(error, 'Conflict', 'NotFound')) return undefined;
      throw error;
    }
  }

  private now(): string {
    return rfc3339(this.api.clock.now());
  }
}

/** Whether it is being deleted, gone, or gone and made anew. */
const isEnding = (now: CustomResourceDefinition | undefined, served: CustomResourceDefinition): boolean =>
  now?.metadata.uid !== served.metadata.uid || now.metadata.deletionTimestamp !== undefined;

/** Nothing is left to be said, unless another server said it. */
const isSettled = (definition: CustomResourceDefinition): boolean =>
  isEstablished(definition) && conditionOf(definition, 'NamesAccepted')?.status === 'True' && deepEqual(definition.spec.names, definition.status.acceptedNames);
