import type { CertificateRequest, CertificateSigner, CertificateTerms } from '#core/spi/certificate-signer.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { KeyPair } from './pki-issue.ts';

/** Signs with the authority's key. The certificate library is loaded when it is first needed. */
export class AuthoritySigner implements CertificateSigner {
  private readonly authority: KeyPair;
  private readonly clock: Clock;

  constructor(authority: KeyPair, clock: Clock) {
    this.authority = authority;
    this.clock = clock;
  }

  async read(pem: string): Promise<CertificateRequest> {
    const { readRequest } = await import('./pki-request.ts');
    return (await readRequest(pem)).content;
  }

  async sign(pem: string, terms: CertificateTerms): Promise<string> {
    const { signRequest } = await import('./pki-request.ts');
    return signRequest(this.authority, pem, terms, this.clock.now());
  }
}
