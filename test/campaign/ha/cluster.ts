import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { Etcd, freePorts } from '#test/fixtures/etcd.ts';
import { MemberNetwork } from '#test/fixtures/member-network.ts';
import type { Truth } from './history.ts';
import { HaServer } from './server.ts';

const members = 3;

/** Three members of etcd, and several servers over them with one authority. */
export class HaCluster {
  readonly etcd: Etcd;
  /** Undefined where members cannot have networks of their own: then nothing is cut off. */
  readonly network: MemberNetwork | undefined;
  readonly servers: readonly HaServer[];
  readonly #pkiDir: string;

  private constructor(etcd: Etcd, network: MemberNetwork | undefined, servers: readonly HaServer[], pkiDir: string) {
    this.etcd = etcd;
    this.network = network;
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
    // Each begins with another member, so that a fault there makes one of them late and not all.
    const storeOf = (index: number): string => `etcd://${[...etcd.endpoints.slice(index % members), ...etcd.endpoints.slice(0, index % members)].join(',')}`;
    const servers = await Promise.all(ports.map((port, index) => HaServer.make({ index, port, store: storeOf(index), pkiDir })));
    const cluster = new HaCluster(etcd, network, servers, pkiDir);
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

  /** What happened to a namespace's ConfigMaps after a revision, asked of etcd itself, up to the object that was made last. */
  async truth(namespace: string, after: number, last: string): Promise<Truth[]> {
    const prefix = `/registry/configmaps/${namespace}/`;
    const child = execa('etcdctl', ['watch', '--prefix', prefix, '--rev', String(after + 1), '--write-out', 'json'], {
      env: { ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: this.etcd.endpoints.join(',') }, buffer: false, reject: false, timeout: 30_000,
    });
    const truth: Truth[] = [];
    const uids = new Map<string, string>();
    for await (const line of child.iterable()) {
      for (const event of (JSON.parse(line) as { Events: readonly EtcdEvent[] | null }).Events ?? []) truth.push(truthOf(event, prefix, uids));
      if (truth.at(-1)?.key === last) break;
    }
    child.kill('SIGKILL');
    await child;
    if (truth.at(-1)?.key !== last) throw new Error(`etcdctl did not tell of ${last}`);
    return truth.filter(({ key }) => key !== 'kube-root-ca.crt');
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
    await this.etcd.stop();
    await this.network?.remove();
    await rm(this.#pkiDir, { recursive: true, force: true });
  }
}

interface EtcdEvent {
  /** 1 for a deletion; left out otherwise. */
  readonly type?: number;
  readonly kv: { readonly key: string; readonly value?: string; readonly mod_revision: number };
}

function truthOf({ type, kv }: EtcdEvent, prefix: string, uids: Map<string, string>): Truth {
  const key = decoded(kv.key).slice(prefix.length);
  const revision = kv.mod_revision;
  if (type === 1) return { key, revision, value: undefined, uid: uids.get(key) ?? '' };
  const object = JSON.parse(decoded(kv.value ?? '')) as { metadata: { uid: string }; data?: { value?: string } };
  uids.set(key, object.metadata.uid);
  return { key, revision, value: object.data?.value ?? '', uid: object.metadata.uid };
}

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString();
