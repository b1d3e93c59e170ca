import { ipText, type Cidr } from '#core/api/ip.ts';

/** As upstream's: a cluster's range has at most so many ranges of nodes, as a power of two. */
const mostBits = 16;

/** Cuts a range into equal ones and hands them out. One that was given back comes last again: its old routes have time to go. */
export class CidrPool {
  readonly range: Cidr;
  readonly #bits: number;
  /** By how many each is held: people may have given two nodes the same. */
  readonly #holders: Uint16Array;
  #free: number;
  #next = 0;

  /** @throws {RangeError} when nothing fits, or too much */
  constructor(range: Cidr, prefixLength: number) {
    const bits = prefixLength - range.prefixLength;
    const width = range.family === 'IPv4' ? 32 : 128;
    if (bits < 0 || prefixLength > width) throw new RangeError(`ranges of /${prefixLength} cannot be cut out of the cluster's ${range.toString()}`);
    if (bits > mostBits) throw new RangeError(`ranges of /${prefixLength} are too small for the cluster's ${range.toString()}: there may be at most ${2 ** mostBits}`);
    this.range = range;
    this.#bits = width - prefixLength;
    this.#holders = new Uint16Array(2 ** bits);
    this.#free = this.#holders.length;
  }

  /** How many nobody holds. */
  get free(): number {
    return this.#free;
  }

  /** A range that nobody holds, which is held now; undefined when there is none. */
  take(): string | undefined {
    if (this.#free === 0) return undefined;
    while (this.#holders[this.#next] !== 0) this.#next = (this.#next + 1) % this.#holders.length;
    const index = this.#next;
    this.#next = (index + 1) % this.#holders.length;
    this.#change(index, 1);
    const address = { family: this.range.family, value: this.range.base + (BigInt(index) << BigInt(this.#bits)) };
    return `${ipText(address)}/${(this.range.family === 'IPv4' ? 32 : 128) - this.#bits}`;
  }

  /** Somebody holds this range, or all of this pool's that it overlaps. Others are none of its business. */
  hold(range: Cidr): void {
    this.#each(range, 1);
  }

  /** Gives back what was held once. */
  release(range: Cidr): void {
    this.#each(range, -1);
  }

  #each(range: Cidr, by: 1 | -1): void {
    if (range.family !== this.range.family || range.last < this.range.base || range.base > this.range.last) return;
    const first = range.base < this.range.base ? 0n : (range.base - this.range.base) >> BigInt(this.#bits);
    const last = range.last > this.range.last ? BigInt(this.#holders.length - 1) : (range.last - this.range.base) >> BigInt(this.#bits);
    for (let index = Number(first); index <= Number(last); index++) this.#change(index, by);
  }

  #change(index: number, by: 1 | -1): void {
    const before = this.#holders[index] ?? 0;
    const after = Math.max(0, Math.min(65_535, before + by));
    this.#holders[index] = after;
    this.#free += Number(after === 0) - Number(before === 0);
  }
}
