import type { CustomResourceConversion, WebhookClientConfig } from '#core/api/schema/apiextensions-v1.ts';
import type { FieldPath } from '#core/registry/rules/field-path.ts';
import { serviceNameProblem as dns1035LabelProblem } from '#core/registry/rules/host-names.ts';
import { caBundleProblem, validateWebhookService, validateWebhookUrl } from '#core/registry/rules/webhook-client.ts';

export interface ConversionOptions {
  /** At least one version of ConversionReview is one that this server knows. */
  readonly knownReview: boolean;
  /** A bundle that cannot be read is let through: the definition is not established yet, or its bundle was so before. */
  readonly anyBundle: boolean;
}

const reviewVersions = ['v1', 'v1beta1'];

export const knowsReview = (versions: readonly string[]): boolean => versions.some((version) => reviewVersions.includes(version));

/** Field names are those of upstream's internal version, as its messages have them. */
export function validateConversion({ strategy, webhook }: CustomResourceConversion, field: FieldPath, options: ConversionOptions): void {
  const at = field.at('strategy');
  if (strategy === '') at.required();
  else if (strategy !== 'None' && strategy !== 'Webhook') at.notSupported(strategy, ['None', 'Webhook']);
  const client = field.at('webhookClientConfig');
  const reviews = field.at('conversionReviewVersions');
  if (strategy === 'Webhook') {
    validateClient(webhook?.clientConfig, client, options);
    validateReviews(webhook?.conversionReviewVersions ?? [], reviews, options);
    return;
  }
  if (webhook?.clientConfig) client.forbidden('should not be set when strategy is not set to Webhook');
  if (webhook && webhook.conversionReviewVersions.length > 0) reviews.forbidden('should not be set when strategy is not set to Webhook');
}

function validateClient(config: WebhookClientConfig | undefined, field: FieldPath, options: ConversionOptions): void {
  if (config === undefined) return field.required('required when strategy is set to Webhook');
  const { url, service, caBundle = '' } = config;
  if ((url === undefined) === (service === undefined)) field.required('exactly one of url or service is required');
  else if (url !== undefined) validateWebhookUrl(url, field.at('url'));
  else if (service !== undefined) validateWebhookService(service, field.at('service'));
  const problem = caBundle === '' || options.anyBundle ? undefined : caBundleProblem(caBundle);
  if (problem !== undefined) field.at('caBundle').invalid(caBundle, problem);
}

function validateReviews(versions: readonly string[], field: FieldPath, { knownReview }: ConversionOptions): void {
  if (versions.length === 0) return field.required();
  for (const [i, version] of versions.entries()) {
    if (versions.indexOf(version) < i) field.at(i).invalid(version, 'duplicate version');
    else field.at(i).check(version, dns1035LabelProblem(version));
  }
  if (knownReview && !knowsReview(versions)) field.invalid(versions, `must include at least one of ${reviewVersions.join(', ')}`);
}
