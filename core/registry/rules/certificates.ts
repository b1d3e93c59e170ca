import { X509Certificate } from 'node:crypto';
import { parseCertificateRequest } from '#core/api/certificates/certificate-request.ts';
import { pemBlocks } from '#core/api/certificates/pem.ts';
import { dnsLabelProblem, dnsSubdomainProblem } from '#core/api/names.ts';
import { CertificateSigningRequestCondition, type CertificateSigningRequestStatus } from '#core/api/schema/certificates-v1.ts';
import { deepEqual } from '#core/api/value.ts';
import { differences } from './differences.ts';
import type { FieldPath } from './field-path.ts';

const longestDomain = 253;
/** A domain, a namespace, the name of an object in it, and what divides them. */
const longestSigner = longestDomain + 1 + 63 + 1 + 253;

/** `domain/name`, where the name may be that of an object: `namespace.name`. */
export function validateSignerName(name: string, field: FieldPath): void {
  if (name === '') return field.required();
  const [domain = '', path, ...more] = name.split('/');
  if (path === undefined || more.length > 0) return field.invalid(name, "must be a fully qualified domain and path of the form 'example.com/signer-name'");
  if (domain.length > longestDomain) field.tooLong(longestDomain);
  validateParts(domain, dnsLabelProblem, field);
  if (!domain.includes('.')) field.invalid(domain, 'should be a domain with at least two segments separated by dots');
  validateParts(path, dnsSubdomainProblem, field);
  if (name.length > longestSigner) field.tooLong(longestSigner);
}

/** Reports the first part that has a problem. */
function validateParts(text: string, problemOf: (part: string) => string | undefined, field: FieldPath): void {
  for (const part of text.split('.')) {
    const problem = problemOf(part);
    if (problem !== undefined) return field.invalid(text, `validating label ${JSON.stringify(part)}: ${problem}`);
  }
}

/** @param request base64 of a PEM text. What is wrong with it, or nothing */
export function requestProblem(request: string): string | undefined {
  try {
    return parseCertificateRequest(Buffer.from(request, 'base64').toString('latin1')).isSigned() ? undefined : 'x509: the signature does not fit the public key';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** @param certificate base64 of a PEM text. What is wrong with it, or nothing */
function certificateProblem(certificate: string): string | undefined {
  const blocks = pemBlocks(Buffer.from(certificate, 'base64').toString('latin1'));
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  for (const { type, hasHeaders, bytes } of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    try {
      new X509Certificate(bytes);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return undefined;
}

const onlyTrue = new Set(['Approved', 'Denied', 'Failed']);
const statuses = ['True', 'False', 'Unknown'];

function validateConditions(conditions: readonly CertificateSigningRequestCondition[], exclusive: boolean, field: FieldPath): void {
  const seen = new Set<string>();
  for (const [i, { type, status }] of conditions.entries()) {
    const at = field.at(i);
    const allowed = onlyTrue.has(type) ? ['True'] : statuses;
    if (type === '') at.at('type').required();
    if (status === '') at.at('status').required();
    else if (!allowed.includes(status)) at.at('status').notSupported(status, allowed);
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (exclusive && other !== undefined && seen.has(other)) at.at('type').invalid(type, 'Approved and Denied conditions are mutually exclusive');
    if (seen.has(type)) at.at('type').duplicate(type);
    seen.add(type);
  }
}

type Status = CertificateSigningRequestStatus;

const ofType = ({ conditions = [] }: Status, type: string): readonly CertificateSigningRequestCondition[] => conditions.filter((condition) => condition.type === type);

/** Nobody takes a decision back, and through the status nobody makes one. */
function validateDecisions(now: Status, old: Status, approving: boolean, field: FieldPath): void {
  for (const type of onlyTrue) {
    const [before, after] = [ofType(old, type), ofType(now, type)];
    if (after.length < before.length) field.forbidden(`updates may not remove a condition of type "${type}"`);
    else if (!approving && type !== 'Failed' && !deepEqual(before, after)) {
      const [changed = ''] = differences(CertificateSigningRequestCondition, before[0], after[0], type);
      field.forbidden(after.length > before.length ? `updates may not add a condition of type "${type}"` : `updates may not modify a condition of type "${type}"\n${changed}`);
    }
  }
}

/** Rules for a write through `/approval`, or through `/status`. */
export function validateRequestStatus(now: Status, old: Status, approving: boolean, field: FieldPath): void {
  const conditions = field.at('conditions');
  const wasBoth = ofType(old, 'Approved').length > 0 && ofType(old, 'Denied').length > 0;
  validateConditions(now.conditions ?? [], !wasBoth, conditions);
  validateDecisions(now, old, approving, conditions);
  const { certificate = '' } = now;
  if (certificate === (old.certificate ?? '')) return;
  const at = field.at('certificate');
  if (approving) at.forbidden('updates may not set certificate content');
  else if ((old.certificate ?? '') !== '') at.forbidden('updates may not modify existing certificate content');
  const problem = certificate === '' ? undefined : certificateProblem(certificate);
  if (problem !== undefined) at.invalid('<certificate data>', problem);
}
