import type { Authorize } from '#core/api/access.ts';
import { claimOfVolume } from '#core/api/pod-references.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Volume } from '#core/api/schema/core-v1/volumes.ts';
import { TokenRequest } from '#core/api/schema/authentication-v1.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { CSIDriver } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { refusal, refuseIf, type NodeWrite } from './refusal.ts';

/** A node asks for tokens only for pods that are bound to it, and for audiences that these pods need. */
export function checkTokenRequest(write: NodeWrite, authorize: Authorize): void {
  const { request, node, objects } = write;
  const { operation, subresource, object, namespace = '', name, user } = request;
  if (operation !== 'CREATE' || subresource !== 'token' || object === undefined || !isKindOf(object, TokenRequest)) return;
  const pod = boundPod(write, object);
  refuseIf(request, pod.spec.nodeName === node ? undefined : 'node requested token bound to a pod scheduled on a different node');
  const { audiences = [] } = object.spec;
  refuseIf(request, audiences.length > 1 ? 'node may only request 0 or 1 audiences' : undefined);
  const [audience = ''] = audiences;
  if (needsAudience(pod, audience, objects)) return;
  const attributes = { user, verb: 'request-serviceaccounts-token-audience', path: '', group: '', version: 'v1', resource: audience, subresource: '', namespace, name };
  if (authorize(attributes).allowed) return;
  throw refusal(request, `audience ${JSON.stringify(audience)} not found in pod spec volume, ${user.name} is not authorized to request tokens for this audience`);
}

/** @throws {StatusError} Forbidden, NotFound */
function boundPod({ request, objects }: NodeWrite, { spec: { boundObjectRef: reference } }: TokenRequest): Pod {
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name) throw refusal(request, 'node requested token not bound to a pod');
  const { name, uid = '' } = reference;
  refuseIf(request, uid === '' ? 'node requested token with a pod binding without a uid' : undefined);
  const pod = objects.get(Pod, request.namespace, name);
  if (pod === undefined || !isKindOf(pod, Pod)) throw StatusError.notFound(Pod, name);
  const isOther = pod.metadata.uid !== uid;
  refuseIf(request, isOther ? `the UID in the bound object reference (${uid}) does not match the UID in record. ` +
    'The object might have been deleted and then recreated' : undefined);
  return pod;
}

const needsAudience = (pod: Pod, audience: string, objects: ObjectStore): boolean => (pod.spec.volumes ?? []).some((volume) =>
  volume.projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken !== undefined && (serviceAccountToken.audience ?? '') === audience) === true ||
  driverNeeds(driverOf(pod, volume, objects), audience, objects));

function driverNeeds(name: string | undefined, audience: string, objects: ObjectStore): boolean {
  const driver = name === undefined ? undefined : objects.get(CSIDriver, undefined, name);
  return driver !== undefined && isKindOf(driver, CSIDriver) && (driver.spec.tokenRequests ?? []).some((asked) => asked.audience === audience);
}

/** The CSI driver that mounts the volume, given in the pod or by way of a claim. */
function driverOf(pod: Pod, volume: Volume, objects: ObjectStore): string | undefined {
  if (volume.csi !== undefined) return volume.csi.driver;
  const claimName = claimOfVolume(pod, volume);
  const claim = claimName === undefined ? undefined : objects.get(PersistentVolumeClaim, pod.metadata.namespace, claimName);
  if (claim === undefined || !isKindOf(claim, PersistentVolumeClaim) || !claim.spec.volumeName) return undefined;
  const found = objects.get(PersistentVolume, undefined, claim.spec.volumeName);
  return found !== undefined && isKindOf(found, PersistentVolume) ? found.spec.csi?.driver : undefined;
}
