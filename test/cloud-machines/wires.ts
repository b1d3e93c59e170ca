import { execa } from 'execa';
import { machineNames } from '#providers/local/machines/naming.ts';

/** A machine that is to be reached by the address that its cloud gave it. */
export interface Wired {
  readonly netns: string;
  readonly address: string;
}

/**
 * Makes addresses of clouds' networks real on the switch that joins the machines of this computer: each machine has its own, and everybody has a route to
 * each, this computer and other machines too. What is there already stays.
 */
export async function wire(place: string, machines: readonly Wired[], others: readonly string[]): Promise<void> {
  const { uplink } = machineNames(place);
  for (const { netns, address } of machines) await ip(netns, 'address', 'replace', `${address}/32`, 'dev', 'eth0');
  for (const { netns: own, address } of machines) {
    await ip(undefined, 'route', 'replace', `${address}/32`, 'dev', uplink);
    for (const netns of [...machines.map((machine) => machine.netns), ...others]) if (netns !== own) await ip(netns, 'route', 'replace', `${address}/32`, 'dev', 'eth0');
  }
}

/** A machine that goes takes its own along. */
export async function unwire(address: string, netnses: readonly string[]): Promise<void> {
  for (const netns of [undefined, ...netnses]) await execa('ip', [...inside(netns), 'route', 'delete', `${address}/32`], { reject: false, stdin: 'ignore' });
}

/** All addresses that `wire`, or a balancer, made reachable, also in an earlier process: nobody else has routes to single addresses on the switch. */
export async function unwireAll(place: string, netnses: readonly string[]): Promise<void> {
  const { uplink } = machineNames(place);
  for (const [netns, link] of [[undefined, uplink], ...netnses.map((each) => [each, 'eth0'] as const)] as const) {
    const { exitCode, stdout } = await execa('ip', [...inside(netns), '-json', 'route', 'show', 'dev', link], { reject: false, stdin: 'ignore' });
    const routes = exitCode === 0 && stdout !== '' ? JSON.parse(stdout) as { readonly dst: string }[] : [];
    for (const { dst } of routes) if (/^[\d.]+$/.test(dst)) await unwire(dst, netns === undefined ? [] : [netns]);
  }
}

async function ip(netns: string | undefined, ...args: readonly string[]): Promise<void> {
  await execa('ip', [...inside(netns), ...args], { stdin: 'ignore' });
}

const inside = (netns: string | undefined): readonly string[] => (netns === undefined ? [] : ['-n', netns.slice(netns.lastIndexOf('/') + 1)]);
