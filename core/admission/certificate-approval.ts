import type { Authorize } from '#core/api/access.ts';
import { CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { mayActForSigner } from './signer-permission.ts';

/** Who approves certificates needs `approve` on the signer besides the right to write `/approval`. */
export class CertificateApproval implements AdmissionPlugin {
  readonly name = 'CertificateApproval';
  readonly #authorize: Authorize;

  constructor(authorize: Authorize) {
    this.#authorize = authorize;
  }

  validate({ operation, subresource, resource, name, old, user }: AdmissionRequest): void {
    if (operation !== 'UPDATE' || subresource !== 'approval' || old === undefined || !isKindOf(old, CertificateSigningRequest)) return;
    const { signerName } = old.spec;
    if (mayActForSigner(this.#authorize, user, 'approve', signerName)) return;
    throw StatusError.forbidden(resource.kind, name, `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`);
  }
}
