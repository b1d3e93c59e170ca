import type { Node, Taint } from '#core/api/schema/core-v1/node.ts';
import { noExecuteTaints } from '#core/controllers/nodes/taints.ts';
import type { Clock } from '#core/kernel/clock.ts';

const nameOf = ({ key, value = '' }: Taint): string => `${key}=${value}`;

/** Since when taints are on nodes: by what is written, which outlives this process; of those that do not say, or not the truth, since they were seen. */
export class TaintTimes {
  readonly #clock: Clock;
  readonly #seen = new Map<string, ReadonlyMap<string, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(node: Node): void {
    const now = this.#clock.now();
    const { name } = node.metadata;
    const known = this.#seen.get(name);
    const undated = noExecuteTaints(node).filter((taint) => writtenTime(taint, now) === undefined).map((taint): [string, number] => [nameOf(taint), known?.get(nameOf(taint)) ?? now]);
    if (undated.length > 0) this.#seen.set(name, new Map(undated));
    else this.#seen.delete(name);
  }

  forget(name: string): void {
    this.#seen.delete(name);
  }

  /** Milliseconds since the epoch. */
  sinceOf(node: string, taint: Taint): number {
    const now = this.#clock.now();
    return this.#seen.get(node)?.get(nameOf(taint)) ?? writtenTime(taint, now) ?? now;
  }
}

function writtenTime({ timeAdded }: Taint, now: number): number | undefined {
  const time = timeAdded === undefined ? Number.NaN : Date.parse(timeAdded);
  return time <= now ? time : undefined;
}
