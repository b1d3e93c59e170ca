import { createHash } from 'node:crypto';
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

/** Only a driver that has a CSIDriver object can ask for it: nothing else tells whether anybody would attach. */
export const needsAttachment = (driver: CSIDriver | undefined): boolean => driver !== undefined && driver.spec.attachRequired !== false;

/** Waits, for a minute at most, until the volume is attached to this node. A node may only get attachments, not watch them. @throws {UnattachedError} */
export async function awaitAttachment(reader: Reader, clock: Clock, wanted: { readonly name: string; readonly volume: string }, signal: AbortSignal): Promise<Attachment> {
  const until = clock.now() + waitMs;
  for (let pause = shortestPause; ; pause = Math.min(longestPause, pause * 2)) {
    const status = await statusOf(reader, wanted.name, signal);
    if (status?.attached === true) return { id: wanted.name, metadata: status.attachmentMetadata ?? {} };
    const refusal = status?.attachError?.message;
    if (refusal !== undefined && refusal !== '') throw new StepError('AttachVolume.Attach', wanted.volume, new Error(refusal), { reason: 'FailedAttachVolume' });
    if (clock.now() + pause > until) throw new UnattachedError('timed out waiting for the condition');
    await clock.sleep(pause, signal);
  }
}

async function statusOf(reader: Reader, name: string, signal: AbortSignal): Promise<VolumeAttachment['status'] | undefined> {
  try {
    return (await reader.get(VolumeAttachment, { name }, signal)).status;
  } catch (error) {
    if (StatusError.is(error, 'NotFound')) return undefined;
    throw error;
  }
}
