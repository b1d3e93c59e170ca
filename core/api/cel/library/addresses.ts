import { fixed, traversal, traverses, type CostRule } from '#core/api/cel/cost-rules.ts';
import { global, member, type Overload } from '#core/api/cel/function.ts';
import { exactly, one, plus, scaled, unknownSize, zero } from '#core/api/cel/range.ts';
import { bool, int, opaque, string } from '#core/api/cel/types.ts';
import { type Equatable, Failure, Opaque } from '#core/api/cel/values.ts';
import { Cidr, ipProblem, ipText, parseIp, type IpAddress } from '#core/api/ip.ts';

class IpValue extends Opaque {
  readonly typeName = 'net.IP';
  readonly address: IpAddress;

  constructor(address: IpAddress) {
    super();
    this.address = address;
  }

  override get size(): number {
    return this.address.family === 'IPv4' ? 4 : 16;
  }

  /** The bits from `from` on, counted from the highest. */
  bits(from: number, count: number): bigint {
    return (this.address.value >> BigInt(this.size * 8 - from - count)) & ((1n << BigInt(count)) - 1n);
  }

  same(other: Equatable): boolean {
    return other instanceof IpValue && this.address.family === other.address.family && this.address.value === other.address.value;
  }

  override toString(): string {
    return ipText(this.address);
  }
}

class CidrValue extends Opaque {
  readonly typeName = 'net.CIDR';
  readonly cidr: Cidr;

  constructor(cidr: Cidr) {
    super();
    this.cidr = cidr;
  }

  override get size(): number {
    return Math.ceil(this.cidr.prefixLength / 8);
  }

  same(other: Equatable): boolean {
    return other instanceof CidrValue && this.toString() === other.toString();
  }

  override toString(): string {
    return `${ipText(this.cidr.address)}/${this.cidr.prefixLength}`;
  }
}

function ip(text: string): IpValue | Failure {
  const address = parseIp(text);
  if (address !== undefined) return new IpValue(address);
  if (text.includes('%') && parseIp(text.split('%', 1)[0] ?? '') !== undefined) return new Failure(`IP address ${JSON.stringify(text)} with zone value is not allowed`);
  const mapped = ipProblem(text)?.includes('mapped') === true;
  return new Failure(mapped
    ? `IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`
    : `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`);
}

function cidr(text: string): CidrValue | Failure {
  const range = Cidr.parse(text);
  return range === undefined
    ? new Failure(`network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)}): invalid CIDR`)
    : new CidrValue(range);
}

function isCanonical(text: string): boolean | Failure {
  const address = ip(text);
  return address instanceof Failure ? address : address.toString() === text;
}

const isV4 = (address: IpValue): boolean => address.address.family === 'IPv4';
const isLoopback = (address: IpValue): boolean => (isV4(address) ? address.bits(0, 8) === 127n : address.address.value === 1n);
const isMulticast = (address: IpValue): boolean => (isV4(address) ? address.bits(0, 4) === 0xen : address.bits(0, 8) === 0xffn);
const isLinkLocalMulticast = (address: IpValue): boolean => (isV4(address) ? address.bits(0, 24) === 0xe00000n : address.bits(0, 8) === 0xffn && address.bits(12, 4) === 2n);
const isLinkLocalUnicast = (address: IpValue): boolean => (isV4(address) ? address.bits(0, 16) === 0xa9fen : address.bits(0, 10) === 0x3fan);
const isUnspecified = (address: IpValue): boolean => address.address.value === 0n;
const isBroadcast = (address: IpValue): boolean => isV4(address) && address.address.value === 0xffffffffn;
const isGlobalUnicast = (address: IpValue): boolean =>
  ![isUnspecified, isBroadcast, isLoopback, isMulticast, isLinkLocalUnicast].some((excludes) => excludes(address));

const containsIp = (range: CidrValue, address: IpValue | Failure): boolean | Failure => (address instanceof Failure ? address : range.cidr.contains(address.address));
const containsCidr = (range: CidrValue, other: CidrValue | Failure): boolean | Failure => (other instanceof Failure ? other : range.cidr.containsRange(other.cidr));

const ipType = opaque('net.IP');
const cidrType = opaque('net.CIDR');
const unit = fixed(1);
const addressBytes = { min: 4, max: 16 };

/** Compares prefixes byte by byte. @param nested whether the other is a range too, and masked first @param parses whether the other is text */
const holds = (nested: boolean, parses: boolean): CostRule => ({
  estimate: ({ sizes: [, text = unknownSize] }) => ({
    cost: plus(
      plus(scaled(plus(addressBytes, addressBytes), traversal), nested ? plus(scaled(addressBytes, traversal), one) : zero),
      parses ? scaled(text, traversal) : exactly(0)),
  }),
  actual: (frame, [range, other]) => {
    const size = frame.sizeOf(range);
    return Math.ceil(2 * size * traversal) + (nested ? Math.ceil(size * traversal) + 1 : 0) + (parses ? Math.ceil(frame.sizeOf(other) * traversal) : 0);
  },
});

const masked = ({ cidr: range }: CidrValue): CidrValue => new CidrValue(Cidr.parse(range.toString()) ?? range);

export const addresses: readonly Overload[] = [
  global('ip', [string], ipType, ip, traverses(0)),
  global('isIP', [string], bool, (text: string) => parseIp(text) !== undefined, traverses(0)),
  global('ip.isCanonical', [string], bool, isCanonical, traverses(0, 2)),
  global('string', [ipType], string, String),
  member('family', [ipType], int, (address: IpValue) => (isV4(address) ? 4 : 6), unit),
  member('isUnspecified', [ipType], bool, isUnspecified, unit),
  member('isLoopback', [ipType], bool, isLoopback, unit),
  member('isLinkLocalMulticast', [ipType], bool, isLinkLocalMulticast, unit),
  member('isLinkLocalUnicast', [ipType], bool, isLinkLocalUnicast, unit),
  member('isGlobalUnicast', [ipType], bool, isGlobalUnicast, unit),
  global('cidr', [string], cidrType, cidr, traverses(0)),
  global('isCIDR', [string], bool, (text: string) => Cidr.parse(text) !== undefined, traverses(0)),
  global('string', [cidrType], string, String),
  member('ip', [cidrType], ipType, ({ cidr: { address } }: CidrValue) => new IpValue(address), unit),
  member('prefixLength', [cidrType], int, ({ cidr: { prefixLength } }: CidrValue) => prefixLength, unit),
  member('masked', [cidrType], cidrType, masked, unit),
  member('containsIP', [cidrType, string], bool, (range: CidrValue, text: string) => containsIp(range, ip(text)), holds(false, true)),
  member('containsIP', [cidrType, ipType], bool, containsIp, holds(false, false)),
  member('containsCIDR', [cidrType, string], bool, (range: CidrValue, text: string) => containsCidr(range, cidr(text)), holds(true, true)),
  member('containsCIDR', [cidrType, cidrType], bool, containsCidr, holds(true, false)),
];
