import { Secret } from '#core/api/schema/core-v1/config.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { CSIDriver } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { setOwn } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { ApiObjects } from '#core/agent/volumes/api-objects.ts';
import { bytesOf } from '#core/agent/volumes/files/keys.ts';
import type { PreparedVolume } from '#core/agent/volumes/pod-volumes.ts';
import type { ServiceAccountTokens } from '#core/agent/volumes/service-account-tokens.ts';
import { messageOf } from '#core/agent/volumes/system/error-code.ts';
import { reportsTopology, type NodeVolumeDriver, type VolumeUse } from '#core/spi/volume-driver.ts';
import { attachmentName, awaitAttachment, needsAttachment, uniqueName, type Attachment } from './attachments.ts';
import { awaitsNode, expandFileSystem } from './expansion.ts';
import type { NodeDrivers } from './node-drivers.ts';
import type { MountRequest, StagedVolumes } from './staged-volumes.ts';

export interface DriverVolumesParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly objects: ApiObjects;
  readonly tokens: ServiceAccountTokens;
  readonly drivers: NodeDrivers;
  readonly staged: StagedVolumes;
  readonly nodeName: string;
  readonly events: EventRecorder;
}

export interface DriverVolumeRequest {
  readonly pod: Pod;
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
  readonly source: NonNullable<PersistentVolume['spec']['csi']>;
  /** What a container is told. */
  readonly readOnly: boolean;
  /** What the driver is told: the pod may have the claim twice. */
  readonly publishReadOnly: boolean;
  readonly isRunning: boolean;
  readonly own: ((path: string, signal: AbortSignal) => Promise<void>) | undefined;
}

type Texts = Readonly<Record<string, string>>;

/** Volumes of drivers: puts together from the API what a driver must be told. */
export class DriverVolumes {
  readonly #parts: DriverVolumesParts;

  constructor(parts: DriverVolumesParts) {
    this.#parts = parts;
  }

  /** Of a pod that runs only what changes is done: the file system grows, and drivers that wish it publish again. */
  async setUp(request: DriverVolumeRequest, signal: AbortSignal): Promise<PreparedVolume | undefined> {
    const { source, volume, isRunning } = request;
    const driver = this.#parts.drivers.get(source.driver);
    const description = await this.#describe(driver.name, isRunning, signal);
    const use = useOf(volume, source);
    const path = isRunning && description?.spec.requiresRepublish !== true ? undefined : await this.#mount(request, { driver, description, use }, signal);
    await this.#grow(request, driver, { use, path }, signal);
    return path === undefined ? undefined : { hostPath: path, kind: use.volumeMode === 'Block' ? 'device' : 'filesystem', readOnly: request.readOnly };
  }

  async #mount(request: DriverVolumeRequest, { driver, description, use }: { readonly driver: NodeVolumeDriver; readonly description: CSIDriver | undefined; readonly use: VolumeUse }, signal: AbortSignal): Promise<string> {
    const { pod, volume, source, publishReadOnly } = request;
    const { metadata: { name } } = volume;
    const attachment = needsAttachment(description) ? await this.#attachment(driver, source.volumeHandle, name, signal) : undefined;
    const volumeContext = source.volumeAttributes ?? {};
    const [stageSecrets, publishSecrets] = await Promise.all([this.#secrets(source.nodeStageSecretRef, signal), this.#secrets(source.nodePublishSecretRef, signal)]);
    return this.#parts.staged.setUp({
      podUid: pod.metadata.uid, driver, handle: source.volumeHandle, name, use, readOnly: publishReadOnly,
      attachmentId: attachment?.id ?? '', publishContext: attachment?.metadata ?? {},
      stage: { volumeContext, ...stageSecrets },
      publish: { volumeContext: { ...volumeContext, ...(await this.#podContext(pod, description, signal)) }, ...publishSecrets },
      ...ownerOf(request, description, use),
    }, signal);
  }

  async #attachment(driver: NodeVolumeDriver, handle: string, volume: string, signal: AbortSignal): Promise<Attachment> {
    const { client, clock, nodeName, staged } = this.#parts;
    const nodeId = reportsTopology(driver) ? (await driver.nodeTopology(signal)).nodeId : undefined;
    const name = attachmentName(handle, driver.name, nodeName);
    return awaitAttachment(client, clock, { name, volume, nodeName, nodeId, uniqueName: uniqueName(driver.name, handle), isInUse: staged.isConfirmed(driver.name, handle) }, signal);
  }

  /** Failing to grow keeps no pod from its data: it is told, and tried again. */
  async #grow({ pod, claim, volume, source, readOnly }: DriverVolumeRequest, driver: NodeVolumeDriver, { use, path }: { readonly use: VolumeUse; readonly path: string | undefined }, signal: AbortSignal): Promise<void> {
    if (readOnly || !awaitsNode(claim)) return;
    const { staged, client, events } = this.#parts;
    const { metadata: { name } } = volume;
    const place = { handle: source.volumeHandle, path: use.volumeMode === 'Block' && path !== undefined ? path : staged.stagingPath(driver.name, source.volumeHandle) };
    try {
      const grown = await staged.exclusive(driver.name, source.volumeHandle, signal, (bounded) => expandFileSystem(client, driver, claim, place, bounded));
      if (grown) events.normal(pod, 'FileSystemResizeSuccessful', `MountVolume.NodeExpandVolume succeeded for volume "${name}"`);
    } catch (error) {
      signal.throwIfAborted();
      if (StatusError.is(error, 'Conflict')) return;
      events.warning(pod, 'VolumeResizeFailed', `NodeExpandVolume.NodeExpandVolume failed for volume "${name}" : ${messageOf(error).slice(0, 500)}`);
    }
  }

  async #describe(name: string, isRunning: boolean, signal: AbortSignal): Promise<CSIDriver | undefined> {
    const { objects } = this.#parts;
    try {
      return await (isRunning ? objects.recent(CSIDriver, { name }, signal) : objects.fresh(CSIDriver, { name }, signal));
    } catch (error) {
      if (StatusError.is(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  async #secrets(reference: { readonly namespace?: string; readonly name?: string } | undefined, signal: AbortSignal): Promise<{ readonly secrets?: Texts }> {
    if (reference === undefined) return {};
    const { name = '', namespace = '' } = reference;
    const found = await this.#parts.objects.fresh(Secret, { namespace, name }, signal);
    const secrets: Record<string, string> = {};
    for (const [key, value] of bytesOf(found.data, 'base64')) setOwn(secrets, key, value.toString());
    return { secrets };
  }

  /** What a driver asks to know of the pod. */
  async #podContext(pod: Pod, description: CSIDriver | undefined, signal: AbortSignal): Promise<Texts> {
    const { podInfoOnMount = false, tokenRequests = [] } = description?.spec ?? {};
    const context: Record<string, string> = {};
    if (podInfoOnMount) {
      Object.assign(context, {
        'csi.storage.k8s.io/pod.name': pod.metadata.name, 'csi.storage.k8s.io/pod.namespace': pod.metadata.namespace ?? '', 'csi.storage.k8s.io/pod.uid': pod.metadata.uid,
        'csi.storage.k8s.io/serviceAccount.name': pod.spec.serviceAccountName ?? '', 'csi.storage.k8s.io/ephemeral': 'false',
      });
    }
    const tokens: Record<string, unknown> = {};
    for (const { audience, expirationSeconds } of tokenRequests) {
      const { token, expirationTimestamp } = await this.#parts.tokens.get(pod, { audience, ...(expirationSeconds === undefined ? {} : { expirationSeconds }) }, signal);
      setOwn(tokens, audience, { token, expirationTimestamp });
    }
    if (tokenRequests.length > 0) context['csi.storage.k8s.io/serviceAccount.tokens'] = JSON.stringify(tokens);
    return context;
  }
}

const useOf = ({ spec }: PersistentVolume, { fsType }: { readonly fsType?: string }): VolumeUse => ({
  accessModes: spec.accessModes ?? [],
  volumeMode: spec.volumeMode === 'Block' ? 'Block' : 'Filesystem',
  mountOptions: spec.mountOptions ?? [],
  ...(fsType === undefined || fsType === '' ? {} : { fsType }),
});

function ownerOf({ pod, volume, source, own, publishReadOnly }: DriverVolumeRequest, description: CSIDriver | undefined, use: VolumeUse): Pick<MountRequest, 'own'> {
  const fsGroup = pod.spec.securityContext?.fsGroup;
  if (own === undefined || fsGroup === undefined || publishReadOnly || use.volumeMode === 'Block' || !changesOwner(description, volume, source)) return {};
  return { own: { by: String(fsGroup), apply: own } };
}

/** As the driver's `fsGroupPolicy` says. */
function changesOwner(description: CSIDriver | undefined, { spec: { accessModes = [] } }: PersistentVolume, { fsType = '' }: { readonly fsType?: string }): boolean {
  switch (description?.spec.fsGroupPolicy ?? 'ReadWriteOnceWithFSType') {
    case 'None': return false;
    case 'File': return true;
    default: return fsType !== '' && accessModes.some((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod');
  }
}
