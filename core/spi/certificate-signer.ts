import { token } from '#core/kernel/token.ts';

/** What a certificate request asks for, as far as its signature proves it. */
export interface CertificateRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
}

export interface CertificateTerms {
  /** Key usages in Kubernetes' words, such as `client auth`. */
  readonly usages: readonly string[];
  /** Wished-for lifetime in seconds; the authority may give less. */
  readonly seconds: number;
}

/** Signs certificates in the name of the cluster's authority. Whether it should is its caller's business. */
export interface CertificateSigner {
  /** @param pem PKCS#10. @throws {Error} with a sentence when it is damaged or its own signature does not fit its key */
  read(pem: string): Promise<CertificateRequest>;
  /** Resolves to the certificate, PEM. @throws {Error} as `read` */
  sign(pem: string, terms: CertificateTerms): Promise<string>;
}
export const CertificateSigner = token<CertificateSigner>('CertificateSigner');
