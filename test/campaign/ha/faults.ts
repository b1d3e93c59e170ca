import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '#test/conformance/key-value-store-model.ts';
import type { HaCluster } from './cluster.ts';
import type { Compaction } from './history.ts';
import type { Recorder } from './recorder.ts';

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

/** Makes what etcd tells the last server late, by more or less, until the signal aborts. */
export async function harmLinks({ links }: HaCluster, random: Random, signal: AbortSignal): Promise<void> {
  const lags = [20, 50, 100, 300];
  while (!signal.aborted) {
    const ms = lags[random.below(lags.length)] ?? 0;
    for (const link of links) link.lag(ms);
    await delay(300 + random.below(2000));
    if (!random.chance(30)) continue;
    for (const link of links) link.lag(0);
    await delay(random.below(1000));
  }
  for (const link of links) link.lag(0);
}

/** Compacts history again and again up to what the recorder has seen, until the signal aborts. */
export async function harmHistory(cluster: HaCluster, recorder: Recorder, random: Random, signal: AbortSignal): Promise<Compaction[]> {
  const compactions: Compaction[] = [];
  while (!signal.aborted) {
    await delay(200 + random.below(1500));
    const revision = recorder.reached;
    if (revision <= (compactions.at(-1)?.revision ?? 0)) continue;
    compactions.push({ at: performance.now(), revision });
    await cluster.compact(revision);
  }
  return compactions;
}
