import type { FileSystemUse, Machine } from '#core/agent/node/machine.ts';
import { readMemory, type Memory } from '#core/agent/node/memory.ts';
import type { Clock } from '#core/kernel/clock.ts';

export interface InterfaceFigures {
  readonly name: string;
  readonly rxBytes: bigint;
  readonly rxErrors: bigint;
  readonly txBytes: bigint;
  readonly txErrors: bigint;
}

/** What is measured of a node. What the machine does not tell is undefined. */
export interface NodeFigures {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Since when the machine runs, in milliseconds since the epoch. */
  readonly startedAt?: number | undefined;
  /** Nanoseconds of all processors together since then. */
  readonly cpuNanoseconds?: bigint | undefined;
  readonly memory?: Memory | undefined;
  /** Where the agent keeps what pods write. */
  readonly fs?: FileSystemUse | undefined;
  /** Where images and writable layers are. */
  readonly imageFs?: FileSystemUse | undefined;
  readonly interfaces: readonly InterfaceFigures[];
  /** Processes that there are, and may be. */
  readonly processes?: { readonly running: number; readonly most: number } | undefined;
}

export interface NodeSummary {
  readonly nodeName: string;
  read(signal: AbortSignal): Promise<NodeFigures>;
}

/** Of /proc/stat's unit there are a hundred in a second, on every kernel with Linux' ABI. */
const nanosecondsPerTick = 10_000_000n;

/** Reads the figures of the machine on which the agent runs. */
export class MachineSummary implements NodeSummary {
  readonly nodeName: string;
  readonly #machine: Machine;
  readonly #clock: Clock;
  readonly #rootDir: string;
  readonly #imageFileSystem: (signal: AbortSignal) => Promise<string>;

  /** @param where `rootDir`: a path on the file system of the pods' files; `imageFileSystem`: as `RuntimeMonitor`'s */
  constructor(nodeName: string, machine: Machine, clock: Clock, where: { readonly rootDir: string; imageFileSystem(signal: AbortSignal): Promise<string> }) {
    this.nodeName = nodeName;
    this.#machine = machine;
    this.#clock = clock;
    this.#rootDir = where.rootDir;
    this.#imageFileSystem = (signal) => where.imageFileSystem(signal);
  }

  async read(signal: AbortSignal): Promise<NodeFigures> {
    const machine = this.#machine;
    const [stat = '', network = '', load = '', most = '', memory, fs, imageFs] = await Promise.all([
      machine.readText('/proc/stat'), machine.readText('/proc/net/dev'), machine.readText('/proc/loadavg'), machine.readText('/proc/sys/kernel/pid_max'),
      readMemory(machine).catch(() => undefined),
      machine.fileSystem(this.#rootDir).catch(() => undefined),
      this.#imageFileSystem(signal).then((path) => machine.fileSystem(path)).catch(() => undefined),
    ]);
    const running = Number(/\/(\d+)/.exec(load)?.[1] ?? NaN);
    const bootSeconds = Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? NaN);
    return {
      time: this.#clock.now(), startedAt: Number.isNaN(bootSeconds) ? undefined : bootSeconds * 1000, cpuNanoseconds: cpuIn(stat), memory, fs, imageFs,
      interfaces: interfacesIn(network), processes: Number.isNaN(running) || most === '' ? undefined : { running, most: Number(most) },
    };
  }
}

/** The first line has ticks of user, nice, system, idle, iowait, irq, softirq and steal. */
function cpuIn(stat: string): bigint | undefined {
  const [, fields] = /^cpu +([\d ]+)$/m.exec(stat) ?? [];
  if (fields === undefined) return undefined;
  const [user = 0n, nice = 0n, system = 0n, , , irq = 0n, softirq = 0n] = fields.trim().split(/ +/).map(BigInt);
  return (user + nice + system + irq + softirq) * nanosecondsPerTick;
}

function interfacesIn(text: string): InterfaceFigures[] {
  return [...text.matchAll(/^ *([^\s:]+): *([\d ]+)$/gm)].flatMap(([, name = '', fields = '']) => {
    const numbers = fields.trim().split(/ +/).map(BigInt);
    const [rxBytes = 0n, , rxErrors = 0n] = numbers;
    const [txBytes = 0n, , txErrors = 0n] = numbers.slice(8);
    return name === 'lo' ? [] : [{ name, rxBytes, rxErrors, txBytes, txErrors }];
  });
}
