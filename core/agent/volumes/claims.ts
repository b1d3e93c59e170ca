import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Kind, KubernetesObject } from '#core/api/schema/kind.ts';
import type { ApiObjects } from './api-objects.ts';
import { ClaimError } from './failures.ts';
import { messageOf } from './system/error-code.ts';

/** What a volume of a pod says about its claim. */
export interface ClaimUse {
  readonly pod: Pod;
  readonly claimName: string;
  /** The claim was made for this pod and volume (generic ephemeral). */
  readonly isOwn: boolean;
  readonly isRunning: boolean;
}

export interface BoundClaim {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
}

/**
 * The claim and the volume to which it is bound, each of which must point at the other.
 * @param mayGo whether a claim that is being deleted will do: for pods that have the volume already
 * @throws {ClaimError} worded as upstream's
 */
export async function boundClaim(objects: ApiObjects, use: ClaimUse, mayGo: (volumeName: string) => Promise<boolean>, signal: AbortSignal): Promise<BoundClaim> {
  const { namespace } = use.pod.metadata;
  const fail = (why: string, cause?: unknown): ClaimError => new ClaimError(`error processing PVC ${namespace}/${use.claimName}: ${why}`, { cause });
  const get = async <T extends KubernetesObject>(kind: Kind<T>, key: { namespace?: string | undefined; name: string }, what: string): Promise<T> => {
    try {
      return use.isRunning ? await objects.recent(kind, key, signal) : await objects.fresh(kind, key, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw fail(`failed to fetch ${what} from API server: ${messageOf(error)}`, error);
    }
  };
  const claim = await get(PersistentVolumeClaim, { namespace, name: use.claimName }, 'PVC');
  if (use.isOwn && !isOwnedBy(claim, use.pod)) throw fail(`PVC ${namespace}/${use.claimName} was not created for pod ${namespace}/${use.pod.metadata.name} (pod is not owner)`);
  const { volumeName = '' } = claim.spec;
  if (claim.status.phase !== 'Bound') throw fail('PVC is not bound');
  if (volumeName === '') throw fail('PVC has empty pvc.Spec.VolumeName');
  if (claim.metadata.deletionTimestamp !== undefined && !(await mayGo(volumeName))) throw fail('PVC is being deleted');
  const volume = await get(PersistentVolume, { name: volumeName }, `PV ${volumeName}`);
  const problem = bindingProblem(claim, volume);
  if (problem !== undefined) throw fail(problem);
  return { claim, volume };
}

const isOwnedBy = ({ metadata }: PersistentVolumeClaim, pod: Pod): boolean =>
  (metadata.ownerReferences ?? []).some(({ controller, uid }) => controller === true && uid === pod.metadata.uid);

function bindingProblem({ metadata: { uid } }: PersistentVolumeClaim, { metadata: { name }, spec: { claimRef } }: PersistentVolume): string | undefined {
  if (claimRef === undefined) return `found PV object ${name} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`;
  return claimRef.uid === uid ? undefined : `found PV object ${name} but its pv.Spec.ClaimRef.UID ${claimRef.uid ?? ''} does not point to claim.UID ${uid}`;
}
