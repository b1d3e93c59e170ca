import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalIp, type IpFamily } from '#core/api/ip.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { AttachedPod, AttachmentKey, NetworkAttachment, NetworkPeer, NetworkPlugin, NetworkPolicyEnforcer, NetworkResult, NodeNetwork, NodeNetworkConfigurer, PodPolicy } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { checkAttachment, checkKey, checkNamespace } from '#plugins/network/attachment-checks.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import { quoted } from '#plugins/network/cni-names.ts';
import { AddressRange } from './address-range.ts';
import { limitBandwidth } from './bandwidth.ts';
import { findBridge } from './bridge-device.ts';
import { machineCommands, type Commands } from './commands.ts';
import { currentEpoch } from './epoch.ts';
import { Flows } from './flows.ts';
import { HostPorts } from './host-ports.ts';
import { IpLauncher } from './ip-launcher.ts';
import { Ip } from './ip.ts';
import { Iptables } from './iptables.ts';
import { KeyedQueue } from '#plugins/network/keyed-queue.ts';
import { Slots } from '#plugins/network/slots.ts';
import { bare, keyText, Leases, type Lease } from './leases.ts';
import { NodeSide } from './node-side.ts';
import { settingsOf, type BridgeOptions, type BridgeSettings } from './options.ts';
import { Policies } from './policies.ts';
import { PodLinks, rangesOf } from './pod-links.ts';
import { kernelSysctls, type Sysctls } from './sysctls.ts';

export interface BridgeParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly commands?: Commands;
  readonly sysctls?: Sysctls;
  /** Names the kernel's run and the namespace; see `currentEpoch`. */
  readonly epoch?: () => Promise<string>;
}

/** What is known of the node since `configure`. */
interface Configured {
  readonly leases: Leases;
  readonly network: NodeNetwork;
  readonly ranges: readonly AddressRange[];
  readonly mtu: number;
}


/** Pods on a bridge, with addresses of the node's own ranges, in the network namespace in which this process runs. */
export class BridgeNetwork implements NetworkPlugin, NodeNetworkConfigurer, NetworkPolicyEnforcer {
  readonly hasRoutesElsewhere: boolean;
  readonly #settings: BridgeSettings;
  readonly #parts: BridgeParts;
  readonly #commands: Commands;
  readonly #ip: Ip;
  readonly #filters: readonly Iptables[];
  readonly #links: PodLinks;
  readonly #node: NodeSide;
  readonly #hostPorts: HostPorts;
  readonly #flows: Flows;
  readonly #policies: Policies;
  /** Each takes two processes, and the kernel makes one link at a time anyway. */
  readonly #attaching = new Slots(8);
  readonly #perContainer = new KeyedQueue();
  readonly #setUp = new KeyedQueue();
  readonly #ready = Promise.withResolvers<Leases>();
  #leases: Leases | undefined;
  #configured: Configured | undefined;
  #peers: readonly NetworkPeer[] | undefined;
  #enforced: readonly PodPolicy[] | undefined;

  /** @throws {NetworkError} 7 naming an option that makes no sense */
  constructor(options: BridgeOptions, parts: BridgeParts) {
    this.#settings = settingsOf(options);
    this.hasRoutesElsewhere = this.#settings.mode === 'none';
    this.#parts = parts;
    const { commands = machineCommands, sysctls = kernelSysctls, clock, log } = parts;
    const { bridge, hairpin, detachAfterMs, iptables, stateDir } = this.#settings;
    this.#commands = commands;
    this.#ip = new Ip(commands);
    const families = familiesHere();
    this.#filters = families.map((family) => new Iptables(family, iptables, commands));
    this.#links = new PodLinks({ ip: this.#ip, launcher: new IpLauncher(join(stateDir, 'run')), sysctls, clock, log, bridge, hairpin, detachAfterMs });
    this.#node = new NodeSide({ settings: this.#settings, ip: this.#ip, filters: this.#filters, commands, sysctls, log });
    this.#policies = new Policies(this.#filters, bridge);
    this.#flows = new Flows({ commands, families, clock, afterMs: detachAfterMs, isUsed: (address) => this.#leases?.isUsed(address) === true });
    this.#hostPorts = new HostPorts({ filters: this.#filters, commands, leases: () => this.#leases?.all ?? [], podCidrs: (family) => this.#podCidrs(family) });
  }

  configure(network: NodeNetwork, signal: AbortSignal): Promise<{ readonly tunnel?: string }> {
    return this.#setUp.run('', async () => {
      const leases = (this.#leases ??= await this.#openLeases());
      const ranges = rangesFor(network, this.#configured?.ranges ?? [], leases.all);
      const inUse = leases.all.flatMap(rangesOf).filter(({ cidr }) => !ranges.some((range) => range.cidr.toString() === cidr.toString()));
      const all = [...ranges, ...new Map(inUse.map((range) => [range.cidr.toString(), range])).values()];
      const { mtu, ...published } = await this.#node.configure(network, all, signal);
      this.#configured = { leases, network, ranges, mtu };
      await this.#hostPorts.sync();
      // Before anything leads to what accepts.
      if (this.#enforced !== undefined) await this.#policies.enforce(this.#enforced, signal);
      await this.#node.ensureJumps(signal);
      await this.#links.sweep(leases.all, signal);
      this.#ready.resolve(leases);
      // One that cannot be reached keeps nobody from having pods.
      if (this.#peers !== undefined) await this.#node.setPeers(this.#peers, signal).catch((error: unknown) => this.#parts.log.warn('not all nodes can be reached', { error }));
      return published;
    });
  }

  setPeers(peers: readonly NetworkPeer[], signal: AbortSignal): Promise<void> {
    return this.#setUp.run('', async () => {
      this.#must();
      this.#peers = peers;
      await this.#node.setPeers(peers, signal);
    });
  }

  /** What is said of pods of other nodes does no harm. */
  enforce(policies: readonly PodPolicy[], signal: AbortSignal): Promise<void> {
    return this.#setUp.run('', async () => {
      this.#enforced = policies;
      await this.#policies.enforce(policies, signal);
    });
  }

  /** Pods of other runtimes, by the socket, are nobody's that the cluster knows. */
  async attachedPods(signal: AbortSignal): Promise<readonly AttachedPod[]> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const leases = await Promise.race([this.#ready.promise, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
    return leases.all.filter(({ owner }) => owner === '').map(({ pod, addresses }) => ({ pod, addresses: addresses.map(bare) }));
  }

  /** Does again what `configure`, `setPeers` and `enforce` did last, should others have undone it. */
  async repair(signal: AbortSignal): Promise<void> {
    if (this.#configured !== undefined) await this.configure(this.#configured.network, signal);
  }

  /** @param owner whose garbage collection the attachment belongs to: the agent's when empty */
  async add(attachment: NetworkAttachment, signal: AbortSignal, owner = ''): Promise<NetworkResult> {
    checkAttachment(attachment);
    return this.#perContainer.run(keyText(attachment), async () => {
      const { leases, ranges, mtu } = this.#must();
      const netns = await checkNamespace(attachment.netns);
      const existing = leases.get(attachment);
      if (existing !== undefined) {
        if ((await this.#links.problem(existing, netns, signal)) === undefined) return this.#links.result(existing, netns, mtu);
        await this.#drop(existing);
        await this.#links.cutLeaving();
      }
      const lease = await this.#attaching.run(() => this.#attach(leases, ranges, { ...attachment, netns, portMappings: plainMappings(attachment) }, owner, signal));
      return this.#links.result(lease, netns, mtu);
    });
  }

  async del(attachment: NetworkAttachment, _signal: AbortSignal): Promise<void> {
    checkKey(attachment);
    await this.#perContainer.run(keyText(attachment), async () => {
      const lease = this.#must().leases.get(attachment);
      if (lease === undefined) this.#links.unplug(attachment);
      else await this.#drop(lease);
    });
  }

  async check(attachment: NetworkAttachment, signal: AbortSignal): Promise<void> {
    checkAttachment(attachment);
    const lease = this.#must().leases.get(attachment);
    if (lease === undefined) throw new NetworkError(cniCodes.unknownContainer, `container ${attachment.containerId} has no interface ${attachment.ifName} in this network`);
    const problem = attachment.netns === undefined ? 'there is no network namespace' : await this.#links.problem(lease, attachment.netns, signal);
    if (problem !== undefined) throw new NetworkError(cniCodes.notAsMade, problem);
  }

  /** What is under way at this moment is left alone. */
  async gc(valid: readonly AttachmentKey[], signal: AbortSignal, owner = ''): Promise<void> {
    const { leases } = this.#must();
    const kept = new Set(valid.map(keyText));
    const stale = leases.all.filter((lease) => lease.owner === owner && !kept.has(keyText(lease)) && !this.#perContainer.isBusy(keyText(lease)));
    await Promise.all(stale.map((lease) => this.#perContainer.run(keyText(lease), () => this.#drop(lease))));
    await this.#links.cutLeaving();
    await this.#links.sweep(leases.all, signal);
  }

  /** A full range is no reason to give up the node with all of its pods: `add` tells those for whom there is no room. */
  async status(signal: AbortSignal): Promise<void> {
    const { bridge } = this.#settings;
    this.#must(cniCodes.notAvailable);
    if (!(await findBridge(this.#ip, bridge, signal))?.isUp) throw new NetworkError(cniCodes.limited, `the bridge ${bridge} is not there, or down`);
  }

  /** Whether there is an attachment of this name. */
  has(key: AttachmentKey): boolean {
    return this.#leases?.get(key) !== undefined;
  }

  /** The addresses of an attachment, with prefix lengths. */
  addressesOf(key: AttachmentKey): readonly string[] {
    return this.#leases?.get(key)?.addresses ?? [];
  }

  /** Resolves when links of deleted attachments are cut, whose namespaces go on. */
  async settled(): Promise<void> {
    await this.#links.cutLeaving();
  }

  /** Pods keep their network; another process may take over. */
  async close(): Promise<void> {
    await this.#links.close();
    await this.#flows.close();
    await this.#leases?.close();
  }

  async #attach(leases: Leases, ranges: readonly AddressRange[], attachment: NetworkAttachment & { readonly netns: string }, owner: string, signal: AbortSignal): Promise<Lease> {
    const { netns } = attachment;
    const { mtu } = this.#must();
    signal.throwIfAborted();
    const { lease, stored } = leases.acquire(attachment, owner, ranges);
    try {
      await stored;
      await this.#links.plug(lease, netns, mtu);
      signal.throwIfAborted();
      await limitBandwidth(this.#ip, this.#commands, lease, mtu, signal);
      await this.#hostPorts.publish(lease);
      return lease;
    } catch (error) {
      // What cannot be undone now is left to `del` and `gc`.
      await this.#drop(lease).then(() => this.#links.cutLeaving()).catch(() => undefined);
      throw error;
    }
  }

  async #drop(lease: Lease): Promise<void> {
    await this.#hostPorts.withdraw(lease);
    this.#links.unplug(lease);
    // Until the next start it is over even if the disk does not take it.
    await this.#leases?.release(lease).catch((error: unknown) => this.#parts.log.warn('the end of a lease could not be written down', { error }));
    this.#hostPorts.forgotten(lease);
    this.#flows.leave(lease.addresses.map(bare));
  }

  async #openLeases(): Promise<Leases> {
    const { stateDir, cooldownMs } = this.#settings;
    const { clock, epoch = currentEpoch } = this.#parts;
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    const leases = new Leases({ path: join(stateDir, 'leases'), epoch: await epoch(), clock, cooldownMs });
    await leases.open();
    this.#flows.leave(leases.cooling);
    return leases;
  }

  #podCidrs(family: IpFamily): readonly string[] {
    return (this.#configured?.ranges ?? []).filter(({ cidr }) => cidr.family === family).map(({ cidr }) => cidr.toString());
  }

  #must(code: number = cniCodes.tryAgainLater): Configured {
    if (this.#configured === undefined) throw new NetworkError(code, 'the network is not set up yet: the node has no range for pods');
    return this.#configured;
  }
}

/** A kernel may have been told to have no IPv6 at all. */
const familiesHere = (): IpFamily[] => (existsSync('/proc/sys/net/ipv6') ? ['IPv4', 'IPv6'] : ['IPv4']);

/** Ranges that stay keep their place in the round of addresses. */
function rangesFor({ podCidrs }: NodeNetwork, known: readonly AddressRange[], leases: readonly Lease[]): readonly AddressRange[] {
  const ranges = podCidrs.map((text) => {
    const range = new AddressRange(text);
    return known.find(({ cidr }) => cidr.toString() === range.cidr.toString()) ?? range;
  });
  const families = ranges.map(({ cidr }) => cidr.family);
  if (ranges.length === 0 || new Set(families).size < families.length) throw new NetworkError(cniCodes.invalidConfig, `a node needs one range of each family that it has, not ${quoted(podCidrs)}`);
  const last = leases.at(-1);
  if (known.length === 0 && last !== undefined) {
    for (const range of ranges) for (const { cidr } of rangesOf(last)) if (cidr.toString() === range.cidr.toString()) range.continueAfter(cidr.address);
  }
  return ranges;
}

const plainMappings = ({ portMappings }: NetworkAttachment): NetworkAttachment['portMappings'] => portMappings.map(({ hostPort, containerPort, protocol, hostIP }) => ({
  hostPort, containerPort, protocol, ...(hostIP === undefined || hostIP === '' ? {} : { hostIP: canonicalIp(hostIP) }),
}));

