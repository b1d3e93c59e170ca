import { jumps, tables, type ChainTexts, type Jump, type Table } from './ruleset.ts';
import type { SavedTable } from './saved-rules.ts';

/** What has to be done to one table. */
export interface TableChange {
  /** Chains to be made or filled anew, with their rules as lines. */
  readonly writes: ReadonlyMap<string, string>;
  readonly deletes: readonly string[];
  /** Jumps that are missing. */
  readonly jumps: readonly Jump[];
  /** Rules of the kernel's chains that must go. */
  readonly strays: readonly string[];
}

export type Change = Record<Table, TableChange>;

/** From what stands there to what is wanted. */
export function changeOf(table: Table, wanted: ChainTexts, saved: SavedTable): TableChange {
  return {
    writes: new Map([...wanted].filter(([chain, text]) => saved.chains.get(chain) !== text)),
    deletes: [...saved.chains.keys()].filter((chain) => !wanted.has(chain)),
    jumps: jumps.filter((jump) => jump.table === table && !saved.jumps.has(jump)),
    strays: saved.strays,
  };
}

export const sizeOf = (change: Change): number =>
  tables.reduce((sum, table) => sum + change[table].writes.size + change[table].deletes.length + change[table].jumps.length + change[table].strays.length, 0);

/** More chains than this at once, and `iptables-nft-restore --noflush` takes a time that grows with the square. */
const chainsAtOnce = 500;

/** Chains that others lead to come first, so that every step stands by itself. */
const order = ['MARK', 'OFF', 'SEP', 'SVC', 'SVL', 'EXT', 'FW', 'NP', 'VL', 'VM', 'NODEPORTS', 'VIPS', 'SERVICES'];
const rank = ([chain]: readonly [string, string]): number => order.indexOf(chain.split('-', 2)[1] ?? '');

/**
 * Texts for `iptables-restore --noflush`, to be given to it one after the other. What is little is one transaction of each table; of much, chains
 * come before those that lead to them, and what nobody leads to any more goes last.
 */
export function restoreInputs(change: Change): readonly string[] {
  const sections = tables.map((table) => sectionsOf(table, change[table]));
  return sections.every(({ length }) => length <= 1) ? [sections.flat().join('')].filter((text) => text !== '') : sections.flat();
}

function sectionsOf(table: Table, { writes, deletes, jumps: missing, strays }: TableChange): readonly string[] {
  const parts = pieces([...writes].toSorted((a, b) => rank(a) - rank(b) || (a[0] < b[0] ? -1 : 1)));
  const few = deletes.length <= chainsAtOnce ? deletes : [];
  const many = pieces(deletes === few ? [] : deletes);
  return [
    ...parts.slice(0, -1).map((part) => section(table, part, [], [], [])),
    section(table, parts.at(-1) ?? [], few, missing, strays),
    // Those that go may lead to each other.
    ...many.map((part) => section(table, part.map((chain) => [chain, ''] as const), [], [], [])),
    ...many.map((part) => section(table, [], part, [], [])),
  ].filter((text) => text !== '');
}

const pieces = <T>(all: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / chainsAtOnce) }, (_, index) => all.slice(index * chainsAtOnce, (index + 1) * chainsAtOnce));

function section(table: Table, writes: readonly (readonly [string, string])[], deletes: readonly string[], missing: readonly Jump[], strays: readonly string[]): string {
  const lines = [
    // Naming a chain makes it, or empties it.
    ...writes.map(([chain]) => `:${chain} - [0:0]`),
    ...deletes.map((chain) => `:${chain} - [0:0]`),
    ...writes.map(([, text]) => text).filter((text) => text !== ''),
    ...strays.map((rule) => `-D ${rule}`),
    ...missing.map(({ chain, rule, at }) => (at === 'first' ? `-I ${chain} 1 ${rule}` : `-A ${chain} ${rule}`)),
    ...deletes.map((chain) => `-X ${chain}`),
  ];
  return lines.length === 0 ? '' : `*${table}\n${lines.join('\n')}\nCOMMIT\n`;
}
