import type { Clock } from '#core/kernel/clock.ts';
import type { Entry, Table } from './routes-tables.ts';

/** For so long what EC2 shows may be older than what this process did. */
const lagMs = 30_000;

/** What this process did to tables a moment ago: to which instance a destination leads now, or that it leads nowhere. */
export class RecentWrites {
  readonly #clock: Clock;
  readonly #writes = new Map<string, { readonly instanceId: string | undefined; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(tableId: string, destination: string, instanceId: string | undefined): void {
    this.#writes.set(keyOf(tableId, destination), { instanceId, until: this.#clock.now() + lagMs });
  }

  /** The table as it soon will be shown. What it shows once is done, and a blackhole is believed: its instance may have gone since. */
  over(table: Table): Table {
    const now = this.#clock.now();
    const entries = new Map(table.entries);
    for (const [key, { instanceId, until }] of this.#writes) {
      const [tableId = '', destination = ''] = key.split(' ');
      if (until <= now || (tableId === table.id && isShown(table.entries.get(destination), instanceId))) this.#writes.delete(key);
      else if (tableId === table.id) apply(entries, destination, instanceId);
    }
    return { ...table, entries };
  }
}

const isShown = (entry: Entry | undefined, instanceId: string | undefined): boolean => (instanceId === undefined ? entry === undefined : entry?.instanceId === instanceId);

function apply(entries: Map<string, Entry>, destination: string, instanceId: string | undefined): void {
  const shown = entries.get(destination);
  if (shown !== undefined && !shown.isForPods) return;
  if (instanceId === undefined) entries.delete(destination);
  else if (shown?.isBlackhole !== true) entries.set(destination, { instanceId, isBlackhole: false, isForPods: true, to: instanceId });
}

const keyOf = (tableId: string, destination: string): string => `${tableId} ${destination}`;
