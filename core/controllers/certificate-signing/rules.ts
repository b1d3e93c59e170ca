import { signers, type CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';
import type { CertificateRequest } from '#core/spi/certificate-signer.ts';

const nodePrefix = 'system:node:';

interface Rule {
  /** Usages that may be asked for. */
  readonly allowed: readonly string[];
  readonly needed: readonly string[];
  problem?(request: CertificateRequest): string | undefined;
}

const noNames = ({ dnsNames, ipAddresses, emailAddresses, uris }: CertificateRequest): boolean =>
  dnsNames.length + ipAddresses.length + emailAddresses.length + uris.length === 0;

const isNode = ({ organizations, commonName }: CertificateRequest): string | undefined =>
  (organizations.length !== 1 || organizations[0] !== 'system:nodes' ? 'subject organization is not system:nodes'
    : commonName.startsWith(nodePrefix) ? undefined : `subject common name does not begin with ${nodePrefix}`);

/** What each of the cluster's own signers puts its name to. */
const rules: Readonly<Record<string, Rule>> = {
  [signers.apiServerClient]: { allowed: ['digital signature', 'key encipherment', 'client auth'], needed: ['client auth'] },
  [signers.apiServerClientKubelet]: {
    allowed: ['digital signature', 'key encipherment', 'client auth'], needed: ['digital signature', 'client auth'],
    problem: (request) => isNode(request) ?? (noNames(request) ? undefined : 'DNS, IP, email or URI names are not allowed'),
  },
  [signers.kubeletServing]: {
    allowed: ['digital signature', 'key encipherment', 'server auth'], needed: ['digital signature', 'server auth'],
    problem: (request) => isNode(request) ?? (request.emailAddresses.length + request.uris.length > 0 ? 'email and URI names are not allowed'
      : request.dnsNames.length + request.ipAddresses.length === 0 ? 'DNS or IP names are required' : undefined),
  },
  [signers.legacyUnknown]: { allowed: [], needed: [] },
};

export const isOurs = ({ spec }: CertificateSigningRequest): boolean => Object.hasOwn(rules, spec.signerName);

/** Why the signer refuses; undefined when it does not. */
export function refusal({ spec }: CertificateSigningRequest, request: CertificateRequest): string | undefined {
  const rule = rules[spec.signerName];
  if (rule === undefined) return `${spec.signerName} is not one of the cluster's signers`;
  const usages = spec.usages ?? [];
  const extra = rule.allowed.length === 0 ? undefined : usages.find((usage) => !rule.allowed.includes(usage));
  if (extra !== undefined) return `usage ${extra} is not allowed for ${spec.signerName}`;
  const missing = rule.needed.find((usage) => !usages.some((given) => given === usage));
  if (missing !== undefined) return `usage ${missing} is required for ${spec.signerName}`;
  return rule.problem?.(request);
}

/** A node asks for itself when the certificate's name is its own. */
export const namesRequester = ({ spec }: CertificateSigningRequest, { commonName }: CertificateRequest): boolean => spec.username === commonName;
