/** A block of IPv4 addresses. */
export interface Block {
  readonly first: number;
  readonly bits: number;
}

export function parseIp(text: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

export function formatIp(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** Undefined where it is no block, or one whose address has bits beyond its prefix. */
export function parseBlock(text: string): Block | undefined {
  const [address = '', prefix = '32'] = text.split('/');
  const first = parseIp(address);
  if (first === undefined || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) return undefined;
  const bits = Number(prefix);
  return first % 2 ** (32 - bits) === 0 ? { first, bits } : undefined;
}

export function contains({ first, bits }: Block, address: number): boolean {
  return address >= first && address < first + 2 ** (32 - bits);
}

/** IPv4 or IPv6, as far as its letters tell. */
export function isBlock(text: string): boolean {
  return parseBlock(text) !== undefined || /^[\da-f:]*:[\da-f:]*(?:\/\d{1,3})?$/i.test(text);
}
