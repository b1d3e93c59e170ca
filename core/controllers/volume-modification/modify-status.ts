import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { conditionsWith, type WantedCondition } from '#core/controllers/storage/claim-conditions.ts';

type ModifyState = 'Pending' | 'InProgress' | 'Infeasible';
const ours = ['ModifyingVolume', 'ModifyVolumeError'];

/** A merge patch's part of the status. */
export type StatusChange = Readonly<Record<string, unknown>>;

/** '' where none is asked for. */
export const wantedClass = ({ spec }: PersistentVolumeClaim): string => spec.volumeAttributesClassName ?? '';
export const currentClass = ({ status }: PersistentVolumeClaim): string => status.currentVolumeAttributesClassName ?? '';

/** A driver may have been asked for this class, and nothing tells what the volume is now; undefined when it surely is as `currentClass` says. */
export const uncertainTarget = ({ status }: PersistentVolumeClaim): string | undefined => status.modifyVolumeStatus?.targetVolumeAttributesClassName;

function change(claim: PersistentVolumeClaim, now: number, modify: { readonly status: ModifyState; readonly target?: string | undefined } | null, ...conditions: readonly WantedCondition[]): StatusChange {
  const modifyVolumeStatus = modify === null ? null : { status: modify.status, targetVolumeAttributesClassName: modify.target ?? null };
  return { conditions: conditionsWith(claim, ours, now, conditions), modifyVolumeStatus };
}

/** The class is not there; what was begun before may have been done. */
export const pending = (claim: PersistentVolumeClaim, now: number): StatusChange | undefined =>
  (claim.status.modifyVolumeStatus?.status === 'Pending' ? undefined : change(claim, now, { status: 'Pending', target: uncertainTarget(claim) }));

/** Before the driver is asked; undefined when it stands there. */
export function begun(claim: PersistentVolumeClaim, target: string, now: number): StatusChange | undefined {
  const { modifyVolumeStatus: modify } = claim.status;
  if (modify?.status === 'InProgress' && modify.targetVolumeAttributesClassName === target) return undefined;
  return change(claim, now, { status: 'InProgress', target }, { type: 'ModifyingVolume', message: 'ModifyVolume operation in progress.' });
}

/** The driver's answer, or its lack of one; undefined when it stands there. */
export function failed(claim: PersistentVolumeClaim, target: string, { message, isFinal }: { readonly message: string; readonly isFinal: boolean }, now: number): StatusChange | undefined {
  const text = `ModifyVolume failed with error: ${message}. Waiting for retry.`;
  const status = isFinal ? 'Infeasible' : 'InProgress';
  const isSaid = claim.status.modifyVolumeStatus?.status === status && (claim.status.conditions ?? []).some((condition) => condition.type === 'ModifyVolumeError' && condition.message === text);
  return isSaid ? undefined : change(claim, now, { status, target }, { type: 'ModifyVolumeError', message: text });
}

export const completed = (claim: PersistentVolumeClaim, target: string, now: number): StatusChange => ({ ...change(claim, now, null), currentVolumeAttributesClassName: target });

/** What could not be had is not wanted any more. */
export const withdrawn = (claim: PersistentVolumeClaim, now: number): StatusChange => change(claim, now, null);
