import type { Authorize } from '#core/api/access.ts';
import { compileConditions, type CompiledCondition } from '#core/api/admission/policy-program.ts';
import type { MutatingWebhook, ValidatingWebhook } from '#core/api/schema/admissionregistration-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { WebhookError, type WebhookClient } from '#core/client/webhook-client.ts';
import type { AdmissionRequest } from '#core/admission/admission.ts';
import { activationOf } from '#core/admission/policies/activation.ts';
import { conditionsMet } from '#core/admission/policies/conditions.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { caughtAs, namespaceMatches, objectMatches, type Equivalents } from './matching.ts';
import { shownAs, type Convert } from './shown.ts';
import { denial, reviewOf, reviewRequest, verdictOf, type Shown, type Verdict } from './review.ts';

export type Webhook = ValidatingWebhook | MutatingWebhook;

export interface WebhooksOptions {
  readonly client: WebhookClient;
  readonly authorize: Authorize;
  readonly equivalents: Equivalents;
  readonly convert: Convert;
}

const reviewVersions = ['v1', 'v1beta1'];
/** Who could refuse these could never be got rid of again. */
const untouchable = new Set(['validatingwebhookconfigurations', 'mutatingwebhookconfigurations', 'validatingadmissionpolicies', 'validatingadmissionpolicybindings']);

export const isUntouchable = ({ resource: { kind } }: AdmissionRequest): boolean => kind.group === 'admissionregistration.k8s.io' && untouchable.has(kind.plural);

const compiled = new WeakMap<object, readonly CompiledCondition[]>();

function conditionsOf({ matchConditions }: Webhook): readonly CompiledCondition[] {
  if (matchConditions === undefined) return [];
  let known = compiled.get(matchConditions);
  if (!known) {
    known = compileConditions(matchConditions).conditions;
    compiled.set(matchConditions, known);
  }
  return known;
}

/** Decides which webhooks see a request, and asks them. */
export class WebhookDispatcher {
  private readonly options: WebhooksOptions;

  constructor(options: WebhooksOptions) {
    this.options = options;
  }

  /** What the webhook is to see; undefined when it is not concerned. @throws {StatusError} when its conditions cannot be evaluated */
  async match(webhook: Webhook, request: AdmissionRequest, objects: ObjectStore): Promise<Shown | undefined> {
    const { rules, matchPolicy, namespaceSelector, objectSelector } = webhook;
    const resource = caughtAs(rules, matchPolicy, request, this.options.equivalents);
    if (resource === undefined || !objectMatches(objectSelector, request.object, request.old) || !namespaceMatches(namespaceSelector, request, objects)) return undefined;
    const shown = await shownAs(request, resource, this.options.convert);
    const conditions = conditionsOf(webhook);
    if (conditions.length === 0) return shown;
    const { met, error } = conditionsMet(conditions, activationOf(request, shown, this.options.authorize));
    if (error === undefined || webhook.failurePolicy === 'Ignore') return met ? shown : undefined;
    throw StatusError.forbidden(request.resource.kind, request.name, error);
  }

  /**
   * Resolves to what the webhook says; undefined when it could not be asked and that is to be ignored.
   * @throws {StatusError} the refusal, or InternalError when it could not be asked
   */
  async ask(webhook: Webhook, request: AdmissionRequest, shown: Shown): Promise<Verdict | undefined> {
    const { name, sideEffects } = webhook;
    if (request.dryRun && sideEffects !== 'None' && sideEffects !== 'NoneOnDryRun') {
      throw StatusError.badRequest(`admission webhook "${name}" does not support dry run`);
    }
    try {
      const verdict = await this.call(webhook, reviewRequest(request, shown));
      for (const text of verdict.warnings) request.warn(text);
      for (const [key, value] of Object.entries(verdict.auditAnnotations)) request.annotate?.(`${name}/${key}`, String(value));
      if (!verdict.allowed) throw denial(name, verdict);
      return verdict;
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error;
      if (webhook.failurePolicy === 'Ignore') {
        request.annotate?.(`failed-open.webhook.admission.k8s.io/${name}`, error.message);
        return undefined;
      }
      throw new StatusError('InternalError', `Internal error occurred: failed calling webhook "${name}": failed to call webhook: ${error.message}`, {
        causes: [{ message: `failed calling webhook "${name}": failed to call webhook: ${error.message}` }],
      }, { cause: error });
    }
  }

  private async call({ clientConfig, timeoutSeconds = 10, admissionReviewVersions, name }: Webhook, request: ReturnType<typeof reviewRequest>): Promise<Verdict> {
    const version = admissionReviewVersions.find((one) => reviewVersions.includes(one));
    if (version === undefined) throw new WebhookError(`webhook "${name}" understands no version of AdmissionReview that this server speaks: ${admissionReviewVersions.join(', ')}`);
    const answer = await this.options.client.call(clientConfig, reviewOf(request, version), { timeoutMs: timeoutSeconds * 1000 });
    return verdictOf(answer, request['uid'], version);
  }
}
