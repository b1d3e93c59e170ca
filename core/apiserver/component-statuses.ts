import { Lease } from '#core/api/schema/coordination-v1.ts';
import { ComponentStatus } from '#core/api/schema/core-v1/component-status.ts';
import { isKindOf } from '#core/api/schema/kind.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { troubleOf, type HealthCheck } from '#core/kernel/health-check.ts';
import type { ObjectStore } from '#core/store/object-store.ts';

/** The names that tools look for, and the health check of this process that speaks for each. */
const components = [['scheduler', 'controllers'], ['controller-manager', 'controllers'], ['etcd-0', 'store']] as const;

/**
 * The health of the control plane's parts as this server sees it. Where several servers share a store, the scheduler and the controllers
 * run in the one that holds the Lease; they are well as long as it is renewed.
 */
export function componentStatuses(checks: readonly HealthCheck[], objects: ObjectStore, clock: Clock): () => ComponentStatus[] {
  return () => components.map(([name, checkName]) => {
    const elsewhere = checkName === 'controllers' ? lapsed(objects, clock) : undefined;
    const check = checks.find((candidate) => candidate.name === checkName);
    const trouble = elsewhere ?? (check === undefined ? 'no health check answers for it' : troubleOf(check));
    const condition = trouble === undefined
      ? { type: 'Healthy', status: 'True', message: 'ok' }
      : { type: 'Healthy', status: 'False', message: trouble };
    return { apiVersion: 'v1', kind: ComponentStatus.kind, metadata: { name }, conditions: [condition] } as ComponentStatus;
  });
}

/** Says so when nobody renews the Lease of the controllers. */
function lapsed(objects: ObjectStore, clock: Clock): string | undefined {
  if (!objects.shared) return undefined;
  const lease = objects.get(Lease, 'kube-system', 'keelson-controllers');
  if (lease === undefined || !isKindOf(lease, Lease)) return undefined;
  const { renewTime = '', leaseDurationSeconds = 0, holderIdentity = '' } = lease.spec;
  const until = Date.parse(renewTime) + leaseDurationSeconds * 1000;
  if (holderIdentity === '') return 'no server has taken the lease of the controllers';
  return clock.now() <= until ? undefined : `${holderIdentity} has not renewed the lease of the controllers since ${renewTime}`;
}
