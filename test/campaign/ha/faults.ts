import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '#test/conformance/key-value-store-model.ts';
import type { HaCluster } from './cluster.ts';

/** Does harm to one member of etcd after the other, and now and then to two of the three, until the signal aborts; then all is well again. */
export async function harmMembers(cluster: HaCluster, random: Random, signal: AbortSignal, say: (what: string) => void): Promise<void> {
  const { etcd: { members }, network } = cluster;
  while (!signal.aborted) {
    await delay(300 + random.below(2000));
    const index = random.below(members.length);
    const member = members[index];
    if (member === undefined) continue;
    const ms = 500 + random.below(5000);
    const dice = random.below(network ? 4 : 2);
    if (dice === 0) {
      say(`member ${index} killed for ${ms} ms`);
      await member.kill();
      await delay(ms);
      await member.start();
    } else if (dice === 1) {
      say(`member ${index} hangs for ${ms} ms`);
      member.pause();
      await delay(ms);
      member.resume();
    } else {
      const cut = dice === 2 ? [index] : [index, (index + 1) % members.length];
      const cutMs = dice === 2 ? ms : Math.min(ms, 3000);
      say(`member ${cut.join(' and ')} cut off for ${cutMs} ms`);
      for (const each of cut) await network?.cut(each);
      await delay(cutMs);
      for (const each of cut) await network?.mend(each);
    }
  }
}

/** Kills servers and lets them hang, one at a time, until the signal aborts; then all of them run. */
export async function harmServers(cluster: HaCluster, random: Random, signal: AbortSignal, say: (what: string) => void): Promise<void> {
  while (!signal.aborted) {
    await delay(300 + random.below(3000));
    const any = cluster.servers[random.below(cluster.servers.length)];
    const server = random.chance(30) ? cluster.leader ?? any : any;
    if (server === undefined) continue;
    const ms = 500 + random.below(3000);
    if (random.chance(50)) {
      say(`server ${server.index} killed for ${ms} ms`);
      await server.kill();
      await delay(ms);
      await cluster.restart(server);
    } else {
      say(`server ${server.index} hangs for ${ms} ms`);
      server.pause();
      await delay(ms);
      server.resume();
    }
  }
}
