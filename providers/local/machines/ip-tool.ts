import type { IpFamily } from '#core/api/ip.ts';
import { ProviderError } from '#core/spi/errors.ts';

/** Runs a program of the machine, without a shell, as `RunCommand` of this provider does. */
export type Run = (program: string, args: readonly string[], signal: AbortSignal) => Promise<{ readonly exitCode: number; readonly output: string; readonly complaint: string }>;

/** What `ip -json address` tells of an interface. */
export interface Link {
  readonly ifname: string;
  readonly addr_info?: readonly { readonly local: string; readonly prefixlen: number; readonly scope: string }[];
}

/** What `ip -json route` tells of a route. */
export interface KernelRoute {
  /** An address or a range, or `default`. */
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly protocol?: string;
}

/** `ip` of iproute2, in the network of this process or in a named one. */
export class IpTool {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  /** @throws {ProviderError} Unavailable */
  async do(args: readonly string[], signal: AbortSignal): Promise<void> {
    const { exitCode, complaint } = await this.#run('ip', args, signal);
    if (exitCode !== 0) throw new ProviderError('Unavailable', `ip ${args.join(' ')} failed: ${complaint}`);
  }

  /** As `do`, where it may have been done before. */
  async ensure(args: readonly string[], signal: AbortSignal): Promise<void> {
    const { exitCode, complaint } = await this.#run('ip', args, signal);
    if (exitCode !== 0 && !/File exists|already exists|already assigned/.test(complaint)) throw new ProviderError('Unavailable', `ip ${args.join(' ')} failed: ${complaint}`);
  }

  /** Sets kernel parameters there; those that the kernel does not have are passed over. */
  async set(namespace: string, settings: readonly string[], signal: AbortSignal): Promise<void> {
    const { exitCode, complaint } = await this.#run('ip', ['netns', 'exec', namespace, 'sysctl', '-e', '-q', '-w', ...settings], signal);
    if (exitCode !== 0) throw new ProviderError('Unavailable', `sysctl ${settings.join(' ')} failed: ${complaint}`);
  }

  /** @throws {ProviderError} Unavailable */
  async namespaces(signal: AbortSignal): Promise<readonly string[]> {
    const { exitCode, output, complaint } = await this.#run('ip', ['netns', 'list'], signal);
    if (exitCode !== 0) throw new ProviderError('Unavailable', `ip netns list failed: ${complaint}`);
    return output.split('\n').map((line) => line.split(' ', 1)[0] ?? '').filter((name) => name !== '');
  }

  /** Undefined when it is not there. `namespace` '' is this process's. */
  async link(namespace: string, name: string, signal: AbortSignal): Promise<Link | undefined> {
    const { exitCode, output } = await this.#run('ip', [...(namespace === '' ? [] : ['-n', namespace]), '-json', 'address', 'show', 'dev', name], signal);
    return exitCode === 0 ? (JSON.parse(output) as Link[]).find(({ ifname }) => ifname === name) : undefined;
  }

  /** Routes of this process's network. A kernel without IPv6 has none of that. @throws {ProviderError} Unavailable */
  async routes(match: readonly string[], families: readonly IpFamily[], signal: AbortSignal): Promise<readonly KernelRoute[]> {
    const found: KernelRoute[] = [];
    for (const family of families) {
      const { exitCode, output, complaint } = await this.#run('ip', [family === 'IPv4' ? '-4' : '-6', '-N', '-json', 'route', 'show', ...match], signal);
      if (exitCode !== 0 && family === 'IPv4') throw new ProviderError('Unavailable', `ip route show ${match.join(' ')} failed: ${complaint}`);
      if (exitCode === 0) found.push(...(JSON.parse(output === '' ? '[]' : output) as KernelRoute[]));
    }
    return found;
  }

  /** Where packets of this process's network go, as `ip -json route` tells. */
  async destinations(signal: AbortSignal): Promise<readonly string[]> {
    const { exitCode, output } = await this.#run('ip', ['-json', 'route', 'show', 'table', 'all'], signal);
    return exitCode === 0 ? (JSON.parse(output) as { dst: string }[]).map(({ dst }) => dst) : [];
  }
}

/** IPv4 first, without those that only the link knows. */
export const addressesOf = ({ addr_info: all = [] }: Link): string[] =>
  all.filter(({ scope }) => scope === 'global').map(({ local }) => local).sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')));
