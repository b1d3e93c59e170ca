import { isOurs } from './names.ts';
import { jumps, tables, type Jump, type Table } from './ruleset.ts';

/** What stands in the kernel, as far as it matters to us. */
export interface SavedTable {
  /** Our chains with their rules, as lines. */
  readonly chains: Map<string, string>;
  /** Jumps to us that stand where they should. */
  readonly jumps: Set<Jump>;
  /** Rules in the kernel's chains that lead to chains of ours and are none of the above: old, doubled or in the wrong place. */
  readonly strays: string[];
}

export type Saved = Record<Table, SavedTable>;

const emptyTable = (): SavedTable => ({ chains: new Map(), jumps: new Set(), strays: [] });

/** Reads what `iptables-save` prints. */
export function parseSaved(text: string): Saved {
  const saved: Saved = { nat: emptyTable(), filter: emptyTable() };
  let table: Table | undefined;
  const lines = new Map<string, string[]>();
  const finish = (): void => {
    if (table !== undefined) for (const [chain, rules] of lines) saved[table].chains.set(chain, rules.join('\n'));
    lines.clear();
  };
  for (const line of eachLine(text)) {
    if (line.startsWith('*')) {
      finish();
      table = tables.find((name) => line === `*${name}`);
    } else if (table !== undefined && line.startsWith(':')) {
      const [chain = ''] = line.slice(1).split(' ', 1);
      if (isOurs(chain)) lines.set(chain, []);
    } else if (table !== undefined && line.startsWith('-A ')) {
      takeRule(saved[table], table, line, lines);
    }
  }
  finish();
  return saved;
}

function takeRule(saved: SavedTable, table: Table, line: string, lines: ReadonlyMap<string, string[]>): void {
  const chain = line.slice(3, line.indexOf(' ', 3) < 0 ? undefined : line.indexOf(' ', 3));
  const own = lines.get(chain);
  if (own !== undefined) {
    own.push(line);
    return;
  }
  const rule = line.slice(4 + chain.length);
  const target = /(?:^| )-[jg] (\S+)/.exec(rule)?.[1] ?? '';
  if (!isOurs(target)) return;
  const jump = jumps.find((wanted) => wanted.table === table && wanted.chain === chain && wanted.rule === rule);
  // Where others keep putting theirs in front there would be no end of it: only what stands twice is out of place.
  if (jump === undefined || saved.jumps.has(jump)) saved.strays.push(`${chain} ${rule}`);
  else saved.jumps.add(jump);
}

/** Without an array of all lines: there may be hundreds of thousands. */
function* eachLine(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    yield text.slice(at, end < 0 ? text.length : end);
    if (end < 0) return;
    at = end + 1;
  }
}
