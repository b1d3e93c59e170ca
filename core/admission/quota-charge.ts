import { ResourceQuota } from '#core/api/schema/core-v1/resource-quota.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import { Quantity } from '#core/api/quantity.ts';
import type { Usage } from '#core/api/quota/usage.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ObjectStore } from '#core/store/object-store.ts';

/** Each time an attempt fails, another server's has succeeded. */
const attempts = 50;

/** How much of a name is used of a quota as it stands. */
type UsedOf = (quota: ResourceQuota, name: string) => Quantity;

/**
 * Adds to a quota's `status.used` by compare-and-swap, so that of several servers over one store none takes what another one has
 * taken. What is not stored after all, or is deleted, the quota controller takes off again.
 * @param check throws when it would be too much
 */
export async function charge(objects: ObjectStore, quota: ResourceQuota, more: Usage, usedOf: UsedOf, check: (quota: ResourceQuota) => void): Promise<void> {
  const { namespace, name, uid } = quota.metadata;
  const limited = [...more].filter(([each]) => Object.hasOwn(quota.spec.hard ?? {}, each));
  if (limited.length === 0) return;
  await objects.inTurn(ResourceQuota, namespace, name, async () => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const current = objects.get(ResourceQuota, namespace, name);
      // A quota that has been deleted limits nothing.
      if (current === undefined || !isKindOf(current, ResourceQuota) || current.metadata.uid !== uid) return;
      check(current);
      const raised = Object.fromEntries(limited.map(([each, amount]) => [each, usedOf(current, each).plus(amount).toString()]));
      const charged = { ...current, status: { ...current.status, used: { ...current.status.used, ...raised } } };
      if ((await objects.replace(ResourceQuota, charged, current)) !== undefined) return;
      await objects.catchUp();
    }
    throw new StatusError('ServiceUnavailable', `too many requests count towards the quota ${name} at the same time`, { retryAfterSeconds: 1 });
  });
}

/** What the quota itself says is used; undefined before it was added up or charged for the first time. */
export function chargedOf({ status }: ResourceQuota, name: string): Quantity | undefined {
  const text = Object.hasOwn(status.used ?? {}, name) ? status.used?.[name] : undefined;
  return text === undefined ? undefined : Quantity.parse(text);
}
