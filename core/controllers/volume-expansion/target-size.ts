import { Quantity } from '#core/api/quantity.ts';
import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { capacityOf } from '#core/controllers/storage/claims.ts';

/** `status.allocatedResourceStatuses.storage` (KEP-1790). */
export type ResizeState = 'ControllerResizeInProgress' | 'ControllerResizeInfeasible' | 'NodeResizePending' | 'NodeResizeInProgress' | 'NodeResizeInfeasible';

/** A size as somebody wrote it. */
export interface Size {
  readonly text: string;
  readonly bytes: bigint;
}

const sizeOf = (text: string | undefined): Size | undefined => (text === undefined ? undefined : { text, bytes: Quantity.parse(text).value() });

export const stateOf = ({ status }: PersistentVolumeClaim): string | undefined => status.allocatedResourceStatuses?.['storage'];
export const allocatedOf = ({ status }: PersistentVolumeClaim): Size | undefined => sizeOf(status.allocatedResources?.['storage']);
/** What its pods see. */
export const heldBy = ({ status }: PersistentVolumeClaim): Size | undefined => sizeOf(status.capacity?.['storage']);

/** Bound, and asks for more than it has. */
export function wantsMore(claim: PersistentVolumeClaim): boolean {
  const [wanted, held] = [sizeOf(claim.spec.resources.requests?.['storage']), heldBy(claim)];
  return claim.status.phase === 'Bound' && wanted !== undefined && held !== undefined && wanted.bytes > held.bytes;
}

/**
 * The size for which the driver is asked; undefined while it is the node's turn. What may have been asked for already is asked for until there is an
 * answer, whatever the claim says by now: only then is it known how large the volume is.
 */
export function targetOf(claim: PersistentVolumeClaim, volume: PersistentVolume): Size | undefined {
  const wanted = sizeOf(claim.spec.resources.requests?.['storage']);
  const begun = allocatedOf(claim) ?? wanted;
  switch (stateOf(claim)) {
    case 'NodeResizePending':
    case 'NodeResizeInProgress':
      return begun !== undefined && capacityOf(volume) >= begun.bytes ? undefined : begun;
    case 'NodeResizeInfeasible':
    case 'ControllerResizeInProgress':
      return begun;
    default:
      return wanted;
  }
}
