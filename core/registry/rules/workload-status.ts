import type { FieldPath } from './field-path.ts';

type Counts<K extends string> = { readonly [N in K]?: number | undefined };

/** @param field the status */
export function validateCounts<K extends string>(status: Counts<K>, names: readonly K[], field: FieldPath): void {
  for (const name of names) field.at(name).notNegative(status[name]);
}

/** None of these pods can be more than there are. @param field the status */
export function validateAtMostReplicas<K extends string>(status: Counts<K | 'replicas'>, names: readonly K[], field: FieldPath): void {
  for (const name of names) {
    const count = status[name] ?? 0;
    if (count > (status.replicas ?? 0)) field.at(name).invalid(count, 'cannot be greater than status.replicas');
  }
}

/** @param ready how the message calls the ready pods */
export function validateAvailable({ availableReplicas: available = 0, readyReplicas = 0 }: Counts<'availableReplicas' | 'readyReplicas'>, ready: string, field: FieldPath): void {
  if (available > readyReplicas) field.at('availableReplicas').invalid(available, `cannot be greater than ${ready}`);
}

/** Names are made from the count of collisions, so it never goes back. */
export function validateCollisions(now: Counts<'collisionCount'>, old: Counts<'collisionCount'>, field: FieldPath): void {
  const at = field.at('collisionCount');
  at.notNegative(now.collisionCount);
  if ((now.collisionCount ?? 0) < (old.collisionCount ?? 0)) at.invalid(now.collisionCount ?? 0, 'cannot be decremented');
}
