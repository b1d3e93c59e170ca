import type { Authorize } from '#core/api/access.ts';
import { CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { mayActForSigner } from './signer-permission.ts';

/** Who issues certificates needs `sign` on the signer besides the right to write `/status`. */
export class CertificateSigning implements AdmissionPlugin {
  readonly name = 'CertificateSigning';
  readonly #authorize: Authorize;

  constructor(authorize: Authorize) {
    this.#authorize = authorize;
  }

  validate({ operation, subresource, resource, name, object, old, user }: AdmissionRequest): void {
    if (operation !== 'UPDATE' || subresource !== 'status') return;
    if (object === undefined || !isKindOf(object, CertificateSigningRequest) || old === undefined || !isKindOf(old, CertificateSigningRequest)) return;
    const isSame = object.status.certificate === old.status.certificate && deepEqual(object.status.conditions ?? [], old.status.conditions ?? []);
    const { signerName } = old.spec;
    if (isSame || mayActForSigner(this.#authorize, user, 'sign', signerName)) return;
    throw StatusError.forbidden(resource.kind, name, `user not permitted to sign requests with signerName ${JSON.stringify(signerName)}`);
  }
}
