import { createHash } from 'node:crypto';
import type { ProxyPort } from '#core/spi/service-proxy.ts';

/** Kube-proxy's layout of plain iptables: one chain with a rule for every service, a chain for each service and one for each endpoint. */
const chain = (kind: string, text: string): string => `KUBE-${kind}-${createHash('sha256').update(text).digest('hex').slice(0, 16).toUpperCase()}`;

const dispatch = (ports: Iterable<ProxyPort>): string[] =>
  [...ports].map(({ key, clusterIP, port }) => `-A KUBE-SERVICES -d ${clusterIP}/32 -p tcp -m tcp --dport ${port} -j ${chain('SVC', key)}`);

function chainsOf({ key, clusterIP, port, endpoints }: ProxyPort, clusterCidr: string): { names: string[]; rules: string[] } {
  const service = chain('SVC', key);
  const names = [service];
  const rules = [`-A ${service} ! -s ${clusterCidr} -d ${clusterIP}/32 -p tcp -m tcp --dport ${port} -j KUBE-MARK-MASQ`];
  for (const [index, endpoint] of endpoints.entries()) {
    const name = chain('SEP', `${key} ${endpoint.address}`);
    const left = endpoints.length - index;
    names.push(name);
    rules.push(`-A ${service}${left === 1 ? '' : ` -m statistic --mode random --probability ${(1 / left).toFixed(11)}`} -j ${name}`);
    rules.push(`-A ${name} -s ${endpoint.address}/32 -j KUBE-MARK-MASQ`, `-A ${name} -p tcp -m tcp -j DNAT --to-destination ${endpoint.address}:${endpoint.port}`);
  }
  return { names, rules };
}

const input = (names: readonly string[], rules: readonly string[]): string => ['*nat', ...names.map((name) => `:${name} - [0:0]`), ...rules, 'COMMIT', ''].join('\n');

export function flatFirst(ports: ReadonlyMap<string, ProxyPort>, clusterCidr: string): string {
  const all = [...ports.values()].map((port) => chainsOf(port, clusterCidr));
  return input(['KUBE-SERVICES', 'KUBE-MARK-MASQ', 'KUBE-POSTROUTING', ...all.flatMap(({ names }) => names)], [
    '-A PREROUTING -j KUBE-SERVICES', '-A OUTPUT -j KUBE-SERVICES', '-A POSTROUTING -j KUBE-POSTROUTING', '-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000',
    '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN', '-A KUBE-POSTROUTING -j MASQUERADE --random-fully',
    ...dispatch(ports.values()), ...all.flatMap(({ rules }) => rules),
  ]);
}

/** As kube-proxy's partial sync (KEP-3453): the chains of what has changed, and the whole of the first one. */
export function flatChange(ports: ReadonlyMap<string, ProxyPort>, changed: ProxyPort, clusterCidr: string): string {
  const { names, rules } = chainsOf(changed, clusterCidr);
  return input(['KUBE-SERVICES', ...names], [...dispatch(ports.values()), ...rules]);
}
