import { isIPv4, isIPv6 } from 'node:net';

/** The block in its canonical form, as `10.0.0.0/8` for `10.1.2.3/8`; undefined for what is none. */
export function canonicalCidr4(text: string): string | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  if (rest.length > 0 || !isIPv4(address) || !/^(\d|[12]\d|3[0-2])$/.test(length)) return undefined;
  const size = 2 ** (32 - Number(length));
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = Math.floor(number / size) * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${length}`;
}

/** As it was written: host bits are not looked at. */
export function cidr6(text: string): string | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  return rest.length === 0 && isIPv6(address) && /^(\d{1,2}|1[01]\d|12[0-8])$/.test(length) ? text.toLowerCase() : undefined;
}

/** Both canonical. */
export function containsCidr4(outer: string, inner: string): boolean {
  const [base = '', length = ''] = outer.split('/');
  const [address = '', innerLength = ''] = inner.split('/');
  return Number(innerLength) >= Number(length) && canonicalCidr4(`${address}/${length}`) === `${base}/${length}`;
}
