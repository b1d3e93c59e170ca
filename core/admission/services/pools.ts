import { ipText, parseIp, type Cidr } from '#core/api/ip.ts';

/** Values of which each can be given out once. */
export interface Pool<T> {
  /** What belongs to it, for people. */
  readonly text: string;
  includes(value: T): boolean;
  /**
   * A value that is not taken, by chance; undefined when there is none. The lower part of the range is left to those who ask
   * for a certain value, as long as the upper part has any (KEP-3070, KEP-3668).
   */
  pick(isTaken: (value: T) => boolean, random: () => number): T | undefined;
}

/** A part of a range, both ends included. */
interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

interface Reserve {
  readonly step: bigint;
  readonly least: bigint;
  readonly most: bigint;
}

/** How many values at the low end are left to those who ask for a certain one. */
function reservedOf(size: bigint, { step, least, most }: Reserve): bigint {
  if (size <= least) return 0n;
  const part = size / step;
  return part < least ? least : part > most ? most : part;
}

const chunk = 2 ** 32;

function below(limit: bigint, random: () => number): bigint {
  const draw = (): bigint => BigInt(Math.floor(random() * chunk));
  return ((draw() << 32n) | draw()) % limit;
}

/** From a random place on, and around. */
function* startingAnywhere({ first, last }: Span, random: () => number): Generator<bigint> {
  if (last < first) return;
  const start = first + below(last - first + 1n, random);
  for (let value = start; value <= last; value++) yield value;
  for (let value = first; value < start; value++) yield value;
}

function pickFrom<T>(spans: readonly Span[], valueOf: (number: bigint) => T, isTaken: (value: T) => boolean, random: () => number): T | undefined {
  for (const span of spans) {
    for (const number of startingAnywhere(span, random)) {
      const value = valueOf(number);
      if (!isTaken(value)) return value;
    }
  }
  return undefined;
}

/** The addresses of a range, in canonical text: all but the first, and for IPv4 the last, which mean the network itself. */
export class AddressPool implements Pool<string> {
  readonly text: string;
  private readonly cidr: Cidr;
  private readonly usable: Span;
  private readonly spans: readonly Span[];

  constructor(cidr: Cidr) {
    this.text = cidr.toString();
    this.cidr = cidr;
    this.usable = { first: cidr.base + 1n, last: cidr.family === 'IPv4' ? cidr.last - 1n : cidr.last };
    const middle = this.usable.first + reservedOf(cidr.size, { step: 16n, least: 16n, most: 256n });
    this.spans = [{ first: middle, last: this.usable.last }, { first: this.usable.first, last: middle - 1n }];
  }

  get family(): 'IPv4' | 'IPv6' {
    return this.cidr.family;
  }

  includes(value: string): boolean {
    const address = parseIp(value);
    return address?.family === this.cidr.family && address.value >= this.usable.first && address.value <= this.usable.last;
  }

  pick(isTaken: (value: string) => boolean, random: () => number): string | undefined {
    const { family } = this.cidr;
    return pickFrom(this.spans, (value) => ipText({ family, value }), isTaken, random);
  }
}

export class PortPool implements Pool<number> {
  readonly text: string;
  private readonly first: number;
  private readonly last: number;
  private readonly spans: readonly Span[];

  constructor(first: number, last: number) {
    this.text = `${first}-${last}`;
    this.first = first;
    this.last = last;
    const middle = BigInt(first) + reservedOf(BigInt(last - first + 1), { step: 32n, least: 16n, most: 128n });
    this.spans = [{ first: middle, last: BigInt(last) }, { first: BigInt(first), last: middle - 1n }];
  }

  includes(value: number): boolean {
    return value >= this.first && value <= this.last;
  }

  pick(isTaken: (value: number) => boolean, random: () => number): number | undefined {
    return pickFrom(this.spans, Number, isTaken, random);
  }
}
