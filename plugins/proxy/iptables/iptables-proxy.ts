import { existsSync } from 'node:fs';
import type { IpFamily } from '#core/api/ip.ts';
import { systemClock, type Clock } from '#core/kernel/clock.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { ProxyProblem, ProxyReport, ProxyState, ServiceProxy, Tripwire } from '#core/spi/service-proxy.ts';
import { IgnoredExternalIPs } from '#plugins/proxy/external-ips.ts';
import { commandsIn, type RunCommand } from './commands.ts';
import { FamilyProxy } from './family-proxy.ts';
import type { Backend } from './kernel-tables.ts';
import { LoopbackNodePorts } from './loopback-node-ports.ts';

export interface IptablesProxyOptions {
  readonly logger: Logger;
  /** Path of the network namespace to work in, such as `/run/netns/node1`; that of this process by default. */
  readonly netns?: string;
  /** Default: both. */
  readonly families?: readonly IpFamily[];
  /** Default: `auto`. */
  readonly backend?: Backend;
  /** Serve `spec.externalIPs`, by which whoever may make a service can take over any address (CVE-2020-8554). Default: false. */
  readonly externalIPs?: boolean;
  /** Bit of the packet mark that means "masquerade". Default: 0x4000, as kube-proxy's. */
  readonly masqueradeMark?: number;
  /** Seconds to wait for another program that holds the lock of iptables. Default: 5. */
  readonly lockSeconds?: number;
  /** Serve node ports of TCP on this process's loopback too, by forwarding them itself. Default: false. */
  readonly loopbackNodePorts?: boolean;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Instead of the machine's programs. */
  readonly run?: RunCommand;
}

const defaults = { families: ['IPv4', 'IPv6'], backend: 'auto', externalIPs: false, masqueradeMark: 0x4000, lockSeconds: 5, loopbackNodePorts: false, clock: systemClock } as const;

/** Services as rules of the kernel's packet filter. See README.md for the chains. */
export class IptablesProxy implements ServiceProxy, Tripwire {
  readonly name = 'iptables';
  readonly #families: readonly FamilyProxy[];
  readonly #loopback: LoopbackNodePorts | undefined;
  readonly #ignored: IgnoredExternalIPs | undefined;
  readonly #netns: string | undefined;

  /** @throws {RangeError} naming the option */
  constructor(options: IptablesProxyOptions) {
    const { logger, families, masqueradeMark, lockSeconds, loopbackNodePorts, clock, netns, run = commandsIn(netns), ...others } = { ...defaults, ...options };
    if (!Number.isInteger(Math.log2(masqueradeMark)) || masqueradeMark >= 2 ** 32) throw new RangeError(`masqueradeMark must be one bit of 32, not ${masqueradeMark}`);
    if (!Number.isInteger(lockSeconds) || lockSeconds < 1) throw new RangeError(`lockSeconds must be a whole number of seconds from 1 on, not ${lockSeconds}`);
    this.#netns = netns;
    this.#ignored = others.externalIPs ? undefined : new IgnoredExternalIPs();
    this.#loopback = loopbackNodePorts ? new LoopbackNodePorts(clock) : undefined;
    this.#families = families.map((family) => new FamilyProxy({ ...others, family, run, masqueradeMark, lockSeconds, logger: logger.with({ family }) }));
  }

  async sync(state: ProxyState, changed: ReadonlySet<string> | undefined, signal: AbortSignal): Promise<ProxyReport> {
    // Side by side: each waits for its programs most of the time.
    const reports = await settled(this.#families.map((family) => family.sync(state, changed, signal)));
    const problems: ProxyProblem[] = [...new Map(reports.flatMap((report) => report.problems).map((problem) => [`${problem.port} ${problem.message}`, problem])).values()];
    const left = new Set(problems.map(({ port }) => port));
    await this.#loopback?.sync(state.ports, changed, (key) => !left.has(key), signal);
    const ignored = this.#ignored?.update(state.ports, changed) ?? [];
    return { problems: [...problems, ...ignored], repaired: reports.reduce((sum, { repaired }) => sum + repaired, 0) };
  }

  async intact(signal: AbortSignal): Promise<boolean> {
    return (await settled(this.#families.map((family) => family.intact(signal)))).every(Boolean);
  }

  async status(signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const family of this.#families) {
      try {
        await family.status(signal);
        return;
      } catch (error) {
        failures.push(error);
      }
    }
    signal.throwIfAborted();
    const [first] = failures;
    throw first instanceof ProviderError ? first : new ProviderError('Invalid', 'iptables does not work here', { cause: first });
  }

  async remove(signal: AbortSignal): Promise<void> {
    await this.close();
    // With the namespace everything in it is gone.
    if (this.#netns !== undefined && !existsSync(this.#netns)) return;
    await settled(this.#families.map((family) => family.remove(signal)));
  }

  /** Ends what goes through this process. Rules stay, and with them the services. */
  async close(): Promise<void> {
    await this.#loopback?.close();
  }
}

/** Waits for all before the first failure is thrown, so that nothing is still running then. */
async function settled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(promises);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
