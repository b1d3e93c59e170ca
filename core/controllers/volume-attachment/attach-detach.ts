import { Node } from '#core/api/schema/core-v1/node.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { CSIDriver, CSINode, VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { deepEqual } from '#core/api/value.ts';
import type { Client } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { isNodeReady } from '#core/controllers/nodes/conditions.ts';
import { podsOnNode } from '#core/controllers/nodes/pods-on-node.ts';
import { annotationOf } from '#core/controllers/storage/claims.ts';
import { DriverDirectory } from '#core/controllers/storage/driver-directory.ts';
import { claimsOfPod, podsOfClaim } from '#core/controllers/storage/pods.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';
import { canAttach, type VolumeDriver } from '#core/spi/volume-driver.ts';
import { AttachmentEvents } from './attachment-events.ts';
import { KnownAttachments } from './known-attachments.ts';
import { MachineSurvey } from './machine-survey.ts';
import { isExclusive } from './multi-attach.ts';
import { attacherFinalizer, attachmentAnnotations, attachmentName, identityOf, managedAnnotation, uniqueName, volumeOf, type VolumeIdentity } from './names.ts';
import { NodeReports } from './node-reports.ts';
import { ReleaseGate } from './release-gate.ts';
import { isSameUse, usersOf } from './volume-users.ts';

export interface AttachDetachOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly recorder: EventRecorder;
  readonly drivers: readonly VolumeDriver[];
  readonly workers?: number;
}

const nodesWithVolume = { name: 'nodes-with-volume', of: ({ status }: Node): string[] => (status.volumesAttached ?? []).map(({ name }) => name) };
const volumesOfDriver = { name: 'volumes-of-driver', of: ({ spec }: PersistentVolume): string[] => (spec.csi === undefined ? [] : [spec.csi.driver]) };

/**
 * Wishes that volumes be attached where pods need them, as VolumeAttachments, and takes the wishes back. Whoever has the driver fulfils them. One
 * volume at a time is worked on, so that two nodes never get one that is for a single node.
 */
export class AttachDetachController implements Controller {
  readonly name = 'attach-detach';
  readonly workers: number;
  readonly sources: readonly Source[];
  readonly #volumes: Informer<PersistentVolume>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #csiDrivers: Informer<CSIDriver>;
  readonly #csiNodes: Informer<CSINode>;
  readonly #drivers: DriverDirectory;
  readonly #known: KnownAttachments;
  readonly #reports: NodeReports;
  readonly #gate: ReleaseGate;
  readonly #events: AttachmentEvents;

  constructor({ client, informers, clock, recorder, drivers, workers = 20 }: AttachDetachOptions) {
    this.workers = workers;
    this.#drivers = new DriverDirectory(drivers);
    this.#volumes = informers.for(PersistentVolume);
    this.#volumes.addIndex(volumesOfDriver.name, volumesOfDriver.of);
    this.#claims = informers.for(PersistentVolumeClaim);
    this.#pods = informers.for(Pod);
    this.#pods.addIndex(podsOfClaim.name, podsOfClaim.of);
    this.#pods.addIndex(podsOnNode.name, podsOnNode.of);
    this.#nodes = informers.for(Node);
    this.#nodes.addIndex(nodesWithVolume.name, nodesWithVolume.of);
    this.#csiDrivers = informers.for(CSIDriver);
    this.#csiNodes = informers.for(CSINode);
    const attachments = informers.for(VolumeAttachment);
    this.#known = new KnownAttachments(client, clock, attachments);
    this.#gate = new ReleaseGate({ clock, survey: new MachineSurvey(this.#drivers, clock), csiNodes: this.#csiNodes, attachments });
    this.#reports = new NodeReports({ client, nodes: this.#nodes, attached: (node) => this.#attachedTo(node) });
    this.#events = new AttachmentEvents(recorder, clock, attachments);
    this.sources = [
      source(this.#volumes, (volume, previous) => (volume !== undefined && previous !== undefined && deepEqual(volume.spec, previous.spec) ? [] : [(volume ?? previous)?.metadata.name ?? ''])),
      source(this.#claims, (claim, previous) => [claim, previous].flatMap((one) => one?.spec.volumeName ?? [])),
      source(this.#pods, (pod, previous) => (pod !== undefined && previous !== undefined && isSameUse(pod, previous) ? [] : this.#ofPod(pod ?? previous))),
      source(attachments, (attachment, previous) => [attachment, previous].flatMap((one) => (one === undefined ? [] : [volumeOf(one)])).slice(0, 1)),
      source(this.#nodes, (node, previous) => (isSameNode(node, previous) ? [] : this.#ofNode((node ?? previous)?.metadata.name ?? ''))),
      source(this.#csiNodes, (node, previous) => this.#ofNode((node ?? previous)?.metadata.name ?? '')),
      source(this.#csiDrivers, (driver, previous) => (driver?.spec.attachRequired === previous?.spec.attachRequired ? [] : this.#ofDriver((driver ?? previous)?.metadata.name ?? ''))),
    ];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    await this.#known.settle(key, signal);
    const volume = this.#volumes.get(key);
    const identity = volume && this.#identity(volume);
    const standing = this.#known.of(key).filter((attachment) => isOurs(attachment, identityOf(attachment, volume)));
    const users = volume === undefined || identity === undefined || !this.#needsAttachment(identity) ? new Map<string, readonly Pod[]>() : usersOf(volume, { claims: this.#claims, pods: this.#pods });
    const waits: (number | undefined)[] = [];
    for (const attachment of standing) waits.push(await this.#keepOrRelease(attachment, volume, users, signal));
    if (volume !== undefined && identity !== undefined) for (const [node, pods] of users) waits.push(await this.#attach({ volume, identity, node, pods, users }, signal));
    await this.#report(standing, identity, signal);
    this.#events.outcome(key, standing.filter((attachment) => !this.#known.isGoing(attachment)), users);
    const soonest = Math.min(...[...waits, this.#known.awaits(key)].filter((wait) => wait !== undefined));
    if (soonest !== Infinity) return { requeueAfterMs: soonest };
  }

  async #keepOrRelease(attachment: VolumeAttachment, volume: PersistentVolume | undefined, users: ReadonlyMap<string, unknown>, signal: AbortSignal): Promise<number | undefined> {
    if (users.has(attachment.spec.nodeName) && !this.#gate.isOfFormerMachine(attachment)) {
      if (await this.#known.restore(attachment, signal)) this.#gate.reset(attachment);
      return undefined;
    }
    return this.#release(attachment, volume, signal);
  }

  /** Takes the wish back as soon as that is safe; otherwise says when to look again. */
  async #release(attachment: VolumeAttachment, volume: PersistentVolume | undefined, signal: AbortSignal): Promise<number | undefined> {
    const { nodeName } = attachment.spec;
    const identity = identityOf(attachment, volume);
    const name = identity === undefined ? '' : uniqueName(identity);
    const first = await this.#gate.judge(attachment, name, this.#reports.newest(nodeName), signal);
    if (first !== 'go') return first === 'stay' ? undefined : first;
    this.#known.withdraw(attachment);
    // From here on its agent does not begin to use it; what it says in the answer to this write is what it had begun before.
    const second = await this.#gate.judge(attachment, name, await this.#reports.write(nodeName, signal), signal);
    if (second === 'go') await this.#known.delete(attachment, signal);
    return second === 'go' || second === 'stay' ? undefined : second;
  }

  async #attach({ volume, identity, node, pods, users }: Wish, signal: AbortSignal): Promise<number | undefined> {
    const found = this.#nodes.get(node);
    if (found === undefined || annotationOf(found, managedAnnotation) !== 'true') return undefined;
    const standing = this.#known.of(volume.metadata.name);
    if (standing.some(({ spec }) => spec.nodeName === node)) return undefined;
    const holders = isExclusive(volume) ? standing.filter(({ spec }) => spec.nodeName !== node) : [];
    if (holders.length > 0) return this.#events.occupied(volume, pods, holders.map((holder) => ({ attachment: holder, pods: users.get(holder.spec.nodeName) ?? [] })));
    await this.#known.create(this.#draft(volume, identity, node), signal);
    return undefined;
  }

  /** Of a driver of this process the finalizer is there from the beginning: it is asked only for what has one. */
  #draft(volume: PersistentVolume, identity: VolumeIdentity, node: string): Draft<VolumeAttachment> {
    const { driver, handle } = identity;
    const nodeId = this.#csiNodes.get(node)?.spec.drivers.find(({ name }) => name === driver)?.nodeID;
    const found = this.#drivers.find(driver);
    const own = found !== undefined && canAttach(found) && nodeId !== undefined ? { finalizers: [attacherFinalizer(driver)], annotations: { [attachmentAnnotations.nodeId]: nodeId, [attachmentAnnotations.handle]: handle } } : {};
    return { metadata: { name: attachmentName(identity, node), ...own }, spec: { attacher: driver, nodeName: node, source: { persistentVolumeName: volume.metadata.name } } };
  }

  /** Nodes that have the volume, and those that only say so. */
  async #report(standing: readonly VolumeAttachment[], identity: VolumeIdentity | undefined, signal: AbortSignal): Promise<void> {
    const [first] = standing;
    const known = identity ?? (first && identityOf(first, undefined));
    const saying = known === undefined ? [] : this.#nodes.byIndex(nodesWithVolume.name, uniqueName(known)).map(({ metadata }) => metadata.name);
    for (const node of new Set([...standing.map(({ spec }) => spec.nodeName), ...saying])) await this.#reports.publish(node, signal);
  }

  #attachedTo(node: string): readonly string[] {
    return this.#known.onNode(node).flatMap((attachment) => {
      if (attachment.status.attached !== true || this.#known.isGoing(attachment) || this.#gate.isOfFormerMachine(attachment)) return [];
      const identity = identityOf(attachment, this.#volumes.get(volumeOf(attachment)));
      return identity !== undefined && isOurs(attachment, identity) ? [uniqueName(identity)] : [];
    });
  }

  /** As agents see it: only a CSIDriver object says that there is something to wait for. */
  #needsAttachment({ driver }: VolumeIdentity): boolean {
    const found = this.#csiDrivers.get(driver);
    return found !== undefined && found.spec.attachRequired !== false;
  }

  #identity({ spec: { csi } }: PersistentVolume): VolumeIdentity | undefined {
    return csi && { driver: this.#drivers.find(csi.driver)?.name ?? csi.driver, handle: csi.volumeHandle };
  }

  #ofPod(pod: Pod | undefined): string[] {
    return pod === undefined ? [] : claimsOfPod(pod).flatMap((key) => this.#claims.get(key)?.spec.volumeName ?? []);
  }

  #ofNode(name: string): string[] {
    return [...this.#known.onNode(name).map(volumeOf), ...this.#pods.byIndex(podsOnNode.name, name).flatMap((pod) => this.#ofPod(pod))];
  }

  #ofDriver(name: string): string[] {
    return [name, ...(this.#drivers.find(name)?.aliases ?? [])].flatMap((one) => this.#volumes.byIndex(volumesOfDriver.name, one)).map(({ metadata }) => metadata.name);
  }
}

/** A node whose pods need a volume that is not attached to it. */
interface Wish {
  readonly volume: PersistentVolume;
  readonly identity: VolumeIdentity;
  readonly node: string;
  readonly pods: readonly Pod[];
  readonly users: ReadonlyMap<string, readonly Pod[]>;
}

/** Those of other names were made by people, for purposes of their own. */
const isOurs = ({ metadata, spec }: VolumeAttachment, identity: VolumeIdentity | undefined): boolean => identity !== undefined && metadata.name === attachmentName(identity, spec.nodeName);

/** Whether it is the same to volumes. */
function isSameNode(a: Node | undefined, b: Node | undefined): boolean {
  const part = (node: Node | undefined): unknown => node && {
    inUse: node.status.volumesInUse, attached: node.status.volumesAttached, ready: isNodeReady(node), taints: node.spec.taints, managed: annotationOf(node, managedAnnotation), uid: node.metadata.uid,
  };
  return deepEqual(part(a), part(b));
}
