import { createHash } from 'node:crypto';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { VolumeAttachment, type CSIDriver } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Reader } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { StepError, UnattachedError } from '#core/agent/volumes/failures.ts';

/** What the controller side of a driver said when it attached the volume. */
export interface Attachment {
  readonly id: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const waitMs = 60_000;
const shortestPause = 500;
const longestPause = 5000;

/** Which volume, by whom, to where; the same for the controller that attaches. */
export const attachmentName = (handle: string, driver: string, node: string): string => `csi-${createHash('sha256').update(`${handle}${driver}${node}`).digest('hex')}`;

/** As a node's status has it. */
export const uniqueName = (driver: string, handle: string): string => `kubernetes.io/csi/${driver}^${handle}`;

export interface WantedAttachment {
  /** Of the VolumeAttachment. */
  readonly name: string;
  /** Name of the PersistentVolume. */
  readonly volume: string;
  readonly uniqueName: string;
  readonly nodeName: string;
  /** What the driver calls this machine, when it says so: another one may have had the node's name before. */
  readonly nodeId: string | undefined;
  /** It is in use here already. */
  readonly isInUse: boolean;
}

const nodeIdAnnotation = 'csi.alpha.kubernetes.io/node-id';

/** Only a driver that has a CSIDriver object can ask for it: nothing else tells whether anybody would attach. */
export const needsAttachment = (driver: CSIDriver | undefined): boolean => driver !== undefined && driver.spec.attachRequired !== false;

/** Waits, for a minute at most, until the volume is attached to this node. A node may only get attachments, not watch them. @throws {UnattachedError} */
export async function awaitAttachment(reader: Reader, clock: Clock, wanted: WantedAttachment, signal: AbortSignal): Promise<Attachment> {
  const until = clock.now() + waitMs;
  for (let pause = shortestPause; ; pause = Math.min(longestPause, pause * 2)) {
    const found = await unlessMissing(reader.get(VolumeAttachment, { name: wanted.name }, signal));
    if (found !== undefined && isAttached(found, wanted) && (wanted.isInUse || (await isReported(reader, wanted, signal)))) return { id: wanted.name, metadata: found.status.attachmentMetadata ?? {} };
    const refusal = found?.status.attachError?.message;
    if (refusal !== undefined && refusal !== '') throw new StepError('AttachVolume.Attach', wanted.volume, new Error(refusal), { reason: 'FailedAttachVolume' });
    if (clock.now() + pause > until) throw new UnattachedError('timed out waiting for the condition');
    await clock.sleep(pause, signal);
  }
}

function isAttached({ metadata, status }: VolumeAttachment, { nodeId }: WantedAttachment): boolean {
  const attachedTo = metadata.annotations?.[nodeIdAnnotation];
  return status.attached && metadata.deletionTimestamp === undefined && (nodeId === undefined || attachedTo === undefined || attachedTo === nodeId);
}

/** The controller lets it be used. */
async function isReported(reader: Reader, { nodeName, uniqueName: wanted }: WantedAttachment, signal: AbortSignal): Promise<boolean> {
  const node = await unlessMissing(reader.get(Node, { name: nodeName }, signal));
  return (node?.status.volumesAttached ?? []).some(({ name }) => name === wanted);
}

async function unlessMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (StatusError.is(error, 'NotFound')) return undefined;
    throw error;
  }
}
