import { X509Certificate } from 'node:crypto';
import { dnsSubdomainProblem } from '#core/api/names.ts';
import type { FieldPath } from './field-path.ts';
import { portNumberProblem } from './syntax.ts';

const form = '; desired format: https://host[/path]';

/** The address of a webhook: an https URL without user, query or fragment. */
export function validateWebhookUrl(text: string, field: FieldPath): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) {
    if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return field.required(`url must be a valid URL: parse ${JSON.stringify(text)}: it cannot be read${form}`);
    field.invalid('', `'https' is the only allowed URL scheme${form}`);
    return field.invalid('', `host must be specified${form}`);
  }
  if (url.protocol !== 'https:') field.invalid(url.protocol.slice(0, -1), `'https' is the only allowed URL scheme${form}`);
  if (url.host === '') field.invalid('', `host must be specified${form}`);
  if (url.username !== '' || url.password !== '') field.invalid(url.username, 'user information is not permitted in the URL');
  if (url.hash !== '') field.invalid(url.hash.slice(1), 'fragments are not permitted in the URL');
  if (url.search !== '') field.invalid(url.search.slice(1), 'query parameters are not permitted in the URL');
}

interface WebhookService {
  readonly name: string;
  readonly namespace: string;
  readonly path?: string;
  readonly port?: number;
}

/** The service of a webhook; defaults must have been filled in. */
export function validateWebhookService({ name, namespace, path = '', port = 443 }: WebhookService, field: FieldPath): void {
  if (name === '') field.at('name').required('service name is required');
  if (namespace === '') field.at('namespace').required('service namespace is required');
  const problem = portNumberProblem(port);
  if (problem !== undefined) field.at('port').invalid(port, `port is not valid: ${problem}`);
  if (path !== '' && path !== '/') validatePath(path, field.at('path'));
}

function validatePath(path: string, field: FieldPath): void {
  if (path === '//') return field.invalid(path, 'segment[0] may not be empty');
  if (!path.startsWith('/')) field.invalid(path, "must start with a '/'");
  for (const [i, segment] of path.slice(1).replace(/\/$/, '').split('/').entries()) {
    const problem = segment === '' ? 'may not be empty' : dnsSubdomainProblem(segment);
    if (problem !== undefined) field.invalid(path, segment === '' ? `segment[${i}] ${problem}` : `segment[${i}]: ${problem}`);
  }
}

/** @param bundle PEM certificates in base64. Returns what is wrong. */
export function caBundleProblem(bundle: string): string | undefined {
  const text = Buffer.from(bundle, 'base64').toString('latin1');
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length === 0) return 'unable to load root certificates: unable to parse bytes as PEM block';
  try {
    for (const pem of certificates) new X509Certificate(pem);
    return undefined;
  } catch (error) {
    return `unable to load root certificates: ${error instanceof Error ? error.message : String(error)}`;
  }
}
