import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { NetworkAttachment, NetworkPeer, NetworkResult } from '#core/spi/network-plugin.ts';
import { TestNode, type TestNodeOptions } from './test-node.ts';

/** What of `test/fixtures/namespaces.ts` is needed here. */
interface Namespaces {
  make(label?: string): Promise<string>;
  run(path: string, ...command: readonly string[]): Promise<string>;
  join(a: string, nameInA: string, b: string, nameInB: string): Promise<void>;
}

const talk = fileURLToPath(new URL('talk-child.ts', import.meta.url));
const never = new AbortController().signal;

export interface Pod {
  readonly attachment: NetworkAttachment & { readonly netns: string };
  readonly result: NetworkResult;
  readonly v4: string;
  readonly v6: string;
}

/** Nodes on one link, each with a network namespace, a range of pods of each family, and a way out through `outside`. */
export class TestCluster {
  readonly nodes: TestNode[] = [];
  readonly #namespaces: Namespaces;
  readonly #folder: string;
  readonly #servers: { kill(signal: 'SIGKILL'): boolean }[] = [];
  fabric = '';
  outside = '';

  constructor(namespaces: Namespaces, folder: string) {
    this.#namespaces = namespaces;
    this.#folder = folder;
  }

  async start(count: number, options: TestNodeOptions): Promise<void> {
    this.fabric = await this.#namespaces.make('fabric');
    await this.#run(this.fabric, 'ip', 'link', 'add', 'br0', 'type', 'bridge');
    await this.#run(this.fabric, 'ip', 'link', 'set', 'br0', 'up');
    await this.#run(this.fabric, 'sysctl', '-qw', 'net.bridge.bridge-nf-call-iptables=0', 'net.bridge.bridge-nf-call-ip6tables=0');
    this.outside = await this.#machine(0, 'outside');
    for (let number = 1; number <= count; number++) {
      const netns = await this.#machine(number, `node${number}`);
      this.nodes.push(await TestNode.start(netns, { stateDir: join(this.#folder, `node${number}`), ...options }));
    }
  }

  /** Tells each node its ranges, and of all others. */
  async configure(): Promise<void> {
    const tunnels = await Promise.all(this.nodes.map((node, index) => node.configure(networkOf(index + 1))));
    const peers = this.nodes.map((_, index): NetworkPeer => ({ ...peerOf(index + 1), ...tunnels[index] }));
    await Promise.all(this.nodes.map((node, index) => node.setPeers(peers.filter((_, other) => other !== index))));
  }

  async pod(node: number, change: Partial<NetworkAttachment> = {}): Promise<Pod> {
    const containerId = randomBytes(16).toString('hex');
    const attachment = { containerId, ifName: 'eth0', pod: { namespace: 'default', name: `pod-${containerId.slice(0, 6)}`, uid: containerId }, portMappings: [], ...change, netns: change.netns ?? (await this.#namespaces.make('pod')) };
    const result = await this.node(node).add(attachment, never);
    const [v4 = '', v6 = ''] = result.ips.map(({ address }) => address.slice(0, address.indexOf('/')));
    return { attachment, result, v4, v6 };
  }

  /** By its number, from 1. */
  node(number: number): TestNode {
    const node = this.nodes[number - 1];
    if (node === undefined) throw new Error(`there is no node ${number}`);
    return node;
  }

  /** Has a namespace answer on a port, by this name. */
  async serve(netns: string, name: string, port: number): Promise<void> {
    const server = execa('nsenter', [`--net=${netns}`, process.execPath, '--disable-warning=ExperimentalWarning', talk, 'serve', name, String(port)], { reject: false, stdin: 'ignore', stderr: 'inherit' });
    this.#servers.push(server);
    await new Promise((resolve) => server.stdout.once('data', resolve));
  }

  /** What a namespace hears from there: `silence` after so long. The first packet to a neighbour may take its time on a machine that is busy. */
  async ask(netns: string, host: string, port: number, protocol: 'tcp' | 'udp' = 'tcp', patienceMs = 10_000): Promise<string> {
    return this.#run(netns, process.execPath, '--disable-warning=ExperimentalWarning', talk, 'ask', host, String(port), protocol, String(patienceMs));
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) server.kill('SIGKILL');
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  #run(netns: string, ...command: readonly string[]): Promise<string> {
    return this.#namespaces.run(netns, ...command);
  }

  async #machine(number: number, name: string): Promise<string> {
    const netns = await this.#namespaces.make(name);
    await this.#namespaces.join(netns, 'eth0', this.fabric, `p${number}`);
    await this.#run(this.fabric, 'ip', 'link', 'set', `p${number}`, 'master', 'br0');
    await this.#run(netns, 'ip', 'address', 'add', `172.31.0.${number + 10}/24`, 'dev', 'eth0');
    await this.#run(netns, 'ip', 'address', 'add', `fd31::${number + 10}/64`, 'dev', 'eth0', 'nodad');
    if (number > 0) {
      await this.#run(netns, 'ip', 'route', 'add', 'default', 'via', '172.31.0.10');
      await this.#run(netns, 'ip', 'route', 'add', 'default', 'via', 'fd31::10');
    }
    return netns;
  }
}

export const clusterCidrs = ['10.197.0.0/16', 'fd97::/48'];
export const networkOf = (number: number) => ({ nodeName: `node${number}`, podCidrs: [`10.197.${number}.0/24`, `fd97:0:0:${number}::/64`], clusterCidrs });
export const peerOf = (number: number): NetworkPeer => ({ nodeName: `node${number}`, addresses: [`172.31.0.${number + 10}`, `fd31::${number + 10}`], podCidrs: networkOf(number).podCidrs });
