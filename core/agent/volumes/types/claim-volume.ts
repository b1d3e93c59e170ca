import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { EphemeralVolumeSource, PersistentVolumeClaimVolumeSource } from '#core/api/schema/core-v1/volumes.ts';
import type { ApiObjects } from '#core/agent/volumes/api-objects.ts';
import { boundClaim, type BoundClaim } from '#core/agent/volumes/claims.ts';
import type { DriverVolumes } from '#core/agent/volumes/csi/driver-volumes.ts';
import { recordsOfPod } from '#core/agent/volumes/csi/pod-records.ts';
import { ClaimError, StepError, UnattachedError, unsupported } from '#core/agent/volumes/failures.ts';
import type { Layout } from '#core/agent/volumes/layout.ts';
import { isReachable } from '#core/agent/volumes/node-affinity.ts';
import type { NodeFacts } from '#core/api/node-selector.ts';
import type { PreparedVolume } from '#core/agent/volumes/pod-volumes.ts';
import { messageOf } from '#core/agent/volumes/system/error-code.ts';
import type { Mounter } from '#core/agent/volumes/system/mounter.ts';
import { applyOwnership } from '#core/agent/volumes/system/ownership.ts';
import { volumeUses } from '#core/agent/volumes/volume-uses.ts';
import type { VolumeOf, VolumePlugin } from '#core/agent/volumes/volume-plugin.ts';
import type { HostPath } from './host-path.ts';
import type { LocalRequest, LocalVolume } from './local-volume.ts';

/** The wait for an attachment, then calls to a driver one after the other, each with a deadline of its own. */
const deadlineMs = 8 * 60_000;

export interface ClaimVolumeParts {
  readonly layout: Layout;
  readonly objects: ApiObjects;
  readonly mounter: Mounter;
  readonly drivers: DriverVolumes;
  readonly hostPath: HostPath;
  readonly local: LocalVolume;
  /** This node; undefined as long as its object is not known. */
  readonly node: () => NodeFacts | undefined;
}

interface ClaimRequest extends VolumeOf<unknown> {
  readonly claimName: string;
  readonly isOwn: boolean;
  readonly isReadOnly: boolean;
  /** Every volume of the pod that has the claim is read-only. */
  readonly publishReadOnly: boolean;
}

/** The volume behind a claim, by the PersistentVolume's source. */
export class ClaimVolumes {
  readonly #parts: ClaimVolumeParts;

  constructor(parts: ClaimVolumeParts) {
    this.#parts = parts;
  }

  async setUp(request: ClaimRequest, signal: AbortSignal): Promise<PreparedVolume> {
    const { pod, claimName, isOwn, isRunning } = request;
    const { layout, objects, node } = this.#parts;
    const isHere = async (name: string): Promise<boolean> => (await recordsOfPod(layout, pod.metadata.uid)).some(({ record }) => record?.specVolID === name);
    const bound = await boundClaim(objects, { pod, claimName, isOwn, isRunning }, isHere, signal);
    checkMode(request, bound.volume);
    const { metadata: { name } } = bound.volume;
    const here = node();
    if (here !== undefined && !isReachable(bound.volume, here)) throw new StepError('MountVolume.NodeAffinity check', name, new Error('no matching NodeSelectorTerms'));
    try {
      return await this.#bySource(request, bound, signal);
    } catch (error) {
      signal.throwIfAborted();
      // Upstream names the PersistentVolume, not what the pod calls it.
      throw error instanceof StepError || error instanceof UnattachedError ? error : new StepError('MountVolume.SetUp', name, error);
    }
  }

  async #bySource(request: ClaimRequest, { claim, volume }: BoundClaim, signal: AbortSignal): Promise<PreparedVolume> {
    const { pod, isRunning } = request;
    const { spec, metadata: { name } } = volume;
    const { csi, local, hostPath } = spec;
    const onlyReads = neverWritten(volume);
    const readOnly = request.isReadOnly || onlyReads;
    const publishReadOnly = request.publishReadOnly || onlyReads;
    const own = publishReadOnly ? undefined : this.#owner(pod, name);
    if (csi !== undefined) return (await this.#parts.drivers.setUp({ pod, claim, volume, source: csi, readOnly, publishReadOnly, isRunning, own }, signal)) ?? nothingNew;
    if (isRunning) return nothingNew;
    if (hostPath !== undefined && spec.volumeMode !== 'Block') return { hostPath: await this.#parts.hostPath.check(hostPath, signal), kind: 'filesystem', readOnly };
    if (local !== undefined) return { ...await this.#parts.local.setUp({ podUid: pod.metadata.uid, volume, path: local.path, readOnly: publishReadOnly, own }, signal), readOnly };
    throw new StepError('MountVolume.SetUp', name, unsupported(`volumes of type ${sourceOf(volume)} are not supported on this node, only csi, local and hostPath`));
  }

  #owner(pod: Pod, name: string): LocalRequest['own'] {
    const { mounter } = this.#parts;
    const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {};
    if (fsGroup === undefined || !mounter.able) return undefined;
    return async (path, signal, mayBeDone = false) => {
      try {
        await mounter.probe(path, signal);
        await applyOwnership(path, { group: fsGroup, readOnly: false, onRootMismatch: mayBeDone || fsGroupChangePolicy === 'OnRootMismatch' }, signal);
      } catch (error) {
        throw new StepError('MountVolume.SetUp', name, new Error(`applyFSGroup failed for vol ${name}: ${messageOf(error)}`, { cause: error }));
      }
    };
  }
}

const neverWritten = ({ spec: { csi, accessModes = [] } }: PersistentVolume): boolean =>
  csi?.readOnly === true || (accessModes.length > 0 && accessModes.every((mode) => mode === 'ReadOnlyMany'));

/** For refreshing, where nobody looks at it. */
const nothingNew: PreparedVolume = { hostPath: '', kind: 'filesystem', readOnly: false };

function checkMode({ pod, name }: VolumeOf<unknown>, { spec: { volumeMode = 'Filesystem' } }: PersistentVolume): void {
  const uses = volumeUses(pod);
  if (uses.mounts.has(name) && volumeMode !== 'Filesystem') throw new ClaimError(`volume ${name} has volumeMode ${volumeMode}, but is specified in volumeMounts`);
  if (uses.devices.has(name) && volumeMode !== 'Block') throw new ClaimError(`volume ${name} has volumeMode ${volumeMode}, but is specified in volumeDevices`);
}

const settings = new Set([
  'capacity', 'accessModes', 'claimRef', 'persistentVolumeReclaimPolicy', 'storageClassName', 'mountOptions', 'volumeMode', 'nodeAffinity', 'volumeAttributesClassName',
]);
const sourceOf = ({ spec }: PersistentVolume): string => Object.keys(spec).find((key) => !settings.has(key)) ?? 'none';

export class PersistentVolumeClaimVolume implements VolumePlugin<'persistentVolumeClaim'> {
  readonly source = 'persistentVolumeClaim';
  readonly refreshed = true;
  readonly deadlineMs = deadlineMs;
  readonly #claims: ClaimVolumes;

  constructor(claims: ClaimVolumes) {
    this.#claims = claims;
  }

  setUp(volume: VolumeOf<PersistentVolumeClaimVolumeSource>, signal: AbortSignal): Promise<PreparedVolume> {
    const { claimName, readOnly = false } = volume.source;
    const others = (volume.pod.spec.volumes ?? []).filter(({ persistentVolumeClaim: other }) => other?.claimName === claimName);
    const publishReadOnly = others.every(({ persistentVolumeClaim: other }) => other?.readOnly === true);
    return this.#claims.setUp({ ...volume, claimName, isOwn: false, isReadOnly: readOnly, publishReadOnly }, signal);
  }
}

/** A claim that was made with the pod and is named after both. */
export class EphemeralVolume implements VolumePlugin<'ephemeral'> {
  readonly source = 'ephemeral';
  readonly refreshed = true;
  readonly deadlineMs = deadlineMs;
  readonly #claims: ClaimVolumes;

  constructor(claims: ClaimVolumes) {
    this.#claims = claims;
  }

  setUp(volume: VolumeOf<EphemeralVolumeSource>, signal: AbortSignal): Promise<PreparedVolume> {
    const claimName = `${volume.pod.metadata.name}-${volume.name}`;
    return this.#claims.setUp({ ...volume, claimName, isOwn: true, isReadOnly: false, publishReadOnly: false }, signal);
  }
}
