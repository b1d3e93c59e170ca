import type { Node } from '#core/api/schema/core-v1/node.ts';
import type { CSINode, VolumeAttachment } from '#core/api/schema/storage-v1.ts';
import { isNodeReady } from '#core/controllers/nodes/conditions.ts';
import { taintKeys } from '#core/controllers/nodes/taints.ts';
import { annotationOf } from '#core/controllers/storage/claims.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Informer } from '#core/reconcile/informer.ts';
import type { AttachmentNode } from '#core/spi/volume-driver.ts';
import type { MachineSurvey } from './machine-survey.ts';
import { attachmentAnnotations } from './names.ts';

/** As upstream's maxWaitForUnmountDuration. */
const longestWaitMs = 6 * 60_000;
const lookAgainMs = 30_000;
/** The platform says of a node that is not ready that its machine is stopped: nothing runs there that could write. */
const shutdownTaint = 'node.cloudprovider.kubernetes.io/shutdown';

export interface ReleaseGateParts {
  readonly clock: Clock;
  readonly survey: MachineSurvey;
  readonly csiNodes: Informer<CSINode>;
  readonly attachments: Informer<VolumeAttachment>;
}

/**
 * - `go`: nobody writes to the volume from there
 * - `stay`: its agent will say when it is done
 * - otherwise look again after so many milliseconds
 */
export type Verdict = 'go' | 'stay' | number;

/**
 * Says when a volume may be taken from a node. An agent that is well is waited for as long as it takes. A node that is silent, or that is gone from the API, is
 * waited for until its machine is surely gone or stopped, or somebody says so with the taint out-of-service, or six minutes are over.
 */
export class ReleaseGate {
  readonly #parts: ReleaseGateParts;
  /** Since when attachments that are not wanted have been waited for, by their UIDs. */
  readonly #since = new Map<string, number>();

  constructor(parts: ReleaseGateParts) {
    this.#parts = parts;
    parts.attachments.subscribe((object, previous) => {
      if (previous !== undefined && previous.metadata.uid !== object?.metadata.uid) this.#since.delete(previous.metadata.uid);
    });
  }

  /** The attachment is wanted: waiting begins anew when it is not. */
  reset({ metadata: { uid } }: VolumeAttachment): void {
    this.#since.delete(uid);
  }

  /** It was made for a machine that had the node's name before the one that has it now. */
  isOfFormerMachine(attachment: VolumeAttachment): boolean {
    const { attacher, nodeName } = attachment.spec;
    const nodeId = annotationOf(attachment, attachmentAnnotations.nodeId);
    const entry = this.#parts.csiNodes.get(nodeName)?.spec.drivers.find(({ name }) => name === attacher);
    return nodeId !== undefined && entry !== undefined && entry.nodeID !== nodeId;
  }

  async judge(attachment: VolumeAttachment, volume: string, node: Node | undefined, signal: AbortSignal): Promise<Verdict> {
    if (node !== undefined && !this.isOfFormerMachine(attachment)) {
      if (!(node.status.volumesInUse ?? []).includes(volume) || hasTaint(node, taintKeys.outOfService)) return 'go';
      if (isNodeReady(node)) {
        this.reset(attachment);
        return 'stay';
      }
      if (hasTaint(node, shutdownTaint)) return 'go';
    }
    const isGone = await this.#isGone(attachment, node, signal);
    // Of a driver of another process nothing more can be known than that the node was deleted.
    if (isGone === true || (isGone === undefined && node === undefined)) return 'go';
    const left = this.#sinceOf(attachment) + longestWaitMs - this.#parts.clock.now();
    return left <= 0 ? 'go' : Math.min(left, lookAgainMs);
  }

  async #isGone(attachment: VolumeAttachment, node: Node | undefined, signal: AbortSignal): Promise<boolean | undefined> {
    const { attacher, nodeName } = attachment.spec;
    const nodeId = annotationOf(attachment, attachmentAnnotations.nodeId) ?? this.#parts.csiNodes.get(nodeName)?.spec.drivers.find(({ name }) => name === attacher)?.nodeID;
    if (nodeId === undefined) return undefined;
    const providerId = this.isOfFormerMachine(attachment) ? undefined : node?.spec.providerID;
    const machine: AttachmentNode = { name: nodeName, nodeId, ...(providerId === undefined ? {} : { providerId }) };
    return this.#parts.survey.isGone(attacher, machine, signal);
  }

  #sinceOf({ metadata: { uid } }: VolumeAttachment): number {
    const since = this.#since.get(uid) ?? this.#parts.clock.now();
    this.#since.set(uid, since);
    return since;
  }
}

const hasTaint = ({ spec }: Node, wanted: string): boolean => (spec.taints ?? []).some(({ key }) => key === wanted);
