import { X509Certificate } from 'node:crypto';
import { CertificateSigningRequest } from '#core/api/schema/certificates-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { hasCondition } from '#core/controllers/certificate-signing/conditions.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

export interface CertificateCleaningOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
}

const hour = 3600_000;
/** How long a request is kept after its last step. */
const keptMs = { decided: hour, open: 24 * hour } as const;

/** Deletes certificate requests that nobody needs any more: an hour after they were decided, a day after they were made. */
export class CertificateCleaningController implements Controller {
  readonly name = 'certificate-cleaning';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #requests: Informer<CertificateSigningRequest>;

  constructor({ client, informers, clock }: CertificateCleaningOptions) {
    this.#client = client;
    this.#clock = clock;
    const requests = (this.#requests = informers.for(CertificateSigningRequest));
    this.sources = [source(requests, (csr) => (csr === undefined ? [] : [csr.metadata.name]))];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const csr = this.#requests.get(name);
    if (csr === undefined) return undefined;
    const left = endOf(csr) - this.#clock.now();
    if (left > 0) return { requeueAfterMs: left };
    try {
      const { uid, resourceVersion } = csr.metadata;
      await this.#client.delete(CertificateSigningRequest, csr.metadata, { preconditions: { uid, resourceVersion } }, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }
}

/** Milliseconds since the epoch. */
function endOf(csr: CertificateSigningRequest): number {
  const { metadata, status } = csr;
  const made = Date.parse(metadata.creationTimestamp);
  const steps = (status.conditions ?? []).map(({ lastUpdateTime = '' }) => Date.parse(lastUpdateTime)).filter((time) => !Number.isNaN(time));
  const isDecided = status.certificate !== undefined || hasCondition(csr, 'Denied') || hasCondition(csr, 'Failed');
  const end = Math.max(made, ...steps) + (isDecided ? keptMs.decided : keptMs.open);
  return Math.min(end, expiryOf(status.certificate));
}

function expiryOf(certificate: string | undefined): number {
  if (certificate === undefined) return Infinity;
  try {
    return new X509Certificate(Buffer.from(certificate, 'base64')).validToDate.getTime();
  } catch {
    return Infinity;
  }
}
