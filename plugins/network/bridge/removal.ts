import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { machineCommands, type Commands } from './commands.ts';
import { findBridge } from './bridge-device.ts';
import { Ip } from './ip.ts';
import { Iptables } from './iptables.ts';
import { isOwnPodLink, readLinks } from './links.ts';
import { settingsOf, type BridgeOptions } from './options.ts';
import { staleRouteLines } from './peer-routes.ts';
import { PREFIX } from './policy-rules.ts';
import { jumps, ownChains } from './rules.ts';

/**
 * Removes all that the plugin made in this process's network namespace: the pods' links, the bridge, the tunnel, routes and rules, and the journal.
 * What carries none of its marks stays; what is gone already is no error. No `BridgeNetwork` may be at work.
 * @throws {NetworkError}
 */
export async function removeBridgeNetwork(options: BridgeOptions, signal: AbortSignal, commands: Commands = machineCommands): Promise<void> {
  const { stateDir, bridge, vxlan, iptables } = settingsOf(options);
  const ip = new Ip(commands);
  for (const family of ['IPv4', 'IPv6'] as const) {
    const filter = new Iptables(family, iptables, commands);
    for (const table of ['filter', 'nat'] as const) await filter.remove(table, jumps(family)[table], ownChains[table], signal);
    const policies = await filter.chains('filter', PREFIX, signal);
    if (policies.length > 0) await filter.remove('filter', [], policies, signal);
  }
  const links = readLinks(await ip.list(['-details', 'link', 'show'], signal));
  const tunnel = links.find(({ name, kind }) => name === vxlan.name && kind === 'vxlan');
  const own = await findBridge(ip, bridge, signal).catch(() => undefined);
  await ip.forced([
    ...(await staleRouteLines(ip, new Set(), signal)),
    ...links.filter(isOwnPodLink).map(({ name }) => `link delete ${name}`),
    ...(tunnel === undefined ? [] : [`link delete ${tunnel.name}`]),
    ...(own === undefined ? [] : [`link delete ${bridge}`]),
  ], signal);
  for (const name of ['leases', 'leases.new', 'run']) await rm(join(stateDir, name), { force: true, recursive: true });
}
