import type { IpFamily } from '#core/api/ip.ts';
import type { RunCommand } from './commands.ts';
import { deletion, parseFlow, type Flow } from './flows.ts';
import type { FrontDoors } from './front-doors.ts';

/** Makes the kernel forget flows that lead to endpoints that are gone: UDP knows no end, and a client that keeps sending would never find another. */
export class FlowCleaner {
  readonly #family: 'ipv4' | 'ipv6';
  readonly #run: RunCommand;

  constructor(family: IpFamily, run: RunCommand) {
    this.#family = family === 'IPv4' ? 'ipv4' : 'ipv6';
    this.#run = run;
  }

  /** Returns what went wrong, as a sentence; undefined when nothing did. Rejects only when the signal aborts. */
  async clean(doors: FrontDoors, protocols: ReadonlySet<Flow['protocol']>, signal: AbortSignal): Promise<string | undefined> {
    try {
      const stale = new Set<string>();
      for (const protocol of protocols) {
        const { exitCode, output, complaint } = await this.#run('conntrack', ['-L', '-f', this.#family, '-p', protocol], '', signal);
        if (exitCode !== 0) return `conntrack cannot tell what the kernel remembers: ${complaint}`;
        for (const line of output.split('\n')) {
          const flow = parseFlow(line);
          if (flow !== undefined && doors.isStale(flow)) stale.add(deletion(this.#family, flow));
        }
      }
      await this.#forget([...stale], signal);
      doors.looked();
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      return `stale connections are not forgotten: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  async #forget(deletions: readonly string[], signal: AbortSignal): Promise<void> {
    if (deletions.length === 0) return;
    // Since 1.4.7; each deletion walks over all flows, but a process for each would cost more.
    const { exitCode } = await this.#run('conntrack', ['-R', '-'], `${deletions.join('\n')}\n`, signal);
    if (exitCode === 0) return;
    // It ends with 1 when there was nothing to forget: somebody else, or time, was faster.
    for (const line of deletions) await this.#run('conntrack', line.split(' '), '', signal);
  }
}
