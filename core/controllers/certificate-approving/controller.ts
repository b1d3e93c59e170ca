import { SubjectAccessReview } from '#core/api/schema/authorization-v1.ts';
import { CertificateSigningRequest, signers } from '#core/api/schema/certificates-v1.ts';
import type { Client } from '#core/client/client.ts';
import { hasCondition, requestPem, withCondition } from '#core/controllers/certificate-signing/conditions.ts';
import { namesRequester, refusal } from '#core/controllers/certificate-signing/rules.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { CertificateRequest, CertificateSigner } from '#core/spi/certificate-signer.ts';

export interface CertificateApprovingOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly signer: CertificateSigner;
}

/** Approves the client certificates of nodes: the first one for those who may ask for any, later ones for the node itself. */
export class CertificateApprovingController implements Controller {
  readonly name = 'certificate-approving';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #signer: CertificateSigner;
  readonly #requests: Informer<CertificateSigningRequest>;

  constructor({ client, informers, clock, signer }: CertificateApprovingOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#signer = signer;
    const requests = (this.#requests = informers.for(CertificateSigningRequest));
    this.sources = [source(requests, (csr) => (csr !== undefined && isOpen(csr) ? [csr.metadata.name] : []))];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const csr = this.#requests.get(name);
    if (csr === undefined || !isOpen(csr)) return;
    const request = await this.#read(csr);
    if (request === undefined || refusal(csr, request) !== undefined) return;
    for (const right of namesRequester(csr, request) ? ['selfnodeclient', 'nodeclient'] : ['nodeclient']) {
      if (!(await this.#may(csr, right, signal))) continue;
      const message = right === 'selfnodeclient' ? 'Auto approving self kubelet client certificate after SubjectAccessReview.' : 'Auto approving kubelet client certificate after SubjectAccessReview.';
      const approved = withCondition(csr, 'Approved', 'AutoApproved', message, rfc3339(this.#clock.now()));
      await this.#client.update(CertificateSigningRequest, approved, { subresource: 'approval' }, signal);
      return;
    }
  }

  /** What cannot be read is not approved, and its maker hears of it from the signer. */
  async #read(csr: CertificateSigningRequest): Promise<CertificateRequest | undefined> {
    return this.#signer.read(requestPem(csr)).catch(() => undefined);
  }

  async #may({ spec }: CertificateSigningRequest, subresource: string, signal: AbortSignal): Promise<boolean> {
    const { username, uid, groups, extra } = spec;
    const review = await this.#client.create(SubjectAccessReview, {
      metadata: {},
      spec: {
        user: username ?? '', ...(uid === undefined ? {} : { uid }), ...(groups ? { groups } : {}), ...(extra ? { extra } : {}),
        resourceAttributes: { group: 'certificates.k8s.io', resource: 'certificatesigningrequests', verb: 'create', version: '*', subresource },
      },
    }, {}, signal);
    return review.status.allowed;
  }
}

const isOpen = (csr: CertificateSigningRequest): boolean => csr.spec.signerName === signers.apiServerClientKubelet
  && csr.status.certificate === undefined && !hasCondition(csr, 'Approved') && !hasCondition(csr, 'Denied') && !hasCondition(csr, 'Failed');
