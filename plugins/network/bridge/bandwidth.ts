import type { NetworkAttachment } from '#core/spi/network-plugin.ts';
import type { Commands } from './commands.ts';
import { mustRun } from './commands.ts';
import type { Ip } from './ip.ts';
import type { Lease } from './leases.ts';
import { hostLinkMac, hostLinkName, shaperName } from './links.ts';

/** At least four of the largest packets that offloading hands over in one piece. */
const LEAST_BURST = 4 * 65_536;

/** What may be sent at once, in bytes: a tenth of a second's worth. */
const burst = (rate: number): number => Math.min(0x7fff_ffff, Math.max(LEAST_BURST, Math.ceil(rate / 80)));
const bucket = (link: string, rate: number): string => `qdisc replace dev ${link} root tbf rate ${rate}bit burst ${burst(rate)} latency 25ms`;

/** Lines for `tc -batch`. What comes from the pod is led through a device of its own, where it leaves and can be queued as what goes to the pod. */
export function bandwidthLines(link: string, shaper: string, { ingressRate, egressRate }: NonNullable<NetworkAttachment['bandwidth']>): string[] {
  return [
    ...(ingressRate === undefined ? [] : [bucket(link, ingressRate)]),
    ...(egressRate === undefined ? [] : [
      bucket(shaper, egressRate), `qdisc add dev ${link} ingress`,
      `filter add dev ${link} parent ffff: protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev ${shaper}`,
    ]),
  ];
}

/** @throws {NetworkError} 102 */
export async function limitBandwidth(ip: Ip, commands: Commands, lease: Lease, mtu: number, signal: AbortSignal): Promise<void> {
  const { bandwidth } = lease;
  if (bandwidth?.ingressRate === undefined && bandwidth?.egressRate === undefined) return;
  const [link, shaper] = [hostLinkName(lease), shaperName(lease)];
  if (bandwidth.egressRate !== undefined) await ip.batch([`link add ${shaper} mtu ${mtu} address ${hostLinkMac(shaper)} up type ifb`], signal);
  await mustRun(commands, ['tc', '-batch', '-'], signal, `${bandwidthLines(link, shaper, bandwidth).join('\n')}\n`);
}
