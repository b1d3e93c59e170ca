import type { Pod } from '#core/api/schema/core-v1/pod.ts';

/** The volumes that containers of the pod mount, and those whose devices they get. Others are left alone. */
export function volumeUses({ spec }: Pod): { readonly mounts: ReadonlySet<string>; readonly devices: ReadonlySet<string> } {
  const mounts = new Set<string>();
  const devices = new Set<string>();
  for (const { volumeMounts = [], volumeDevices = [] } of [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])]) {
    for (const { name } of volumeMounts) mounts.add(name);
    for (const { name } of volumeDevices) devices.add(name);
  }
  return { mounts, devices };
}
