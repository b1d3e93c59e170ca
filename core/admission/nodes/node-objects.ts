import { parseCertificateRequest } from '#core/api/certificates/certificate-request.ts';
import { CertificateSigningRequest, signers } from '#core/api/schema/certificates-v1.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { ResourceSlice } from '#core/api/schema/resource-v1/slice.ts';
import { nodeUserPrefix } from '#core/api/user.ts';
import { deepEqual } from '#core/api/value.ts';
import { refusal, refuseIf, type NodeWrite } from './refusal.ts';

const leaseNamespace = 'kube-node-lease';

export function checkLease({ node, request }: NodeWrite): void {
  refuseIf(request, request.namespace === leaseNamespace ? undefined : `can only access leases in the "${leaseNamespace}" system namespace`);
  refuseIf(request, request.name === node ? undefined : 'can only access node lease with the same name as the requesting node');
}

export function checkCsiNode({ node, request }: NodeWrite): void {
  refuseIf(request, request.name === node ? undefined : 'can only access CSINode with the same name as the requesting node');
}

/** The rest of an update's rules is the authorizer's: whose a slice is does not change. */
export function checkSlice({ node, request }: NodeWrite): void {
  const { operation, object, old } = request;
  const slice = operation === 'CREATE' ? object : operation === 'DELETE' ? old : undefined;
  if (slice === undefined || (isKindOf(slice, ResourceSlice) && slice.spec.nodeName === node)) return;
  throw refusal(request, `can only ${operation.toLowerCase()} ResourceSlice with the same NodeName as the requesting node`);
}

/** A node that grows a volume says so in the claim's status, and changes nothing else of it. */
export function checkClaim({ node, request }: NodeWrite): void {
  const { operation, subresource, object, old } = request;
  refuseIf(request, subresource === 'status' ? undefined : 'may only update PVC status');
  refuseIf(request, operation === 'UPDATE' ? undefined : `unexpected operation "${operation}"`);
  if (object === undefined || !isKindOf(object, PersistentVolumeClaim) || old === undefined || !isKindOf(old, PersistentVolumeClaim)) return;
  const isSame = deepEqual(unwritten(object), unwritten(old));
  refuseIf(request, isSame ? undefined : `node "${node}" is not allowed to update fields other than status.capacity and status.conditions`);
}

/** A claim without what a node may write of it. */
function unwritten({ metadata, status, ...rest }: PersistentVolumeClaim): object {
  const { resourceVersion: _version, managedFields: _managed, ...metadataLeft } = metadata;
  const { capacity: _capacity, conditions: _conditions, allocatedResources: _allocated, allocatedResourceStatuses: _statuses, ...statusLeft } = status;
  return { ...rest, metadata: metadataLeft, status: statusLeft };
}

const nodeSigners: readonly string[] = [signers.kubeletServing, signers.apiServerClientKubelet];

/** A node asks for certificates in its own name. Everything else in the request is for the signer to judge. */
export function checkCertificateRequest({ node, request }: NodeWrite): void {
  const { operation, object } = request;
  if (operation !== 'CREATE' || object === undefined || !isKindOf(object, CertificateSigningRequest) || !nodeSigners.includes(object.spec.signerName)) return;
  const expected = `${nodeUserPrefix}${node}`;
  let commonName: string;
  try {
    ({ commonName } = parseCertificateRequest(Buffer.from(object.spec.request, 'base64').toString()));
  } catch (error) {
    throw refusal(request, `unable to parse csr: ${error instanceof Error ? error.message : String(error)}`);
  }
  refuseIf(request, commonName === expected ? undefined : `can only create a node CSR with CN=${expected}`);
}
