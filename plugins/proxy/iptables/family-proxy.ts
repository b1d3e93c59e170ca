import type { IpFamily } from '#core/api/ip.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { ProxyProblem, ProxyReport, ProxyState } from '#core/spi/service-proxy.ts';
import type { RunCommand } from './commands.ts';
import { FlowCleaner } from './flow-cleaner.ts';
import { FrontDoors } from './front-doors.ts';
import { KernelTables, RefusedInput, type Backend } from './kernel-tables.ts';
import { base } from './names.ts';
import { changeOf, restoreInputs, sizeOf, type Change, type TableChange } from './restore-input.ts';
import { Ruleset, tables, type ChainTexts, type Table } from './ruleset.ts';
import type { Saved } from './saved-rules.ts';

export interface FamilyProxyOptions {
  readonly family: IpFamily;
  readonly run: RunCommand;
  readonly backend: Backend;
  readonly externalIPs: boolean;
  readonly masqueradeMark: number;
  readonly lockSeconds: number;
  readonly logger: Logger;
}

/** More ports than this that the kernel refuses, and something else is wrong. */
const mostRefused = 20;

/** The rules of one IP family. */
export class FamilyProxy {
  readonly #options: FamilyProxyOptions;
  readonly #tables: KernelTables;
  readonly #ruleset: Ruleset;
  readonly #doors: FrontDoors;
  readonly #cleaner: FlowCleaner;
  /** How this machine's iptables prints chains whose rules it was given in other words. */
  readonly #printed = new Map<string, { readonly given: string; readonly printed: string }>();
  /** What the kernel has, as far as we know; undefined when nothing is known. */
  #applied: Record<Table, Map<string, string>> | undefined;
  #isFirst = true;
  /** The programs have been seen to work here. */
  #works = false;

  constructor(options: FamilyProxyOptions) {
    this.#options = options;
    this.#tables = new KernelTables(options);
    this.#ruleset = new Ruleset(options);
    this.#doors = new FrontDoors(options.family, options.externalIPs);
    this.#cleaner = new FlowCleaner(options.family, options.run);
  }

  async sync(state: ProxyState, changed: ReadonlySet<string> | undefined, signal: AbortSignal): Promise<ProxyReport> {
    try {
      return await this.#sync(state, changed, signal);
    } catch (error) {
      signal.throwIfAborted();
      // A machine without IPv6 serves IPv4 none the worse.
      if (this.#works || this.#options.family === 'IPv4' || !ProviderError.is(error)) throw error;
      const ports = [...state.ports.values()].filter(({ family }) => family === 'IPv6');
      return { problems: ports.map(({ key }) => ({ port: key, message: `this machine has no packet filter for IPv6: ${error.message}` })), repaired: 0 };
    }
  }

  async #sync(state: ProxyState, changed: ReadonlySet<string> | undefined, signal: AbortSignal): Promise<ProxyReport> {
    this.#ruleset.update(state, changed);
    const looks = this.#doors.update(state, changed);
    const repaired = await this.#enforce(changed === undefined || this.#applied === undefined, signal);
    // Rules first: what is forgotten before would be remembered again, and wrong.
    const trouble = looks.size === 0 ? undefined : await this.#cleaner.clean(this.#doors, looks, signal);
    const problems: ProxyProblem[] = [...this.#ruleset.invalid].map(([port, message]) => ({ port, message }));
    return { problems: trouble === undefined ? problems : [...problems, { message: trouble }], repaired };
  }

  /** A chain that a flush of the table empties, and the first jump of each. */
  async intact(signal: AbortSignal): Promise<boolean> {
    if (!this.#works) return true;
    const wanted = [['nat', base.canary, '-j RETURN'], ['filter', base.canary, '-j RETURN'], ['nat', 'PREROUTING', `-j ${base.services}`]] as const;
    for (const [table, chain, rule] of wanted) {
      const rules = await this.#tables.chain(table, chain, signal);
      if (rules?.includes(`-A ${chain} ${rule}`) !== true) return false;
    }
    return true;
  }

  async status(signal: AbortSignal): Promise<void> {
    await this.#tables.version(signal);
    await this.#tables.read(signal);
  }

  async remove(signal: AbortSignal): Promise<void> {
    const saved = await this.#tables.read(signal);
    this.#applied = undefined;
    const gone = ({ chains, strays }: Saved[Table], table: Table): TableChange => ({
      writes: new Map(), deletes: [...chains.keys()], jumps: [], strays: [...strays, ...[...saved[table].jumps].map(({ chain, rule }) => `${chain} ${rule}`)],
    });
    for (const input of restoreInputs({ nat: gone(saved.nat, 'nat'), filter: gone(saved.filter, 'filter') })) await this.#tables.apply(input, signal);
  }

  /** Brings the kernel to the rule set. A port whose rules it refuses is left out. */
  async #enforce(full: boolean, signal: AbortSignal): Promise<number> {
    for (let refused = 0; ; refused++) {
      try {
        return full || this.#applied === undefined ? await this.#compare(signal) : await this.#step(this.#applied, signal);
      } catch (error) {
        this.#applied = undefined;
        const owner = error instanceof RefusedInput && error.chain !== undefined ? this.#ruleset.ownerOf(error.chain) : undefined;
        if (owner === undefined || refused >= mostRefused || !(error instanceof Error)) throw error;
        this.#ruleset.exclude(owner, `the kernel does not take its rules: ${error.message}`);
      }
    }
  }

  /** What has changed since the last time, believing that nobody else changed anything. */
  async #step(applied: Record<Table, Map<string, string>>, signal: AbortSignal): Promise<number> {
    const change: Change = { nat: this.#touched('nat', applied.nat), filter: this.#touched('filter', applied.filter) };
    for (const input of restoreInputs(change)) await this.#tables.apply(input, signal);
    for (const table of tables) note(applied[table], change[table]);
    return 0;
  }

  #touched(table: Table, applied: ChainTexts): TableChange {
    const writes = new Map<string, string>();
    const deletes: string[] = [];
    for (const chain of this.#ruleset.takeTouched(table)) {
      const text = this.#ruleset.chains(table).get(chain);
      if (text === undefined ? applied.has(chain) : applied.get(chain) !== text) {
        if (text === undefined) deletes.push(chain);
        else writes.set(chain, text);
      }
    }
    return { writes, deletes, jumps: [], strays: [] };
  }

  /** Everything, against what the kernel really has. Returns how many things were not as this process had left them. */
  async #compare(signal: AbortSignal): Promise<number> {
    const expected = this.#applied;
    const saved = this.#inOwnWords(await this.#tables.read(signal));
    this.#works = true;
    const wanted = { nat: this.#ruleset.chains('nat'), filter: this.#ruleset.chains('filter') };
    const change: Change = { nat: changeOf('nat', wanted.nat, saved.nat), filter: changeOf('filter', wanted.filter, saved.filter) };
    const changes = sizeOf(change);
    for (const input of restoreInputs(change)) await this.#tables.apply(input, signal);
    for (const table of tables) this.#ruleset.takeTouched(table);
    const isRepair = !this.#isFirst && changes > 0;
    this.#isFirst = false;
    this.#applied = { nat: new Map(wanted.nat), filter: new Map(wanted.filter) };
    if (isRepair) await this.#learn(change, signal);
    return expected === undefined ? 0 : foreignChanges(saved, expected, change);
  }

  /** What iptables prints in other words than it was given is no change. */
  #inOwnWords(saved: Saved): Saved {
    for (const table of tables) {
      for (const [chain, { given, printed }] of this.#printedIn(table)) {
        if (saved[table].chains.get(chain) === printed) saved[table].chains.set(chain, given);
      }
    }
    return saved;
  }

  /** Right after it was written, whatever a chain prints as is what we gave. */
  async #learn(change: Change, signal: AbortSignal): Promise<void> {
    const saved = await this.#tables.read(signal);
    for (const table of tables) {
      for (const [chain] of this.#printedIn(table)) if (!this.#ruleset.chains(table).has(chain)) this.#printed.delete(`${table} ${chain}`);
      for (const [chain, given] of change[table].writes) {
        const printed = saved[table].chains.get(chain);
        if (printed === undefined || printed === given) this.#printed.delete(`${table} ${chain}`);
        else this.#printed.set(`${table} ${chain}`, { given, printed });
      }
    }
  }

  #printedIn(table: Table): readonly (readonly [string, { readonly given: string; readonly printed: string }])[] {
    return [...this.#printed].filter(([key]) => key.startsWith(`${table} `)).map(([key, value]) => [key.slice(table.length + 1), value] as const);
  }
}

function note(applied: Map<string, string>, { writes, deletes }: TableChange): void {
  for (const [chain, text] of writes) applied.set(chain, text);
  for (const chain of deletes) applied.delete(chain);
}

/** Chains that are not as they were left, and jumps that are gone or have been added. */
function foreignChanges(saved: Saved, expected: Record<Table, ChainTexts>, change: Change): number {
  return tables.reduce((sum, table) => {
    const { chains } = saved[table];
    const changed = [...expected[table]].filter(([chain, text]) => chains.get(chain) !== text).length;
    return sum + changed + change[table].jumps.length + change[table].strays.length;
  }, 0);
}

