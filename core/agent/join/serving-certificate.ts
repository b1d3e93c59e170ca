import { signers } from '#core/api/schema/certificates-v1.ts';
import type { Node } from '#core/api/schema/core-v1/node.ts';
import { nodesGroup, nodeUserPrefix } from '#core/api/user.ts';
import type { CertificateWish } from './request-certificate.ts';

const isAddress = (type: string): boolean => type === 'InternalIP' || type === 'ExternalIP';

/** The certificate of the agent's server: for the node's name and all its addresses. Undefined before it has any. */
export function servingWish(node: Node | undefined): CertificateWish | undefined {
  if (node === undefined) return undefined;
  const { name } = node.metadata;
  const ipAddresses = [...new Set((node.status.addresses ?? []).filter(({ type }) => isAddress(type)).map(({ address }) => address))].toSorted();
  if (ipAddresses.length === 0) return undefined;
  return {
    subject: { commonName: `${nodeUserPrefix}${name}`, organization: nodesGroup, dnsNames: [name], ipAddresses },
    signerName: signers.kubeletServing, usages: ['digital signature', 'server auth'],
  };
}
