import { ProviderError } from '#core/spi/errors.ts';
import type { Run } from './ip-tool.ts';

type Rule = readonly [table: 'filter' | 'nat', chain: string, ...match: string[]];

/** What lets machines out: this computer stands for them, and passes on what comes back. */
const rulesOf = (uplink: string, range: string): readonly Rule[] => [
  ['nat', 'POSTROUTING', '-s', range, '!', '-d', range, '-m', 'comment', '--comment', `keelson ${uplink}`, '-j', 'MASQUERADE'],
  ['filter', 'FORWARD', '-i', uplink, '-m', 'comment', '--comment', `keelson ${uplink}`, '-j', 'ACCEPT'],
  ['filter', 'FORWARD', '-o', uplink, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-m', 'comment', '--comment', `keelson ${uplink}`, '-j', 'ACCEPT'],
];

const iptables = (run: Run, command: '-C' | '-D' | '-I', [table, chain, ...match]: Rule, signal: AbortSignal) => run('iptables', ['-w', '5', '-t', table, command, chain, ...match], signal);

/**
 * Three rules in this computer's own network, with the cluster's mark, first in their chains: where Docker runs, what is forwarded is else dropped.
 * On a computer without iptables, machines reach each other and the control plane only.
 */
export async function openOutside(run: Run, uplink: string, range: string, signal: AbortSignal): Promise<void> {
  for (const rule of rulesOf(uplink, range)) {
    const found = await iptables(run, '-C', rule, signal).catch(() => undefined);
    if (found === undefined) return;
    if (found.exitCode === 0) continue;
    const { exitCode, complaint } = await iptables(run, '-I', rule, signal);
    if (exitCode !== 0) throw new ProviderError('Unavailable', `iptables refused a rule for machines: ${complaint}`);
  }
  await run('sysctl', ['-e', '-q', '-w', 'net.ipv4.ip_forward=1'], signal);
}

/** That packets are forwarded at all stays so: others may have come to count on it. */
export async function closeOutside(run: Run, uplink: string, range: string, signal: AbortSignal): Promise<void> {
  for (const rule of rulesOf(uplink, range)) await iptables(run, '-D', rule, signal).catch(() => undefined);
}
