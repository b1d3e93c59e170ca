import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Refusal } from './refusal.ts';

/** Kernel parameters of which one pod's value cannot hurt another. https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/ */
const safe = new Set([
  'kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports', 'net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem',
]);

export function sysctlRefusal({ spec: { securityContext, hostNetwork = false, hostIPC = false } }: Pod): Refusal | undefined {
  for (const { name: written } of securityContext?.sysctls ?? []) {
    const name = written.replaceAll('/', '.');
    if (!safe.has(name)) return forbidden(name, 'not allowlisted');
    if (hostNetwork && name.startsWith('net.')) return forbidden(name, 'not allowed with host net enabled');
    if (hostIPC && name.startsWith('kernel.shm')) return forbidden(name, 'not allowed with host ipc enabled');
  }
  return undefined;
}

const forbidden = (name: string, why: string): Refusal => ({ reason: 'SysctlForbidden', message: `forbidden sysctl: "${name}" ${why}` });
