import { readMemory } from '#core/agent/node/memory.ts';
import type { Machine } from '#core/agent/node/machine.ts';
import { Quantity } from '#core/api/quantity.ts';
import type { Signal } from './thresholds.ts';

export interface Observation {
  readonly available: bigint;
  readonly capacity: bigint;
}

/** What is left of what; a signal that cannot be read is not among them. */
export type Observations = ReadonlyMap<Signal, Observation>;

export interface Places {
  /** Where the agent keeps its pods' files. */
  readonly nodeDir: string;
  /** Where the runtime keeps images and writable layers; undefined when it is not known. */
  readonly imageDir: string | undefined;
}

export async function observe(machine: Machine, { nodeDir, imageDir }: Places): Promise<Observations> {
  const [memory, node, images, pids] = await Promise.all([
    readMemory(machine).catch(() => undefined), machine.fileSystem(nodeDir).catch(() => undefined),
    imageDir === undefined ? undefined : machine.fileSystem(imageDir).catch(() => undefined), readPids(machine),
  ]);
  const found = new Map<Signal, Observation>();
  if (memory !== undefined) found.set('memory.available', { available: memory.available, capacity: memory.total });
  for (const [name, use] of [['nodefs', node], ['imagefs', images]] as const) {
    if (use === undefined) continue;
    found.set(`${name}.available`, { available: use.available, capacity: use.capacity });
    // Some file systems have no fixed number of inodes, and say 0.
    if (use.inodes > 0n) found.set(`${name}.inodesFree`, { available: use.inodesFree, capacity: use.inodes });
  }
  if (pids !== undefined) found.set('pid.available', pids);
  return found;
}

/** The kernel counts tasks; the last number of `2/315` in the load average is all of them. */
async function readPids(machine: Machine): Promise<Observation | undefined> {
  const [load, pidMax, threadsMax] = await Promise.all(['/proc/loadavg', '/proc/sys/kernel/pid_max', '/proc/sys/kernel/threads-max'].map((path) => machine.readText(path)));
  const tasks = /\d+\/(\d+)/.exec(load ?? '')?.[1];
  const limits = [pidMax, threadsMax].flatMap((text) => /^\d+/.exec(text ?? '')?.[0] ?? []).map(Number);
  if (tasks === undefined || limits.length === 0) return undefined;
  const capacity = BigInt(Math.min(...limits));
  return { available: capacity - BigInt(tasks), capacity };
}

/** Bytes for memory and disks, a plain number for what is counted. */
export const amountText = (signal: Signal, amount: bigint): string =>
  (signal.endsWith('.available') && signal !== 'pid.available' ? Quantity.ofBytes(amount) : new Quantity(amount * 1_000_000_000n, 'DecimalSI')).toString();
