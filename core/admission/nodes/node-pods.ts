import { configMapsOfPod, secretsOfPod } from '#core/api/pod-references.ts';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { refuseIf, type NodeWrite } from './refusal.ts';

/** Shows a pod that the node runs without having been told by the API. */
const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** A node writes mirror pods of its own, and the status of the pods bound to it. */
export function checkPod(write: NodeWrite): void {
  const { node, request } = write;
  const { operation, subresource } = request;
  if (subresource === '' && operation === 'CREATE') return checkCreate(write);
  if (subresource === '' && operation === 'DELETE') {
    const own = isOwn(request.old, node);
    return refuseIf(request, own ? undefined : `node "${node}" can only delete pods with spec.nodeName set to itself`);
  }
  if (subresource === '') return refuseIf(request, `unexpected operation "${operation}", node "${node}" can only create and delete mirror pods`);
  if (subresource === 'status') return checkStatus(write);
  if (subresource === 'eviction') return checkEviction(write);
  refuseIf(request, `unexpected pod subresource ${JSON.stringify(subresource)}, only 'status' and 'eviction' are allowed`);
}

const isOwn = (pod: NodeWrite['request']['old'], node: string): boolean => pod !== undefined && isKindOf(pod, Pod) && pod.spec.nodeName === node;

function checkCreate({ node, request, objects }: NodeWrite): void {
  const pod = request.object;
  if (pod === undefined || !isKindOf(pod, Pod)) return refuseIf(request, 'the object is no pod');
  const isMirror = pod.metadata.annotations?.[mirrorAnnotation] !== undefined;
  refuseIf(request, isMirror ? undefined : `pod does not have "${mirrorAnnotation}" annotation, node "${node}" can only create mirror pods`);
  refuseIf(request, pod.spec.nodeName === node ? undefined : `node "${node}" can only create pods with spec.nodeName set to itself`);
  refuseIf(request, ownerProblem(pod, node, objects));
  const referred = referredBy(pod);
  refuseIf(request, referred === undefined ? undefined : `node "${node}" can not create pods that reference ${referred}`);
}

/** With any other owner, the garbage collector would delete the pod for the node, or not delete it with the node. @throws {StatusError} NotFound */
function ownerProblem({ metadata }: Pod, node: string, objects: ObjectStore): string | undefined {
  const [owner, ...others] = metadata.ownerReferences ?? [];
  if (others.length > 0) return `node "${node}" can only create pods with a single owner reference set to itself`;
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) return `node "${node}" can only create pods with an owner reference set to itself`;
  if (owner.controller !== true) return `node "${node}" can only create pods with a controller owner reference set to itself`;
  if (owner.blockOwnerDeletion === true) return `node "${node}" must not set blockOwnerDeletion on an owner reference`;
  const uid = objects.get(Node, undefined, node)?.metadata.uid;
  if (uid === undefined) throw StatusError.notFound(Node, node);
  return owner.uid === uid ? undefined : `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`;
}

/** What of the API the pod refers to: the node could read that then. */
function referredBy(pod: Pod): string | undefined {
  const { serviceAccountName = '', volumes = [], resourceClaims = [] } = pod.spec;
  if (serviceAccountName !== '') return 'a service account';
  if (secretsOfPod(pod).length > 0) return 'secrets';
  if (configMapsOfPod(pod).length > 0) return 'configmaps';
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? []);
  if (sources.some(({ clusterTrustBundle }) => clusterTrustBundle !== undefined)) return 'clustertrustbundles';
  if (volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined)) return 'persistentvolumeclaims';
  return resourceClaims.length > 0 ? 'resourceclaims' : undefined;
}

function checkStatus({ node, request }: NodeWrite): void {
  const { operation, object, old } = request;
  if (operation !== 'UPDATE') return refuseIf(request, `unexpected operation "${operation}"`);
  if (!isOwn(old, node)) return refuseIf(request, `node "${node}" can only update pod status for pods with spec.nodeName set to itself`);
  if (object === undefined || !isKindOf(object, Pod) || old === undefined || !isKindOf(old, Pod)) return;
  const part = foreignPart(object, old);
  refuseIf(request, part === undefined ? undefined : `node "${node}" cannot update ${part}`);
}

/** What is different and not for the node to write. */
function foreignPart({ metadata, status }: Pod, old: Pod): string | undefined {
  if (!deepEqual(metadata.labels ?? {}, old.metadata.labels ?? {})) return 'labels through pod status';
  if (!deepEqual(status.resourceClaimStatuses ?? [], old.status.resourceClaimStatuses ?? [])) return 'resource claim statuses';
  return deepEqual(status.extendedResourceClaimStatus, old.status.extendedResourceClaimStatus) ? undefined : 'extended resource claim status';
}

/** @throws {StatusError} NotFound */
function checkEviction({ node, request, objects }: NodeWrite): void {
  const { operation, namespace, name } = request;
  if (operation !== 'CREATE') return refuseIf(request, `unexpected operation ${operation}`);
  const pod = objects.get(Pod, namespace, name);
  if (pod === undefined) throw StatusError.notFound(Pod, name);
  refuseIf(request, isOwn(pod, node) ? undefined : `node ${node} can only evict pods with spec.nodeName set to itself`);
}
