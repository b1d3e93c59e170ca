import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { Etcd, freePorts } from '#test/fixtures/etcd.ts';
import { MemberNetwork } from '#test/fixtures/member-network.ts';
import { TcpProxy } from '#test/fixtures/tcp-proxy.ts';
import { HaServer } from './server.ts';

const members = 3;

/** Three members of etcd, and several servers over them with one authority. */
export class HaCluster {
  readonly etcd: Etcd;
  /** Undefined where members cannot have networks of their own: then nothing is cut off. */
  readonly network: MemberNetwork | undefined;
  readonly servers: readonly HaServer[];
  /** Between the last server and each member. What comes late to one server alone shows whether it asks how late it is. */
  readonly links: readonly TcpProxy[];
  readonly #pkiDir: string;

  private constructor({ etcd, network, links }: Pick<HaCluster, 'etcd' | 'network' | 'links'>, servers: readonly HaServer[], pkiDir: string) {
    this.etcd = etcd;
    this.network = network;
    this.links = links;
    this.servers = servers;
    this.#pkiDir = pkiDir;
  }

  static async start(count: number): Promise<HaCluster> {
    const network = await MemberNetwork.make(members);
    const etcd = await Etcd.start({ members, ...(network ? { places: network.places } : {}) }).catch(async (error: unknown) => {
      await network?.remove();
      throw error;
    });
    const pkiDir = await mkdtemp(join(tmpdir(), 'keelson-ha-pki-'));
    const ports = await freePorts(count);
    const links = await Promise.all(etcd.endpoints.map((endpoint) => TcpProxy.start(endpoint)));
    // Each begins with another member, so that a fault there makes one of them late and not all.
    const storeOf = (index: number): string => {
      const endpoints = index === count - 1 ? links.map(({ address }) => address) : etcd.endpoints;
      return `etcd://${[...endpoints.slice(index % members), ...endpoints.slice(0, index % members)].join(',')}`;
    };
    const servers = await Promise.all(ports.map((port, index) => HaServer.make({ index, port, store: storeOf(index), pkiDir })));
    const cluster = new HaCluster({ etcd, network, links }, servers, pkiDir);
    try {
      // The first makes the certificates that the others share.
      for (const server of servers) await server.start();
      return cluster;
    } catch (error) {
      await cluster.remove();
      throw error;
    }
  }

  get leader(): HaServer | undefined {
    return this.servers.find(({ leads }) => leads);
  }

  /** Drops what happened before a revision; whether it worked is not known. */
  async compact(revision: number): Promise<void> {
    await execa('etcdctl', ['compaction', String(revision), '--command-timeout', '2s'], {
      env: { ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: this.etcd.endpoints.join(',') }, reject: false, timeout: 3000,
    });
  }

  /** Starts a server again; etcd may be without a leader when it first asks. */
  async restart(server: HaServer): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await server.start();
      } catch (error) {
        if (attempt === 3) throw error;
        await delay(1000);
      }
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.remove()));
    await Promise.all(this.links.map((link) => link.stop()));
    await this.etcd.stop();
    await this.network?.remove();
    await rm(this.#pkiDir, { recursive: true, force: true });
  }
}
