import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import type { ContainerCreateOptions } from 'dockerode';
import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { mountOf } from './container-options.ts';
import type { Inspected } from './inspected.ts';

/** Where a sandbox finds the network namespace of its node. */
const mountPoint = '/netns';

/** The program of the sandbox needs but a moment. */
const patienceMs = 5000;
const lookEveryMs = 10;

/** What a sandbox needs to be in the node's own network. */
export interface NodeNetwork {
  options(hostname: string): ContainerCreateOptions;
  /** Whether the process is in it, for one that has had the time to get there. */
  holds(pid: number): Promise<boolean>;
  /** Resolves to what is there of a sandbox that was just started, when it is in the network. @throws {ProviderError} when it does not get there */
  arrival(look: () => Promise<Inspected | undefined>, signal: AbortSignal): Promise<Inspected | undefined>;
}

/** The network of the computer on which the engine runs. */
export const engineNetwork: NodeNetwork = {
  options: (hostname) => ({ Hostname: hostname, HostConfig: { NetworkMode: 'host' } }),
  holds: async () => true,
  arrival: async (look) => look(),
};

/**
 * A network namespace of the computer on which the engine and this process run. Docker joins none by its path; so the sandbox begins with a network
 * of nobody's and goes there itself (`pauseProgram`), and the containers that join the sandbox are there too.
 */
export class NamedNetwork implements NodeNetwork {
  readonly #path: string;
  readonly #node: string;
  readonly #clock: Clock;

  /** @param path of a network namespace: `/run/netns/NAME` */
  constructor(path: string, node: string, clock: Clock) {
    this.#path = path;
    this.#node = node;
    this.#clock = clock;
  }

  options(hostname: string): ContainerCreateOptions {
    return {
      Hostname: hostname || this.#node,
      Cmd: [mountPoint],
      // Only so has it the capabilities. It gives up both.
      User: '0:65535',
      HostConfig: { NetworkMode: 'none', CapAdd: ['SYS_ADMIN', 'SETUID'], Mounts: [mountOf({ hostPath: this.#path, containerPath: mountPoint, readOnly: true })] },
    };
  }

  async holds(pid: number): Promise<boolean> {
    const [node, process] = await Promise.all([this.#path, `/proc/${pid}/ns/net`].map((path) => stat(path).catch(() => undefined)));
    return node !== undefined && process !== undefined && node.dev === process.dev && node.ino === process.ino;
  }

  async arrival(look: () => Promise<Inspected | undefined>, signal: AbortSignal): Promise<Inspected | undefined> {
    const end = this.#clock.now() + patienceMs;
    for (;;) {
      const seen = await look();
      if (seen === undefined || (seen.running && (await this.holds(seen.pid)))) return seen;
      const why = seen.running ? 'it is still somewhere else' : `it has ended with ${errorName(seen.exitCode)}`;
      if (!seen.running || this.#clock.now() >= end) throw new ProviderError('Unavailable', `the sandbox ${seen.id} did not get into the network of the node, ${this.#path}: ${why}`);
      await this.#clock.sleep(lookEveryMs, signal);
    }
  }
}

const errorName = (code: number): string => Object.entries(constants.errno).find(([, number]) => number === code)?.[0] ?? String(code);
