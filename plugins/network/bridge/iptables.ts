import type { IpFamily } from '#core/api/ip.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { cniCodes } from '#plugins/network/cni-error.ts';
import type { Commands } from './commands.ts';
import { runCommand } from './commands.ts';

export type Table = 'nat' | 'filter';

/** Chains of ours with their rules, as `iptables-restore` reads them. */
export type Chains = Readonly<Record<string, readonly string[]>>;

/** A rule in a chain of the kernel's own that leads to one of ours. */
export interface Jump {
  readonly from: 'PREROUTING' | 'OUTPUT' | 'POSTROUTING' | 'FORWARD';
  /** What comes between the chain's name and `-j`, as `iptables -S` prints it. */
  readonly match: string;
  readonly to: string;
  /** First of all but for the chains of services, which must be able to refuse; or somewhere after those. */
  readonly place: 'first' | 'last';
}

/** Seconds that a lock held by others is waited for. */
const LOCK_SECONDS = 5;

/** Chains in which services are refused or translated: what they decide comes before what is decided here. */
const services = /^(KEELSON-SERVICES|KUBE-SERVICES|KUBE-EXTERNAL-SERVICES|KUBE-PROXY-FIREWALL)$/;

/** One family's packet filter, by its programs. Only chains of our own are ever written, and jumps to them. */
export class Iptables {
  readonly family: IpFamily;
  readonly #program: string;
  readonly #commands: Commands;

  /** @param program `iptables`, or the name of a variant such as `iptables-legacy` */
  constructor(family: IpFamily, program: string, commands: Commands) {
    this.family = family;
    this.#program = family === 'IPv4' ? program : program.replace('iptables', 'ip6tables');
    this.#commands = commands;
  }

  /** Makes the chains what they should be, in one transaction. @throws {NetworkError} 11 */
  async restore(table: Table, chains: Chains, signal: AbortSignal, more: readonly string[] = []): Promise<void> {
    const names = Object.keys(chains).map((name) => `:${name} - [0:0]`);
    const rules = Object.entries(chains).flatMap(([name, each]) => each.map((rule) => `-A ${name} ${rule}`));
    const input = [`*${table}`, ...names, ...rules, ...more, 'COMMIT', ''].join('\n');
    const { exitCode, complaint } = await this.#run(`${this.#program}-restore`, ['--noflush', '-w', String(LOCK_SECONDS)], signal, input);
    if (exitCode !== 0) throw new NetworkError(cniCodes.tryAgainLater, `${this.#program}-restore: ${complaint}`, input.slice(0, 2000));
  }

  /** The rules of one chain; undefined when it is not there. */
  async rules(table: Table, chain: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const { exitCode, output } = await this.#run(this.#program, ['-w', String(LOCK_SECONDS), '-t', table, '-S', chain], signal);
    return exitCode === 0 ? output.split('\n').filter((line) => line.startsWith('-A ')).map((line) => line.slice(`-A ${chain} `.length).trim()) : undefined;
  }

  /** Names of the table's chains that begin so. */
  async chains(table: Table, prefix: string, signal: AbortSignal): Promise<readonly string[]> {
    const { output } = await this.#run(this.#program, ['-w', String(LOCK_SECONDS), '-t', table, '-S'], signal);
    return output.split('\n').filter((line) => line.startsWith(`-N ${prefix}`)).map((line) => line.slice('-N '.length).trim());
  }

  /** Puts each jump where it belongs, once. What is right stays untouched. */
  async ensureJumps(table: Table, jumps: readonly Jump[], signal: AbortSignal): Promise<void> {
    const edits: string[] = [];
    for (const jump of jumps) edits.push(...jumpEdits(jump, (await this.rules(table, jump.from, signal)) ?? []));
    if (edits.length > 0) await this.restore(table, {}, signal, edits);
  }

  /** Takes the jumps away, and then the chains. What is not there is left out. */
  async remove(table: Table, jumps: readonly Pick<Jump, 'from' | 'to'>[], chains: readonly string[], signal: AbortSignal): Promise<void> {
    const edits: string[] = [];
    for (const { from, to } of jumps) edits.push(...((await this.rules(table, from, signal)) ?? []).filter((rule) => targetOf(rule) === to).map((rule) => `-D ${from} ${rule}`));
    const there: string[] = [];
    for (const chain of chains) if ((await this.rules(table, chain, signal)) !== undefined) there.push(chain);
    if (edits.length + there.length === 0) return;
    await this.restore(table, Object.fromEntries(there.map((chain) => [chain, []])), signal, [...edits, ...there.map((chain) => `-X ${chain}`)]);
  }

  #run(program: string, args: readonly string[], signal: AbortSignal, input = '') {
    return runCommand(this.#commands, [program, ...args], signal, input);
  }
}

const targetOf = (rule: string): string | undefined => / ?-[jg] (\S+)/.exec(rule)?.[1];

function jumpEdits({ from, match, to, place }: Jump, rules: readonly string[]): string[] {
  const wanted = `${match} -j ${to}`.trim();
  const ours = rules.flatMap((rule, index) => (targetOf(rule) === to ? [index] : []));
  const lastService = rules.findLastIndex((rule) => services.test(targetOf(rule) ?? ''));
  const at = ours[0];
  const isRight = ours.length === 1 && at !== undefined && rules[at] === wanted && at > lastService && (place === 'last' || at === lastService + 1);
  if (isRight) return [];
  const removals = ours.map((index) => `-D ${from} ${rules[index] ?? ''}`);
  if (place === 'last') return [...removals, `-A ${from} ${wanted}`];
  const removedBefore = ours.filter((index) => index <= lastService).length;
  return [...removals, `-I ${from} ${lastService + 2 - removedBefore} ${wanted}`];
}
