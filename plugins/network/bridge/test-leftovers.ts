import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Links of pods on the node, host ports in its rules, and leases in its journal. */
export async function leftoversOf(namespaces: { run(path: string, ...command: readonly string[]): Promise<string> }, netns: string, stateDir: string): Promise<string[]> {
  const links = JSON.parse(await namespaces.run(netns, 'ip', '-json', 'link', 'show', 'type', 'veth')) as { ifname: string }[];
  const rules = await Promise.all(['iptables', 'ip6tables'].map((program) => namespaces.run(netns, program, '-t', 'nat', '-S', 'KEELSON-NET-HOSTPORTS')));
  const forwarded = rules.join('\n').split('\n').filter((line) => line.startsWith('-A'));
  return [...links.map(({ ifname }) => ifname).filter((name) => name.startsWith('kl')), ...forwarded, ...(await leasesIn(stateDir))];
}

/** Containers that the journal has leases for. */
export async function leasesIn(stateDir: string): Promise<string[]> {
  const leases = new Set<string>();
  const lines = (await readFile(join(stateDir, 'leases'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  for (const { lease, released } of lines.map((line) => JSON.parse(line) as { lease?: { containerId: string }; released?: { containerId: string } })) {
    if (lease !== undefined) leases.add(lease.containerId);
    if (released !== undefined) leases.delete(released.containerId);
  }
  return [...leases];
}
