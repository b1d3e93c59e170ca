import { parseCertificateRequest, type CertificateRequest } from '#core/api/certificates/certificate-request.ts';
import { CertificateSigningRequest, signers } from '#core/api/schema/certificates-v1.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { mastersGroup } from '#core/api/user.ts';
import type { AdmissionPlugin } from './admission.ts';

/** Nobody asks for a client certificate of the group that may do everything: it could not be taken back. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  validate({ operation, subresource, resource, name, object }) {
    if (operation !== 'CREATE' || subresource !== '' || object === undefined || !isKindOf(object, CertificateSigningRequest)) return;
    if (object.spec.signerName !== signers.apiServerClient) return;
    const refuse = (why: string): StatusError => StatusError.forbidden(resource.kind, name, why);
    if (requestOf(object, refuse).organizations.includes(mastersGroup)) {
      throw refuse(`use of ${signers.apiServerClient} signer with ${mastersGroup} group is not allowed`);
    }
  },
};

function requestOf({ spec }: CertificateSigningRequest, refuse: (why: string) => StatusError): CertificateRequest {
  try {
    return parseCertificateRequest(Buffer.from(spec.request, 'base64').toString());
  } catch (error) {
    throw refuse(`failed to parse CSR: ${error instanceof Error ? error.message : String(error)}`);
  }
}
