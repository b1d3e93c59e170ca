import type { LifecycleHandler, Probe } from '#core/api/schema/core-v1/container.ts';
import { containersOf, containersText, namesWhere, plural, quoted, settersText, sorted, uses, type Check, type PodLike } from './checks.ts';

const namespaces = ['hostNetwork', 'hostPID', 'hostIPC'] as const;

export const hostNamespaces: Check = {
  level: 'baseline',
  since: [[0, ({ spec }) => {
    const shared = namespaces.filter((name) => spec[name] === true);
    return shared.length === 0 ? undefined : { reason: 'host namespaces', detail: shared.map((name) => `${name}=true`).join(', ') };
  }]],
};

export const hostPorts: Check = {
  level: 'baseline',
  since: [[0, ({ spec }) => {
    const portsOf = ({ ports = [] }: { ports?: readonly { hostPort?: number }[] }): string[] =>
      ports.flatMap(({ hostPort = 0 }) => (hostPort === 0 ? [] : [String(hostPort)]));
    const names = namesWhere(spec, (container) => portsOf(container).length > 0);
    if (names.length === 0) return undefined;
    const ports = sorted(containersOf(spec).flatMap(portsOf));
    return { reason: 'hostPort', detail: `${containersText(names)} ${uses(names.length)} ${plural('hostPort', ports.length)} ${ports.join(', ')}` };
  }]],
};

const hostsIn = ({ httpGet, tcpSocket }: Pick<Probe & LifecycleHandler, 'httpGet' | 'tcpSocket'> = {}): string[] =>
  [httpGet?.host ?? '', tcpSocket?.host ?? ''].filter((host) => host !== '');

type Container = ReturnType<typeof containersOf>[number];

const probedHosts = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): string[] =>
  [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap((handler) => hostsIn(handler));

/** The node agent would call any address from inside the node's network. */
export const hostProbes: Check = {
  level: 'baseline',
  since: [[34, ({ spec }) => {
    const names = sorted(namesWhere(spec, (container) => probedHosts(container).length > 0));
    if (names.length === 0) return undefined;
    const hosts = sorted(containersOf(spec).flatMap(probedHosts));
    return { reason: 'probe or lifecycle host', detail: `${containersText(names)} ${uses(names.length)} ${plural('probe or lifecycle host', hosts.length)} ${quoted(hosts)}` };
  }]],
};

export const hostProcess: Check = {
  level: 'baseline',
  since: [[0, ({ spec }) => {
    const setters = settersText(spec, ({ windowsOptions }) => windowsOptions?.hostProcess === true);
    return setters === '' ? undefined : { reason: 'hostProcess', detail: `${setters} must not set securityContext.windowsOptions.hostProcess=true` };
  }]],
};

const safeSysctls: readonly (readonly [since: number, names: readonly string[]])[] = [
  [0, ['kernel.shm_rmid_forced', 'net.ipv4.ip_local_port_range', 'net.ipv4.tcp_syncookies', 'net.ipv4.ping_group_range', 'net.ipv4.ip_unprivileged_port_start']],
  [27, ['net.ipv4.ip_local_reserved_ports']],
  [29, ['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl', 'net.ipv4.tcp_keepalive_probes']],
  [32, ['net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']],
];

export const sysctls: Check = {
  level: 'baseline',
  since: safeSysctls.map(([minor]) => {
    const safe = new Set(safeSysctls.flatMap(([since, names]) => (since <= minor ? names : [])));
    return [minor, ({ spec }: PodLike) => {
      const names = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((name) => !safe.has(name));
      return names.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: names.join(', ') };
    }] as const;
  }),
};
