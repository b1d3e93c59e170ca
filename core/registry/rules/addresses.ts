import { Cidr, ipProblem, ipText, parseIp, type IpAddress } from '#core/api/ip.ts';
import type { FieldPath } from './field-path.ts';

const ranges = (...texts: readonly string[]): readonly (Cidr | undefined)[] => texts.map((text) => Cidr.parse(text));
const inRange = (address: IpAddress, some: readonly (Cidr | undefined)[]): boolean => some.some((range) => range?.contains(address));

const unspecified = ranges('0.0.0.0/32', '::/128');
const loopback = ranges('127.0.0.0/8', '::1/128');
const linkLocal = ranges('169.254.0.0/16', 'fe80::/10');
const linkLocalMulticast = ranges('224.0.0.0/24');

/** The scope stands in the second byte's low half, whatever the flags. */
const isLinkLocalMulticast = (address: IpAddress): boolean =>
  inRange(address, linkLocalMulticast) || (address.family === 'IPv6' && address.value >> 120n === 0xffn && (address.value >> 112n & 0xfn) === 2n);

/** Nobody else than the node itself can be reached at these; they would expose the node's own services. */
export function specialAddressProblem(text: string): string | undefined {
  const address = parseIp(text);
  if (address === undefined) return undefined;
  if (inRange(address, unspecified)) return `may not be unspecified (${text})`;
  if (inRange(address, loopback)) return 'may not be in the loopback range (127.0.0.0/8, ::1/128)';
  if (inRange(address, linkLocal)) return 'may not be in the link-local range (169.254.0.0/16, fe80::/10)';
  return isLinkLocalMulticast(address) ? 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)' : undefined;
}

/** The address of an endpoint or of something outside. */
export const validateEndpointAddress = (text: string, field: FieldPath): boolean => field.check(text, ipProblem(text) ?? specialAddressProblem(text));

/** Warning headers for addresses that are accepted, though others may be written to mean the same. */
export function addressWarnings(text: string, path: string): string[] {
  const address = parseIp(text);
  if (address === undefined || ipText(address) === text) return [];
  return [`${path}: IPv6 address ${JSON.stringify(text)} should be in RFC 5952 canonical format (${JSON.stringify(ipText(address))})`];
}

export function rangeWarnings(text: string, path: string): string[] {
  const range = Cidr.parse(text);
  if (range === undefined || range.toString() === text) return [];
  const [shown, canonical] = [JSON.stringify(text), JSON.stringify(range.toString())];
  if (range.address.value === range.base) return [`${path}: IPv6 CIDR value ${shown} should be in RFC 5952 canonical format (${canonical})`];
  const single = JSON.stringify(`${ipText(range.address)}/${range.family === 'IPv4' ? 32 : 128}`);
  return [`${path}: CIDR value ${shown} is ambiguous in this context (should be ${canonical} or ${single}?)`];
}
