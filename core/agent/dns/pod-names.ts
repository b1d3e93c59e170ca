import { ipText, parseIp } from '#core/api/ip.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { NameRecord } from '#core/spi/name-server.ts';
import type { Names } from './service-names.ts';

/** `10-244-1-7.<namespace>.pod.<cluster domain>` for each address of a pod that has not ended. */
export function podNames({ metadata: { namespace = '' }, status }: Pod, clusterDomain: string): Names {
  const names = new Map<string, readonly NameRecord[]>();
  if (status.phase === 'Succeeded' || status.phase === 'Failed') return names;
  for (const { ip } of status.podIPs ?? []) {
    const address = parseIp(ip);
    if (address === undefined) continue;
    const text = ipText(address);
    names.set(`${text.replace(/[.:]/g, '-')}.${namespace}.pod.${clusterDomain}`, [{ type: address.family === 'IPv4' ? 'A' : 'AAAA', address: text }]);
  }
  return names;
}
