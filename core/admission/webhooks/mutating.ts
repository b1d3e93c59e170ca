import { MutatingWebhookConfiguration, type MutatingWebhook } from '#core/api/schema/admissionregistration-v1.ts';
import { applyJsonPatch } from '#core/api/patch/json-patch.ts';
import { decode } from '#core/api/schema/decode.ts';
import { apiVersionOf, isKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual, isObject } from '#core/api/value.ts';
import type { AdmissionPlugin, AdmissionRequest } from '#core/admission/admission.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { isUntouchable, type WebhookDispatcher, type WebhooksOptions } from './dispatch.ts';
import type { Shown } from './review.ts';

/** A webhook that was asked, and what it left behind. */
interface Asked {
  readonly webhook: MutatingWebhook;
  readonly left: string;
}

/**
 * Asks webhooks of MutatingWebhookConfigurations one after the other, in the order of the configurations' names, and applies their patches.
 * Those that ask for it are asked once more when a later one changed the object after them.
 */
export class MutatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'MutatingAdmissionWebhook';
  private readonly dispatcher: WebhookDispatcher;
  private readonly convert: WebhooksOptions['convert'];

  constructor(dispatcher: WebhookDispatcher, { convert }: Pick<WebhooksOptions, 'convert'>) {
    this.dispatcher = dispatcher;
    this.convert = convert;
  }

  mutate(request: AdmissionRequest, objects: ObjectStore): Promise<void> | void {
    if (objects.cache(MutatingWebhookConfiguration).size === 0 || isUntouchable(request)) return;
    return this.askAll(request, objects);
  }

  private async askAll(request: AdmissionRequest, objects: ObjectStore): Promise<void> {
    const all: MutatingWebhook[] = [];
    for (const [, one] of objects.cache(MutatingWebhookConfiguration).range('')) if (isKindOf(one, MutatingWebhookConfiguration)) all.push(...one.webhooks ?? []);
    const asked: Asked[] = [];
    for (const webhook of all) {
      if (await this.askOne(webhook, request, objects)) asked.push({ webhook, left: JSON.stringify(request.object) });
    }
    const now = JSON.stringify(request.object);
    for (const { webhook, left } of asked) {
      if (webhook.reinvocationPolicy === 'IfNeeded' && left !== now) await this.askOne(webhook, request, objects);
    }
  }

  /** Resolves to whether the webhook was concerned. */
  private async askOne(webhook: MutatingWebhook, request: AdmissionRequest, objects: ObjectStore): Promise<boolean> {
    const shown = await this.dispatcher.match(webhook, request, objects);
    if (shown === undefined) return false;
    const verdict = await this.dispatcher.ask(webhook, request, shown);
    if (verdict?.patch === undefined || verdict.patch.length === 0) return true;
    if (shown.object === undefined || request.object === undefined) {
      throw new StatusError('InternalError', `admission webhook "${webhook.name}" attempted to modify the object, which is not supported for this operation`);
    }
    await this.apply(webhook.name, verdict.patch, shown, request, request.object);
    return true;
  }

  private async apply(name: string, patch: readonly unknown[], { resource, object }: Shown, request: AdmissionRequest, target: KubernetesObject): Promise<void> {
    const below = request.resource.subresources?.find(({ name: sub }) => sub === request.subresource);
    const patched = patchedBy(name, object, patch);
    if (below?.kind && (below.view || below.connects)) {
      const { kind, view } = below;
      const next = { ...decode(kind.struct, patched, { kind }).value, apiVersion: apiVersionOf(kind), kind: kind.kind };
      if (view) view.write(target, next);
      else replaceContent(target, { ...next, metadata: target.metadata });
      return;
    }
    const next = decoded(resource, patched);
    replaceContent(target, resource === request.resource ? next : await this.convert(next, resource, request.resource));
    request.resource.defaults?.(target);
  }
}

function patchedBy(name: string, object: KubernetesObject | undefined, patch: readonly unknown[]): Record<string, unknown> {
  try {
    const patched = applyJsonPatch(object, patch);
    if (isObject(patched)) return patched;
  } catch (error) {
    if (!StatusError.is(error)) throw error;
    throw new StatusError('InternalError', `Internal error occurred: the patch of admission webhook "${name}" does not fit: ${error.message}`, undefined, { cause: error });
  }
  throw new StatusError('InternalError', `Internal error occurred: the patch of admission webhook "${name}" leaves no object`);
}

/** A patch may write anything: what comes out is read as if a client had sent it. */
function decoded({ kind, codec }: AnyResource, value: Record<string, unknown>): KubernetesObject {
  const next = codec ? codec.decode(value).value : decode(kind.struct, value, { kind }).value;
  return { ...next, apiVersion: apiVersionOf(kind), kind: kind.kind } as KubernetesObject;
}

/** Others hold on to the object, so its content is exchanged. */
function replaceContent(target: KubernetesObject, next: KubernetesObject): void {
  if (deepEqual(target, next)) return;
  const record = target as unknown as Record<string, unknown>;
  for (const key of Object.keys(record)) delete record[key];
  Object.assign(record, next);
}
