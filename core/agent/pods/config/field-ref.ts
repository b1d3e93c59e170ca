import type { Pod } from '#core/api/schema/core-v1/pod.ts';

/** Addresses that the pod's status may not say yet. */
export interface PodAddresses {
  readonly podIPs: readonly string[];
  readonly hostIPs: readonly string[];
}

const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/s;

/** The value of a `fieldRef` in an environment variable. @throws {Error} when pods have no such field */
export function fieldValue(pod: Pod, path: string, { podIPs, hostIPs }: PodAddresses): string {
  const { metadata, spec } = pod;
  switch (path) {
    case 'metadata.name': return metadata.name;
    case 'metadata.namespace': return metadata.namespace ?? '';
    case 'metadata.uid': return metadata.uid ?? '';
    case 'spec.nodeName': return spec.nodeName ?? '';
    case 'spec.serviceAccountName': return spec.serviceAccountName ?? '';
    case 'status.hostIP': return hostIPs[0] ?? '';
    case 'status.hostIPs': return hostIPs.join(',');
    case 'status.podIP': return podIPs[0] ?? '';
    case 'status.podIPs': return podIPs.join(',');
    default: return subscripted(pod, path);
  }
}

function subscripted({ metadata }: Pod, path: string): string {
  const [, map, key] = subscript.exec(path) ?? [];
  if (key === undefined) throw new Error(`unsupported fieldPath: ${path}`);
  const values = (map === 'labels' ? metadata.labels : metadata.annotations) ?? {};
  return Object.hasOwn(values, key) ? values[key] ?? '' : '';
}
