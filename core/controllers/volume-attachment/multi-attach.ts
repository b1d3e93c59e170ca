import type { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';

/** For one node at a time. */
export const isExclusive = ({ spec: { accessModes = [] } }: PersistentVolume): boolean => !accessModes.some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany');

/** Why a pod has to wait, as upstream says it; pods of other namespaces are counted and not named. */
export function multiAttachMessage(volume: string, pod: Pod, holders: readonly Pod[]): string {
  const local = holders.filter(({ metadata: { namespace } }) => namespace === pod.metadata.namespace).map(({ metadata: { name } }) => name);
  const others = holders.length - local.length;
  return `Multi-Attach error for volume "${volume}" ${reason(local, others)}`;
}

function reason(local: readonly string[], others: number): string {
  if (local.length + others === 0) return "Volume is already exclusively attached to one node and can't be attached to another";
  const elsewhere = `${others} pod(s) in different namespaces`;
  if (local.length === 0) return `Volume is already used by ${elsewhere}`;
  return `Volume is already used by pod(s) ${local.join(', ')}${others === 0 ? '' : ` and ${elsewhere}`}`;
}
