import { CertificateSigningRequest, signers } from '#core/api/schema/certificates-v1.ts';
import type { Client } from '#core/client/client.ts';
import { hasCondition, withCondition } from '#core/controllers/certificate-signing/conditions.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { Informers } from '#core/reconcile/informer.ts';

/** As the control plane calls itself; nobody else can be called so. */
const self = 'system:keelson';

/**
 * Approves the serving certificates that the node in the control plane's own process asks for, in the name of the control plane: as a node of
 * another machine it would be refused the names of the API server, which are its own too. Returns what ends that.
 */
export function approveOwnRequests(informers: Informers, client: Client, clock: Clock, logger: Logger): () => void {
  return informers.for(CertificateSigningRequest).subscribe((csr) => {
    if (csr === undefined || csr.spec.username !== self || csr.spec.signerName !== signers.kubeletServing || hasCondition(csr, 'Approved') || hasCondition(csr, 'Denied')) return;
    const approved = withCondition(csr, 'Approved', 'AutoApproved', 'The node runs in the process of the control plane.', rfc3339(clock.now()));
    client.update(CertificateSigningRequest, approved, { subresource: 'approval' })
      .catch((error: unknown) => logger.warn('the certificate of the node\'s server could not be approved', { request: csr.metadata.name, error }));
  });
}
