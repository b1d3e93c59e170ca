import { CertificateSigningRequest, signers } from '#core/api/schema/certificates-v1.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { nodeOf, nodeUserPrefix } from '#core/api/user.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { hasCondition, requestPem, withCondition } from '#core/controllers/certificate-signing/conditions.ts';
import { refusal } from '#core/controllers/certificate-signing/rules.ts';
import { rfc3339, type Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import type { CertificateSigner } from '#core/spi/certificate-signer.ts';
import { servingProblem } from './serving-names.ts';

export interface ServingCertificateApprovingOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly signer: CertificateSigner;
  /** Names and addresses of the API server, for which no node gets a certificate. */
  readonly reservedHosts: readonly string[];
}

/**
 * Approves the serving certificates of node agents: a node asks for itself, by its own name and for addresses that it has and nobody else.
 * (Upstream leaves that to the administrator.) What it does not approve stays open: `kubectl certificate approve` does it still.
 */
export class ServingCertificateApprovingController implements Controller {
  readonly name = 'serving-certificate-approving';
  readonly sources: readonly Source[];
  readonly #options: ServingCertificateApprovingOptions;
  readonly #reserved: ReadonlySet<string>;
  readonly #requests: Informer<CertificateSigningRequest>;
  readonly #nodes: Informer<Node>;

  constructor(options: ServingCertificateApprovingOptions) {
    this.#options = options;
    this.#reserved = new Set(options.reservedHosts);
    const requests = (this.#requests = options.informers.for(CertificateSigningRequest));
    const nodes = (this.#nodes = options.informers.for(Node));
    this.sources = [
      source(requests, (csr) => (csr !== undefined && isOpen(csr) ? [csr.metadata.name] : [])),
      // The request may come before the node says which addresses it has.
      source(nodes, (node, previous) => (deepEqual(node?.status.addresses, previous?.status.addresses) ? [] : this.#openRequests())),
    ];
  }

  async reconcile(name: string, signal: AbortSignal): Promise<void> {
    const { client, clock, recorder, signer } = this.#options;
    const csr = this.#requests.get(name);
    if (csr === undefined || !isOpen(csr)) return;
    const { username = '', groups = [] } = csr.spec;
    const node = this.#nodes.get(nodeOf({ name: username, groups }) ?? '');
    if (node === undefined) return;
    const request = await signer.read(requestPem(csr)).catch(() => undefined);
    if (request === undefined) return;
    const problem = refusal(csr, request) ?? (request.commonName === `${nodeUserPrefix}${node.metadata.name}` ? servingProblem(request, node, this.#nodes.values(), this.#reserved) : 'it is not for the node itself');
    if (problem !== undefined) {
      recorder.warning(node, 'ServingCertificateNotApproved', `The request ${name} for a serving certificate waits for somebody to approve it: ${problem}`);
      return;
    }
    const message = 'Auto approving kubelet serving certificate: its names and addresses are the node\'s own.';
    await client.update(CertificateSigningRequest, withCondition(csr, 'Approved', 'AutoApproved', message, rfc3339(clock.now())), { subresource: 'approval' }, signal);
  }

  #openRequests(): string[] {
    return [...this.#requests.values()].filter(isOpen).map(({ metadata }) => metadata.name);
  }
}

const isOpen = (csr: CertificateSigningRequest): boolean => csr.spec.signerName === signers.kubeletServing
  && csr.status.certificate === undefined && !hasCondition(csr, 'Approved') && !hasCondition(csr, 'Denied') && !hasCondition(csr, 'Failed');
