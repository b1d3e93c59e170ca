import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { Quantity } from '#core/api/quantity.ts';
import { conditionsWith, type WantedCondition } from '#core/controllers/storage/claim-conditions.ts';
import { allocatedOf, stateOf, type ResizeState, type Size } from './target-size.ts';

const ours = ['Resizing', 'FileSystemResizePending', 'ControllerResizeError', 'NodeResizeError'];
const resizing: WantedCondition = { type: 'Resizing' };

/** A merge patch's part of the status. */
export type StatusChange = Readonly<Record<string, unknown>>;

const change = (claim: PersistentVolumeClaim, now: number, state: ResizeState | null, ...conditions: readonly WantedCondition[]): StatusChange =>
  ({ conditions: conditionsWith(claim, ours, now, conditions), allocatedResourceStatuses: { storage: state } });

/** Before the driver is asked; undefined when all of it is there. An error stays in sight while the same is tried again. */
export function begun(claim: PersistentVolumeClaim, target: Size, now: number): StatusChange | undefined {
  const isSame = allocatedOf(claim)?.bytes === target.bytes;
  if (isSame && stateOf(claim) === 'ControllerResizeInProgress') return undefined;
  const error = isSame ? (claim.status.conditions ?? []).find(({ type }) => type === 'ControllerResizeError') : undefined;
  const errors = error === undefined ? [] : [{ type: error.type, message: error.message ?? '' }];
  return { ...change(claim, now, 'ControllerResizeInProgress', resizing, ...errors), allocatedResources: { storage: target.text } };
}

export const infeasible = (claim: PersistentVolumeClaim, message: string, now: number): StatusChange =>
  change(claim, now, 'ControllerResizeInfeasible', resizing, { type: 'ControllerResizeError', message: `failed to expand pvc with ${message}` });

export const awaitingNode = (claim: PersistentVolumeClaim, now: number): StatusChange => change(claim, now, 'NodeResizePending', {
  type: 'FileSystemResizePending', message: 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.',
});

export const finished = (claim: PersistentVolumeClaim, capacity: bigint, now: number): StatusChange =>
  ({ ...change(claim, now, null), capacity: { storage: Quantity.ofBytes(capacity).toString() } });
