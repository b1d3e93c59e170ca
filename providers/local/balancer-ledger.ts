import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseIp } from '#core/api/ip.ts';
import type { LoadBalancerOwner } from '#core/spi/load-balancers.ts';

/** Whose addresses are whose, from before anything is done with them. */
export interface LedgerEntry {
  readonly owner: LoadBalancerOwner;
  /** One of each family at most. */
  readonly addresses: readonly string[];
  /** Those of them that were, or are about to be, given to this machine. */
  readonly added: readonly string[];
  /** Such as `TCP 80`: what nobody else may have at an address that is shared. */
  readonly ports: readonly string[];
}

/** A file for each load balancer, in a folder that belongs to this process. */
export class Ledger {
  readonly #folder: string;
  readonly #entries = new Map<string, LedgerEntry>();
  #loading: Promise<void> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get entries(): readonly LedgerEntry[] {
    return [...this.#entries.values()];
  }

  of({ uid }: LoadBalancerOwner): LedgerEntry | undefined {
    return this.#entries.get(uid);
  }

  /** Reads what an earlier process wrote; once. */
  load(): Promise<void> {
    this.#loading ??= this.#read().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async put(entry: LedgerEntry): Promise<void> {
    const path = this.#path(entry.owner);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const file = await open(`${path}.new`, 'w', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(entry)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    this.#entries.set(entry.owner.uid, entry);
  }

  async remove(owner: LoadBalancerOwner): Promise<void> {
    await rm(this.#path(owner), { force: true });
    this.#entries.delete(owner.uid);
  }

  #path({ uid }: LoadBalancerOwner): string {
    return join(this.#folder, `${fileName(uid)}.json`);
  }

  async #read(): Promise<void> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    });
    for (const name of names.filter((one) => one.endsWith('.json'))) {
      const entry = decode(await readFile(join(this.#folder, name), 'utf8'));
      if (entry !== undefined && `${fileName(entry.owner.uid)}.json` === name) this.#entries.set(entry.owner.uid, entry);
    }
  }
}

/** @throws {RangeError} UIDs are the API server's, and become names of files here */
function fileName(uid: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/i.test(uid)) throw new RangeError(`${JSON.stringify(uid)} is no UID`);
  return uid;
}

/** Undefined for what this version did not write: a file cut short says nothing, and what it stood for was not begun. */
function decode(text: string): LedgerEntry | undefined {
  try {
    const { owner, addresses, added, ports } = JSON.parse(text) as LedgerEntry;
    const isList = (list: readonly unknown[]): boolean => Array.isArray(list) && list.every((address) => typeof address === 'string' && parseIp(address) !== undefined);
    return /^[a-z0-9][a-z0-9-]{0,62}$/i.test(owner.uid) && isList(addresses) && isList(added) ? { owner, addresses, added, ports: ports.filter((port) => typeof port === 'string') } : undefined;
  } catch {
    return undefined;
  }
}
