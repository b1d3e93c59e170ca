import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { NetworkError, type AttachmentKey, type NetworkAttachment, type NetworkPeer, type NetworkPlugin, type NetworkResult, type NodeNetwork, type NodeNetworkConfigurer } from '#core/spi/network-plugin.ts';
import type { BridgeOptions } from './options.ts';

export interface TestNodeOptions extends Partial<BridgeOptions> {
  readonly epoch?: string;
  readonly socket?: string;
  /** In place of the machine's lock of legacy iptables. */
  readonly lockFile?: string;
}

/** Starts the child with its input and output as pipes. */
const startChild = (netns: string, start: unknown, lockFile: string | undefined) => execa('nsenter', [
  `--net=${netns}`, process.execPath, '--disable-warning=ExperimentalWarning', fileURLToPath(new URL('node-child.ts', import.meta.url)), JSON.stringify(start),
], { reject: false, stderr: 'inherit', buffer: false, env: lockFile === undefined ? {} : { XTABLES_LOCKFILE: lockFile } });

/** A bridge network in a process of its own, in a network namespace that stands for a node. */
export class TestNode implements NetworkPlugin, NodeNetworkConfigurer {
  readonly netns: string;
  readonly #child: ReturnType<typeof startChild>;
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>();
  #count = 0;

  private constructor(netns: string, child: ReturnType<typeof startChild>) {
    this.netns = netns;
    this.#child = child;
    createInterface(child.stdout).on('line', (line) => this.#settle(line));
    void child.then(() => {
      for (const { reject } of this.#calls.values()) reject(new Error('the node is dead'));
    });
  }

  static async start(netns: string, { epoch, socket, lockFile, ...options }: TestNodeOptions & { readonly stateDir: string }): Promise<TestNode> {
    const node = new TestNode(netns, startChild(netns, { options: { detachAfterMs: 100, ...options }, epoch, socket }, lockFile));
    await node.#waitFor(0);
    return node;
  }

  configure(network: NodeNetwork): Promise<{ readonly tunnel?: string }> {
    return this.call('configure', network) as Promise<{ readonly tunnel?: string }>;
  }

  async setPeers(peers: readonly NetworkPeer[]): Promise<void> {
    await this.call('setPeers', peers);
  }

  add(attachment: NetworkAttachment, signal: AbortSignal): Promise<NetworkResult> {
    return this.call('add', attachment, signal.aborted) as Promise<NetworkResult>;
  }

  async del(attachment: NetworkAttachment): Promise<void> {
    await this.call('del', attachment);
  }

  async check(attachment: NetworkAttachment): Promise<void> {
    await this.call('check', attachment);
  }

  async gc(valid: readonly AttachmentKey[]): Promise<void> {
    await this.call('gc', valid);
  }

  async status(): Promise<void> {
    await this.call('status');
  }

  /** Sends the call and waits for its answer. */
  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    const id = ++this.#count;
    const answer = this.#waitFor(id);
    this.#child.stdin.write(`${JSON.stringify({ id, method, args })}\n`);
    return answer;
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    await this.#child;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child;
  }

  #waitFor(id: number): Promise<unknown> {
    const call = Promise.withResolvers<unknown>();
    this.#calls.set(id, call);
    return call.promise;
  }

  #settle(line: string): void {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: { code: number; msg: string; details?: string } };
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(error.code === 999 ? new Error(error.msg) : new NetworkError(error.code, error.msg, error.details));
  }
}
