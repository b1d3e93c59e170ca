import type { Authorize } from '#core/api/access.ts';
import { nodeOf } from '#core/api/user.ts';
import { resourceName } from '#core/api/schema/kind.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { checkNode } from './nodes/node-itself.ts';
import { checkCertificateRequest, checkClaim, checkCsiNode, checkLease, checkSlice } from './nodes/node-objects.ts';
import { checkPod } from './nodes/node-pods.ts';
import { checkTokenRequest } from './nodes/node-tokens.ts';
import { refusal, type NodeWrite } from './nodes/refusal.ts';

const checks: ReadonlyMap<string, (write: NodeWrite, authorize: Authorize) => void> = new Map([
  ['pods', checkPod],
  ['nodes', checkNode],
  ['persistentvolumeclaims', checkClaim],
  ['serviceaccounts', checkTokenRequest],
  ['leases.coordination.k8s.io', checkLease],
  ['csinodes.storage.k8s.io', checkCsiNode],
  ['resourceslices.resource.k8s.io', checkSlice],
  ['certificatesigningrequests.certificates.k8s.io', checkCertificateRequest],
]);

/** POSTs that store nothing of what they bring. */
const isAction = ({ subresource }: AdmissionRequest): boolean => subresource === 'eviction' || subresource === 'token';

/**
 * Keeps node agents to what is their node's own, where that shows only in the object: a node that was broken into must not take over
 * others. The Node authorizer does the rest.
 */
export class NodeRestriction implements AdmissionPlugin {
  readonly name = 'NodeRestriction';
  readonly #authorize: Authorize;

  constructor(authorize: Authorize) {
    this.#authorize = authorize;
  }

  /** Looks before others change the object: what they add to it is not the node's doing. */
  mutate(request: AdmissionRequest, objects: ObjectStore): void {
    if (!isAction(request)) this.#check(request, objects);
  }

  /** What does not come by `mutate`. */
  validate(request: AdmissionRequest, objects: ObjectStore): void {
    if (request.operation === 'DELETE' || isAction(request)) this.#check(request, objects);
  }

  #check(request: AdmissionRequest, objects: ObjectStore): void {
    const node = nodeOf(request.user);
    if (node === undefined) return;
    if (node === '') throw refusal(request, `could not determine node from user ${JSON.stringify(request.user.name)}`);
    checks.get(resourceName(request.resource.kind))?.({ node, request, objects }, this.#authorize);
  }
}
