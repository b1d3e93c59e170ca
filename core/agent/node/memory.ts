import type { Machine } from './machine.ts';

/** Bytes. */
export interface Memory {
  readonly total: bigint;
  /** What the kernel could give to programs without swapping. */
  readonly available: bigint;
  readonly swap: bigint;
}

/** @throws {Error} when the machine says nothing about its memory */
export async function readMemory(machine: Machine): Promise<Memory> {
  const text = (await machine.readText('/proc/meminfo')) ?? '';
  const values = new Map<string, bigint>();
  for (const [, name = '', kibibytes = '0'] of text.matchAll(/^(\w+):\s+(\d+) kB$/gm)) values.set(name, BigInt(kibibytes) * 1024n);
  const total = values.get('MemTotal');
  if (total === undefined) throw new Error('/proc/meminfo does not say how much memory the machine has');
  return { total, available: values.get('MemAvailable') ?? values.get('MemFree') ?? 0n, swap: values.get('SwapTotal') ?? 0n };
}

const pagesFolder = '/sys/kernel/mm/hugepages';

/** Bytes reserved for huge pages, by resource name: `hugepages-2Mi`. Sizes that the kernel offers and nobody reserved are there with 0. */
export async function readHugePages(machine: Machine): Promise<ReadonlyMap<string, bigint>> {
  const found = new Map<string, bigint>();
  for (const folder of await machine.list(pagesFolder)) {
    const [, kibibytes] = /^hugepages-(\d+)kB$/.exec(folder) ?? [];
    if (kibibytes === undefined) continue;
    const count = BigInt(/^\d+/.exec((await machine.readText(`${pagesFolder}/${folder}/nr_hugepages`)) ?? '')?.[0] ?? 0);
    found.set(`hugepages-${pageSizeText(BigInt(kibibytes))}`, count * BigInt(kibibytes) * 1024n);
  }
  return found;
}

function pageSizeText(kibibytes: bigint): string {
  if (kibibytes % 1048576n === 0n) return `${kibibytes / 1048576n}Gi`;
  return kibibytes % 1024n === 0n ? `${kibibytes / 1024n}Mi` : `${kibibytes}Ki`;
}
