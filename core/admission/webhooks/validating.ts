import { ValidatingWebhookConfiguration, type ValidatingWebhook } from '#core/api/schema/admissionregistration-v1.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import type { AdmissionPlugin, AdmissionRequest } from '#core/admission/admission.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { isUntouchable, type WebhookDispatcher } from './dispatch.ts';

/** Asks all webhooks of ValidatingWebhookConfigurations that are concerned, at once; any may refuse. */
export class ValidatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionWebhook';
  private readonly dispatcher: WebhookDispatcher;

  constructor(dispatcher: WebhookDispatcher) {
    this.dispatcher = dispatcher;
  }

  validate(request: AdmissionRequest, objects: ObjectStore): Promise<void> | void {
    if (objects.cache(ValidatingWebhookConfiguration).size === 0 || isUntouchable(request)) return;
    return this.ask(request, objects);
  }

  private async ask(request: AdmissionRequest, objects: ObjectStore): Promise<void> {
    const all: ValidatingWebhook[] = [];
    for (const [, one] of objects.cache(ValidatingWebhookConfiguration).range('')) if (isKindOf(one, ValidatingWebhookConfiguration)) all.push(...one.webhooks ?? []);
    const outcomes = await Promise.allSettled(all.map(async (webhook) => {
      const shown = await this.dispatcher.match(webhook, request, objects);
      if (shown) await this.dispatcher.ask(webhook, request, shown);
    }));
    const refusal = outcomes.find((outcome) => outcome.status === 'rejected');
    if (refusal) throw refusal.reason;
  }
}
