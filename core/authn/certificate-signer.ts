import type { CertificateRequest, CertificateSigner, CertificateTerms } from '#core/spi/certificate-signer.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { CertificateWork } from './certificate-process.ts';
import type { KeyPair } from './pki-issue.ts';

type Work = Pick<CertificateWork, 'readRequest' | 'signRequest'>;

/** The certificate library is loaded when it is first needed, and kept. */
export const inThisThread: Work = {
  readRequest: async (pem) => (await (await import('./pki-request.ts')).readRequest(pem)).content,
  signRequest: async (...args) => (await import('./pki-request.ts')).signRequest(...args),
};

/** Signs with the authority's key. */
export class AuthoritySigner implements CertificateSigner {
  private readonly authority: KeyPair;
  private readonly clock: Clock;
  private readonly work: Work;

  constructor(authority: KeyPair, clock: Clock, work: Work) {
    this.authority = authority;
    this.clock = clock;
    this.work = work;
  }

  read(pem: string): Promise<CertificateRequest> {
    return this.work.readRequest(pem);
  }

  sign(pem: string, terms: CertificateTerms): Promise<string> {
    return this.work.signRequest(this.authority, pem, terms, this.clock.now());
  }
}
