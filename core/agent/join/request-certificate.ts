import { createHash, createPublicKey } from 'node:crypto';
import { apiVersionOf } from '#core/api/schema/kind.ts';
import { CertificateSigningRequest, type CertificateSigningRequestSpec } from '#core/api/schema/certificates-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { isPair } from './key-pair.ts';
import { signingRequest, type CertificateSubject } from './signing-request.ts';

/** A certificate that a node asks for. */
export interface CertificateWish {
  readonly subject: CertificateSubject;
  readonly signerName: string;
  readonly usages: NonNullable<CertificateSigningRequestSpec['usages']>;
  /** As the signer likes when undefined. */
  readonly expirationSeconds?: number;
}

/** The signer or whoever approves said no. The key is burnt: another request needs another one. */
export class CertificateRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CertificateRefusedError';
  }
}

export interface RequestTerms {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Nobody waits any longer for a certificate that would not be wanted any more; always when undefined. */
  readonly isWanted?: () => boolean;
}

const firstPollMs = 100;
const longestPollMs = 5000;

/**
 * Asks for a certificate, and resolves to it when it has been approved and signed. The request's name follows from the key and what is
 * asked for: an agent that was killed meanwhile finds its own request again and makes no second one.
 * @throws {CertificateRefusedError}
 */
export async function requestCertificate(client: Client, key: string, wish: CertificateWish, { clock, signal, isWanted = () => true }: RequestTerms): Promise<string> {
  const name = requestName(key, wish);
  await post(client, name, key, wish, signal);
  for (let waitMs = firstPollMs; ; waitMs = Math.min(longestPollMs, waitMs * 2)) {
    const answer = await read(client, name, signal);
    // Whoever tidies up removes requests that nobody has looked at for long.
    if (answer === undefined) await post(client, name, key, wish, signal);
    else {
      const cert = certificateOf(answer);
      if (cert !== undefined) {
        if (!isPair(cert, key)) throw new CertificateRefusedError(`the certificate of the request ${name} does not fit its key`);
        return cert;
      }
    }
    await clock.sleep(waitMs, signal);
    if (!isWanted()) throw new Error(`the certificate that ${name} asks for is not wanted any more`);
  }
}

function requestName(key: string, { subject, signerName, usages, expirationSeconds }: CertificateWish): string {
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const digest = createHash('sha256').update(publicKey).update(JSON.stringify([apiVersionOf(CertificateSigningRequest), subject, signerName, usages, expirationSeconds ?? 0]));
  return `node-csr-${digest.digest('hex').slice(0, 48)}`;
}

async function post(client: Client, name: string, key: string, { subject, signerName, usages, expirationSeconds }: CertificateWish, signal: AbortSignal): Promise<void> {
  const request = Buffer.from(signingRequest(key, subject)).toString('base64');
  try {
    await client.create(CertificateSigningRequest, {
      metadata: { name }, spec: { request, signerName, usages: [...usages], ...(expirationSeconds === undefined ? {} : { expirationSeconds }) },
    }, {}, signal);
  } catch (error) {
    if (!StatusError.is(error, 'AlreadyExists')) throw error;
  }
}

async function read(client: Client, name: string, signal: AbortSignal): Promise<CertificateSigningRequest | undefined> {
  try {
    return await client.get(CertificateSigningRequest, { name }, signal);
  } catch (error) {
    if (StatusError.is(error, 'NotFound')) return undefined;
    throw error;
  }
}

function certificateOf({ metadata, spec, status }: CertificateSigningRequest): string | undefined {
  const refused = status.conditions?.find(({ type }) => type === 'Denied' || type === 'Failed');
  if (refused !== undefined) throw new CertificateRefusedError(`the request ${metadata.name} for a certificate of ${spec.signerName} was ${refused.type === 'Denied' ? 'denied' : 'not signed'}: ${refused.message || refused.reason || 'no reason was given'}`);
  return status.certificate === undefined || status.certificate === '' ? undefined : Buffer.from(status.certificate, 'base64').toString();
}
