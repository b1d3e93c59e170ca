import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { NetworkPolicyPort } from '#core/api/schema/networking-v1.ts';
import type { PolicyPort } from '#core/spi/network-plugin.ts';

/** The ports of a rule for one pod, whose container ports give names a number. Undefined: all. Empty: it has none of that name. */
export function portsFor(ports: readonly NetworkPolicyPort[], pod: Pod | undefined): readonly PolicyPort[] | undefined {
  if (ports.length === 0) return undefined;
  return ports.flatMap(({ protocol = 'TCP', port, endPort }): PolicyPort[] => {
    if (port === undefined) return [{ protocol }];
    if (typeof port === 'number') return [{ protocol, port, ...(endPort === undefined ? {} : { endPort }) }];
    return numbersOf(pod, port, protocol).map((number) => ({ protocol, port: number }));
  });
}

export const namesPorts = (ports: readonly NetworkPolicyPort[]): boolean => ports.some(({ port }) => typeof port === 'string');

function numbersOf(pod: Pod | undefined, name: string, protocol: PolicyPort['protocol']): number[] {
  if (pod === undefined) return [];
  const { containers, initContainers = [] } = pod.spec;
  const lasting = [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')];
  return lasting.flatMap(({ ports = [] }) => ports.filter((port) => port.name === name && port.protocol === protocol).map(({ containerPort }) => containerPort));
}
