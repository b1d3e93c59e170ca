import type { PersistentVolumeClaim, PersistentVolumeClaimCondition } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { rfc3339 } from '#core/kernel/clock.ts';

export interface WantedCondition {
  readonly type: string;
  readonly message?: string;
}

/** The claim's conditions with exactly the wanted ones of those that are `ours`. One that was true before has been since then. */
export function conditionsWith({ status }: PersistentVolumeClaim, ours: readonly string[], now: number, wanted: readonly WantedCondition[]): PersistentVolumeClaimCondition[] {
  const known = status.conditions ?? [];
  return [
    ...known.filter(({ type }) => !ours.includes(type)),
    ...wanted.map((one) => {
      const before = known.find((condition) => condition.type === one.type && condition.status === 'True');
      return { ...one, status: 'True', lastTransitionTime: before?.lastTransitionTime ?? rfc3339(now) };
    }),
  ];
}
