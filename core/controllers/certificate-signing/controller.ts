import { CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';
import type { Client } from '#core/client/client.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { CertificateSigner } from '#core/spi/certificate-signer.ts';
import { hasCondition, requestPem, withCondition } from './conditions.ts';
import { isOurs, refusal } from './rules.ts';

export interface CertificateSigningOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly signer: CertificateSigner;
  /** Lifetime of certificates that ask for none, and the longest of all: a year. */
  readonly longestSeconds?: number;
}

/** Issues certificates for approved requests to the signers `kubernetes.io/*` of the control plane. */
export class CertificateSigningController implements Controller {
  readonly name = 'certificate-signing';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #signer: CertificateSigner;
  readonly #longestSeconds: number;
  readonly #requests: Informer<CertificateSigningRequest>;

  constructor({ client, informers, clock, signer, longestSeconds = 365 * 24 * 3600 }: CertificateSigningOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#signer = signer;
    this.#longestSeconds = longestSeconds;
    const requests = (this.#requests = informers.for(CertificateSigningRequest));
    this.sources = [source(requests, (csr) => (csr !== undefined && isReady(csr) ? [csr.metadata.name] : []))];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const csr = this.#requests.get(name);
    if (csr === undefined || !isReady(csr)) return;
    await this.#client.updateStatus(CertificateSigningRequest, await this.#signed(csr), {}, signal);
  }

  async #signed(csr: CertificateSigningRequest): Promise<CertificateSigningRequest> {
    const failed = (message: string) => withCondition(csr, 'Failed', 'SignerValidationFailure', message, rfc3339(this.#clock.now()));
    const pem = requestPem(csr);
    try {
      const problem = refusal(csr, await this.#signer.read(pem));
      if (problem !== undefined) return failed(problem);
      const seconds = Math.min(csr.spec.expirationSeconds ?? this.#longestSeconds, this.#longestSeconds);
      const certificate = await this.#signer.sign(pem, { usages: csr.spec.usages ?? [], seconds });
      return { ...csr, status: { ...csr.status, certificate: Buffer.from(certificate).toString('base64') } };
    } catch (error) {
      return failed(error instanceof Error ? error.message : String(error));
    }
  }
}

const isReady = (csr: CertificateSigningRequest): boolean =>
  isOurs(csr) && csr.status.certificate === undefined && hasCondition(csr, 'Approved') && !hasCondition(csr, 'Denied') && !hasCondition(csr, 'Failed');
