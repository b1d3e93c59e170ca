import type { Pod } from '#core/api/schema/core-v1/pod.ts';

export interface HostPort {
  readonly protocol: string;
  readonly port: number;
  /** `0.0.0.0` for every address of the node. */
  readonly address: string;
}

const everywhere = '0.0.0.0';

/** Ports of the node that a pod takes. */
export function hostPortsOf({ spec: { containers, initContainers = [] } }: Pod): readonly HostPort[] {
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...containers, ...sidecars].flatMap(({ ports = [] }) => ports.flatMap(({ hostPort = 0, hostIP = '', protocol = 'TCP' }) =>
    (hostPort > 0 ? [{ protocol, port: hostPort, address: hostIP === '' || hostIP === '::' ? everywhere : hostIP }] : [])));
}

/** Two pods cannot have one port at addresses that overlap. */
export const collide = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.address === b.address || a.address === everywhere || b.address === everywhere);
