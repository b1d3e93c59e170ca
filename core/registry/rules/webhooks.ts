import { dnsSubdomainProblem } from '#core/api/names.ts';
import type { ValidatingWebhook, WebhookClientConfig } from '#core/api/schema/admissionregistration-v1.ts';
import { validateAdmissionRule, validateMatchConditions } from './admission-rules.ts';
import type { FieldPath } from './field-path.ts';
import { serviceNameProblem } from './host-names.ts';
import { validateLabelSelector } from './selectors.ts';
import { validateWebhookService, validateWebhookUrl } from './webhook-client.ts';

const reviewVersions = ['v1', 'v1beta1'];
const sideEffects = ['None', 'NoneOnDryRun'];
const longestTimeout = 30;

function webhookNameProblem(name: string): string | undefined {
  const problem = dnsSubdomainProblem(name);
  return problem ?? (name.split('.').length < 3 ? 'should be a domain with at least three segments separated by dots' : undefined);
}

function validateReviewVersions(versions: readonly string[], field: FieldPath): void {
  if (versions.length === 0) return field.required(`must specify one of ${reviewVersions.join(', ')}`);
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    if (seen.has(version)) field.at(i).invalid(version, 'duplicate version');
    else field.at(i).check(version, serviceNameProblem(version));
    seen.add(version);
  }
  if (!reviewVersions.some((version) => seen.has(version))) field.invalid(versions, `must include at least one of ${reviewVersions.join(', ')}`);
}

function validateClient({ url, service }: WebhookClientConfig, field: FieldPath): void {
  if ((url === undefined) === (service === undefined)) return field.required('exactly one of url or service is required');
  if (url !== undefined) validateWebhookUrl(url, field.at('url'));
  if (service !== undefined) validateWebhookService(service, field.at('service'));
}

/** What both kinds of webhooks have. */
type Webhook = Omit<ValidatingWebhook, 'objectSelector'> & Partial<Pick<ValidatingWebhook, 'objectSelector'>>;

function validateWebhook(webhook: Webhook, field: FieldPath): void {
  field.at('name').name(webhook.name, webhookNameProblem);
  for (const [i, rule] of (webhook.rules ?? []).entries()) validateAdmissionRule(rule, field.at('rules', i));
  const { sideEffects: given, timeoutSeconds: timeout } = webhook;
  if (given === '') field.at('sideEffects').required(`must specify one of ${sideEffects.join(', ')}`);
  else if (!sideEffects.includes(given)) field.at('sideEffects').notSupported(given, sideEffects);
  if (timeout !== undefined && (timeout < 1 || timeout > longestTimeout)) field.at('timeoutSeconds').invalid(timeout, 'the timeout value must be between 1 and 30 seconds');
  validateLabelSelector(webhook.namespaceSelector, field.at('namespaceSelector'));
  validateLabelSelector(webhook.objectSelector, field.at('objectSelector'));
  validateClient(webhook.clientConfig, field.at('clientConfig'));
  validateMatchConditions(webhook.matchConditions, field.at('matchConditions'));
  validateReviewVersions(webhook.admissionReviewVersions, field.at('admissionReviewVersions'));
}

export function validateWebhooks(webhooks: readonly Webhook[] | undefined, field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, webhook] of (webhooks ?? []).entries()) {
    validateWebhook(webhook, field.at(i));
    if (webhook.name !== '' && seen.has(webhook.name)) field.at(i, 'name').duplicate(webhook.name);
    seen.add(webhook.name);
  }
}
