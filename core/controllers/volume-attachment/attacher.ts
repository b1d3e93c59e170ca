import { Node } from '#core/api/schema/core-v1/node.ts';
import { PersistentVolume, type PersistentVolumeSpec } from '#core/api/schema/core-v1/persistent-volume.ts';
import { CSIDriver, CSINode, VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import { annotationOf, hasFinalizer, isDeleting } from '#core/controllers/storage/claims.ts';
import { withDeadline } from '#core/controllers/storage/deadline.ts';
import { DriverDirectory } from '#core/controllers/storage/driver-directory.ts';
import { finalizerRemoval, metadataPatch, withFinalizer } from '#core/controllers/storage/metadata-patch.ts';
import { OwnWrites } from '#core/controllers/storage/own-writes.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, TerminalError, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { canAttach, type AttachmentNode, type AttachOptions, type VolumeAttacher, type VolumeDriver } from '#core/spi/volume-driver.ts';
import { attachmentsOfNode, attachmentsOfVolume } from './known-attachments.ts';
import { attacherFinalizer, attachmentAnnotations, volumeOf } from './names.ts';
import { isSameError, volumeErrorOf } from './volume-errors.ts';

export interface VolumeAttacherOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly drivers: readonly VolumeDriver[];
  /** How many calls to drivers at once; they put together what they can. */
  readonly workers?: number;
}

type AttachingDriver = VolumeDriver & VolumeAttacher;

/** All that a driver is told. */
interface Order {
  readonly handle: string;
  readonly node: AttachmentNode;
}

/** Wait before a machine is asked again that can take no more; the end of another attachment to it comes sooner. */
const fullMs = 60_000;
/** How often what the platform has attached is compared with what the attachments say. */
const surveyMs = 5 * 60_000;
const surveyKey = 'driver ';
const volumeKey = 'volume ';

/**
 * Has drivers of this process do what VolumeAttachments wish. Intent before effect: finalizer, machine and handle stand on the attachment before its
 * driver is asked, and the finalizer goes only when the driver says that the machine no longer has the volume. Attachments of other drivers are theirs.
 */
export class VolumeAttacherController implements Controller {
  readonly name = 'volume-attacher';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #drivers: DriverDirectory;
  readonly #attachments: Informer<VolumeAttachment>;
  readonly #written: OwnWrites<VolumeAttachment>;
  readonly #volumes: Informer<PersistentVolume>;
  readonly #nodes: Informer<Node>;
  readonly #csiNodes: Informer<CSINode>;

  constructor({ client, informers, clock, drivers, workers = 100 }: VolumeAttacherOptions) {
    this.workers = workers;
    this.#client = client;
    this.#clock = clock;
    this.#drivers = new DriverDirectory(drivers);
    const attachments = (this.#attachments = informers.for(VolumeAttachment));
    attachments.addIndex(attachmentsOfNode.name, attachmentsOfNode.of);
    attachments.addIndex(attachmentsOfVolume.name, attachmentsOfVolume.of);
    this.#written = new OwnWrites(attachments);
    this.#volumes = informers.for(PersistentVolume);
    this.#nodes = informers.for(Node);
    this.#csiNodes = informers.for(CSINode);
    this.sources = [
      source(attachments, (attachment, previous) => (attachment === undefined ? this.#beside(previous) : isSameTask(attachment, previous) ? [] : [attachment.metadata.name])),
      source(this.#volumes, (volume, previous) => (volume === undefined || previous !== undefined ? [] : namesOf(attachments.byIndex(attachmentsOfVolume.name, volume.metadata.name)))),
      source(this.#volumes, (volume) => (volume !== undefined && this.#holdsUp(volume) !== undefined ? [`${volumeKey}${volume.metadata.name}`] : [])),
      source(attachments, (attachment, previous) => (attachment === undefined && previous !== undefined ? [`${volumeKey}${volumeOf(previous)}`] : [])),
      source(this.#csiNodes, (node, previous) => (node === undefined || deepEqual(node.spec, previous?.spec) ? [] : namesOf(attachments.byIndex(attachmentsOfNode.name, node.metadata.name)))),
      source(informers.for(CSIDriver), (driver, previous) => (driver === undefined || previous !== undefined || this.#attaching(driver.metadata.name) === undefined ? [] : [`${surveyKey}${driver.metadata.name}`])),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    if (key.startsWith(surveyKey)) return this.#survey(key.slice(surveyKey.length), signal);
    if (key.startsWith(volumeKey)) return this.#letGo(key.slice(volumeKey.length), signal);
    const cached = this.#attachments.get(key);
    if (cached === undefined) return;
    const attachment = this.#written.newest(cached);
    const driver = this.#attaching(attachment.spec.attacher);
    if (driver === undefined) return this.#pass(attachment, signal);
    const result = await (isDeleting(attachment) ? this.#detach(attachment, driver, signal) : this.#attach(attachment, driver, signal));
    if (result !== undefined) return result;
  }

  #attaching(name: string): AttachingDriver | undefined {
    const driver = this.#drivers.find(name);
    return driver !== undefined && canAttach(driver) ? driver : undefined;
  }

  /** A driver of this process that attaches nothing though its CSIDriver says it must: agents wait for a word all the same. */
  async #pass(attachment: VolumeAttachment, signal: AbortSignal): Promise<void> {
    if (this.#drivers.find(attachment.spec.attacher) === undefined || isDeleting(attachment) || attachment.status.attached) return;
    await this.#report(attachment, { attached: true }, signal);
  }

  async #attach(seen: VolumeAttachment, driver: AttachingDriver, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    if (seen.status.attached) return undefined;
    const { nodeName, attacher } = seen.spec;
    const [order, options] = [this.#order(seen), this.#options(seen)];
    if (options === undefined) return this.#waits(seen, `PersistentVolume "${volumeOf(seen)}" not found, or not one of a CSI driver`, signal);
    if (order === undefined) return this.#waits(seen, `CSINode ${nodeName} does not contain driver ${attacher}`, signal);
    const attachment = await this.#mark(seen, order, signal);
    try {
      this.#refuseFull(attachment);
      const attachmentMetadata = await withDeadline(this.#clock, signal, (bounded) => driver.attach(order.handle, order.node, options, bounded));
      // A member that is left out of the patch would stay.
      const former = Object.fromEntries(Object.keys(attachment.status.attachmentMetadata ?? {}).map((key) => [key, null]));
      await this.#report(attachment, { attached: true, attachmentMetadata: { ...former, ...attachmentMetadata }, attachError: null }, signal);
      return undefined;
    } catch (error) {
      return this.#failed(attachment, 'attachError', error, signal);
    }
  }

  async #detach(attachment: VolumeAttachment, driver: AttachingDriver, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const finalizer = attacherFinalizer(attachment.spec.attacher);
    if (!hasFinalizer(attachment, finalizer)) return undefined;
    const order = this.#order(attachment);
    if (order === undefined) return this.#waits(attachment, `nothing tells any more which volume it is, and on which machine: PersistentVolume "${volumeOf(attachment)}" or CSINode ${attachment.spec.nodeName} is gone`, signal);
    try {
      await withDeadline(this.#clock, signal, (bounded) => driver.detach(order.handle, order.node, bounded));
    } catch (error) {
      if (!ProviderError.is(error, 'NotFound')) return this.#failed(attachment, 'detachError', error, signal);
    }
    try {
      this.#written.note(await this.#client.patch(VolumeAttachment, attachment.metadata, finalizerRemoval(attachment.metadata.uid, finalizer), {}, signal));
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
    return undefined;
  }

  /** Undefined when it cannot be said yet, or any more, which volume and which machine it is. What stands on the attachment counts. */
  #order(attachment: VolumeAttachment): Order | undefined {
    const { spec: { nodeName, attacher } } = attachment;
    const registered = this.#csiNodes.get(nodeName)?.spec.drivers.find(({ name }) => name === attacher)?.nodeID;
    const nodeId = annotationOf(attachment, attachmentAnnotations.nodeId) ?? registered;
    const handle = annotationOf(attachment, attachmentAnnotations.handle) ?? this.#specOf(attachment)?.csi?.volumeHandle;
    if (nodeId === undefined || handle === undefined) return undefined;
    // The node may have become another machine's since.
    const providerId = nodeId === registered ? this.#nodes.get(nodeName)?.spec.providerID : undefined;
    return { handle, node: { name: nodeName, nodeId, ...(providerId === undefined ? {} : { providerId }) } };
  }

  #specOf({ spec: { source: from } }: VolumeAttachment): PersistentVolumeSpec | undefined {
    return from.inlineVolumeSpec ?? this.#volumes.get(from.persistentVolumeName ?? '')?.spec;
  }

  #options(attachment: VolumeAttachment): AttachOptions | undefined {
    const spec = this.#specOf(attachment);
    if (spec?.csi === undefined) return undefined;
    const { accessModes = [], volumeMode, mountOptions = [], csi: { fsType = '', readOnly = false } } = spec;
    return { readOnly, use: { accessModes, volumeMode: volumeMode === 'Block' ? 'Block' : 'Filesystem', mountOptions, ...(fsType === '' ? {} : { fsType }) } };
  }

  /** What the driver is about to be asked for, so that it can be undone whatever is gone by then. */
  async #mark(attachment: VolumeAttachment, { handle, node: { nodeId } }: Order, signal: AbortSignal): Promise<VolumeAttachment> {
    const finalizer = attacherFinalizer(attachment.spec.attacher);
    const annotations = { [attachmentAnnotations.nodeId]: nodeId, [attachmentAnnotations.handle]: handle };
    if (hasFinalizer(attachment, finalizer) && Object.entries(annotations).every(([key, value]) => annotationOf(attachment, key) === value)) return attachment;
    const patch = metadataPatch(attachment, { finalizers: withFinalizer(attachment, finalizer), annotations });
    return this.#written.note(await this.#client.patch(VolumeAttachment, attachment.metadata, patch, {}, signal));
  }

  /** A machine that says how much it can take is not asked for more: that would cost a call each time. @throws {ProviderError} Exhausted */
  #refuseFull({ metadata: { name }, spec: { attacher, nodeName } }: VolumeAttachment): void {
    const count = this.#csiNodes.get(nodeName)?.spec.drivers.find((driver) => driver.name === attacher)?.allocatable?.count;
    if (count === undefined) return;
    const others = this.#attachments.byIndex(attachmentsOfNode.name, nodeName).filter(({ metadata, spec, status }) => metadata.name !== name && spec.attacher === attacher && status.attached);
    if (others.length >= count) throw new ProviderError('Exhausted', `node ${nodeName} has ${others.length} volumes of ${attacher} attached, and can have ${count}`);
  }

  async #failed(attachment: VolumeAttachment, member: 'attachError' | 'detachError', error: unknown, signal: AbortSignal): Promise<ReconcileResult> {
    signal.throwIfAborted();
    // The object's own writes fail here too, and what became of them stands on it.
    if (!StatusError.is(error)) await this.#tell(attachment, member, error, signal);
    if (ProviderError.is(error, 'Exhausted')) return { requeueAfterMs: fullMs };
    if (ProviderError.is(error, 'Invalid')) throw new TerminalError(error.message, { cause: error });
    if (ProviderError.is(error) && error.retryAfterMs !== undefined) return { requeueAfterMs: error.retryAfterMs };
    throw error;
  }

  /** Something that is missing must come first; it brings the attachment back. */
  async #waits(attachment: VolumeAttachment, message: string, signal: AbortSignal): Promise<undefined> {
    await this.#tell(attachment, isDeleting(attachment) ? 'detachError' : 'attachError', new Error(message), signal);
  }

  async #tell(attachment: VolumeAttachment, member: 'attachError' | 'detachError', error: unknown, signal: AbortSignal): Promise<void> {
    const told = volumeErrorOf(error, this.#clock.now());
    if (!isSameError(attachment.status[member], told)) await this.#report(attachment, { [member]: told }, signal);
  }

  async #report(attachment: VolumeAttachment, status: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<void> {
    const document = { metadata: { uid: attachment.metadata.uid }, status };
    this.#written.note(await this.#client.patchStatus(VolumeAttachment, attachment.metadata, { type: 'merge', document }, {}, signal));
  }

  /** What somebody took away behind our back is attached again; a machine that is no more has other controllers see to it. */
  async #survey(name: string, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const driver = this.#attaching(name);
    if (driver === undefined) return undefined;
    const orders: (Order & { readonly attachment: VolumeAttachment })[] = [];
    for (const attachment of this.#attachments.values()) {
      const order = attachment.spec.attacher === name && attachment.status.attached && !isDeleting(attachment) ? this.#order(attachment) : undefined;
      if (order !== undefined) orders.push({ ...order, attachment });
    }
    if (orders.length === 0) return { requeueAfterMs: surveyMs };
    const nodes = [...new Map(orders.map(({ node }) => [node.name, node])).values()];
    const attached = await withDeadline(this.#clock, signal, (bounded) => driver.attachedVolumes(nodes, bounded));
    for (const { attachment, handle, node } of orders) {
      const there = attached.get(node.name);
      if (there === undefined || there.includes(handle) || this.#written.newest(attachment) !== attachment) continue;
      const patch = metadataPatch(attachment, {}, { status: { attached: false, attachError: volumeErrorOf(new Error('the platform says that it is not attached any more'), this.#clock.now()) } });
      await this.#client.patchStatus(VolumeAttachment, attachment.metadata, patch, {}, signal).then((answer) => this.#written.note(answer), (error: unknown) => {
        if (!StatusError.is(error, 'Conflict', 'NotFound')) throw error;
      });
    }
    return { requeueAfterMs: surveyMs };
  }

  /** A volume that a driver's own sidecar held while it was attached, in a cluster that had one. Ours are not held: attachments tell all that is needed. */
  #holdsUp(volume: PersistentVolume): string | undefined {
    const driver = this.#attaching(volume.spec.csi?.driver ?? '');
    const finalizer = driver === undefined ? undefined : attacherFinalizer(driver.name);
    return finalizer !== undefined && isDeleting(volume) && hasFinalizer(volume, finalizer) ? finalizer : undefined;
  }

  async #letGo(name: string, signal: AbortSignal): Promise<void> {
    const volume = this.#volumes.get(name);
    const finalizer = volume === undefined ? undefined : this.#holdsUp(volume);
    if (volume === undefined || finalizer === undefined || this.#attachments.byIndex(attachmentsOfVolume.name, name).length > 0) return;
    await this.#client.patch(PersistentVolume, { name }, finalizerRemoval(volume.metadata.uid, finalizer), {}, signal);
  }

  /** Where one is gone there is room for those that wait. */
  #beside(gone: VolumeAttachment | undefined): string[] {
    return gone === undefined ? [] : namesOf(this.#attachments.byIndex(attachmentsOfNode.name, gone.spec.nodeName).filter(({ status }) => !status.attached));
  }
}

const namesOf = (attachments: readonly VolumeAttachment[]): string[] => attachments.map(({ metadata: { name } }) => name);

/** What is written of failures is this controller's own doing: its back-off decides when to try again. */
const isSameTask = (a: VolumeAttachment, b: VolumeAttachment | undefined): boolean =>
  b !== undefined && a.metadata.uid === b.metadata.uid && isDeleting(a) === isDeleting(b) && a.status.attached === b.status.attached && deepEqual(a.metadata.finalizers, b.metadata.finalizers);
