import type { CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';

export const hasCondition = ({ status }: CertificateSigningRequest, type: 'Approved' | 'Denied' | 'Failed'): boolean =>
  status.conditions?.some((condition) => condition.type === type) === true;

/** The object with one condition more. */
export const withCondition = (csr: CertificateSigningRequest, type: string, reason: string, message: string, now: string): CertificateSigningRequest => ({
  ...csr,
  status: { ...csr.status, conditions: [...(csr.status.conditions ?? []), { type, status: 'True', reason, message, lastUpdateTime: now, lastTransitionTime: now }] },
});

export const requestPem = ({ spec }: CertificateSigningRequest): string => Buffer.from(spec.request, 'base64').toString();
