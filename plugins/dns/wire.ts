/** Numbers of DNS. https://www.iana.org/assignments/dns-parameters */
export const rrType = { A: 1, NS: 2, CNAME: 5, SOA: 6, PTR: 12, HINFO: 13, TXT: 16, AAAA: 28, SRV: 33, OPT: 41, TKEY: 249, TSIG: 250, IXFR: 251, AXFR: 252, ANY: 255 } as const;
export const rcode = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;
export const classIn = 1;

/** Of the 16 bits after the id. */
export const flag = { response: 0x8000, opcode: 0x7800, authoritative: 0x0400, truncated: 0x0200, recursionDesired: 0x0100, recursionAvailable: 0x0080, checkingDisabled: 0x0010, rcode: 0x000f } as const;

export const headerSize = 12;
/** A record without its owner and its data: type, class, TTL, length. */
export const recordFixed = 10;
/** The largest answer by UDP, whatever the client says: what passes any network in one piece. https://www.dnsflagday.net/2020/ */
export const largestUdp = 1232;
export const plainUdp = 512;
export const largestTcp = 65_535;
const longestName = 255;
const longestLabel = 63;

/**
 * A name as it stands in a message, in lower case, one character for each byte: what names are compared and looked up by.
 * Undefined for what is no name that a message can carry.
 */
export function nameKey(name: string): string | undefined {
  if (name === '') return '\0';
  const labels = name.toLowerCase().split('.');
  const valid = isAscii(name) && labels.every((label) => label.length > 0 && label.length <= longestLabel);
  const key = `${labels.map((label) => String.fromCharCode(label.length) + label).join('')}\0`;
  return valid && key.length <= longestName ? key : undefined;
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 126 || text.charCodeAt(i) < 33) return false;
  return true;
}

/** The names above it, from the nearest on, without the root. */
export function* namesAbove(key: string): Generator<string> {
  for (let at = 1 + key.charCodeAt(0); at < key.length - 1; at += 1 + key.charCodeAt(at)) yield key.slice(at);
}

/** Where a name ends that begins here; -1 when it is broken. Does not follow pointers. */
export function skipName(message: Buffer, start: number): number {
  for (let at = start; at < message.length;) {
    const length = message[at] ?? 0;
    if (length === 0) return at + 1;
    if ((length & 0xc0) === 0xc0) return at + 2 <= message.length ? at + 2 : -1;
    if ((length & 0xc0) !== 0 || at + length - start >= longestName) return -1;
    at += 1 + length;
  }
  return -1;
}

export interface RawRecord {
  readonly start: number;
  readonly type: number;
  /** Where type, class, TTL and length are. */
  readonly fixed: number;
  readonly data: number;
  readonly end: number;
}

/** The record that begins here; undefined when it is broken. */
export function readRecord(message: Buffer, start: number): RawRecord | undefined {
  const fixed = skipName(message, start);
  if (fixed < 0 || fixed + recordFixed > message.length) return undefined;
  const data = fixed + recordFixed;
  const end = data + message.readUInt16BE(fixed + 8);
  return end > message.length ? undefined : { start, type: message.readUInt16BE(fixed), fixed, data, end };
}

const scratch = Buffer.alloc(longestName + 1);

/** The key of an uncompressed name that begins here, and where it ends; undefined when it is broken or compressed. */
export function readKey(message: Buffer, start: number): { readonly key: string; readonly end: number } | undefined {
  let at = start;
  let upper = false;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > longestLabel) return undefined;
    if (length === 0) break;
    const next = at + 1 + length;
    if (next - start >= longestName || next >= message.length) return undefined;
    for (let i = at + 1; i < next; i++) {
      const byte = message[i] ?? 0;
      if (byte >= 65 && byte <= 90) upper = true;
    }
    at = next;
  }
  const end = at + 1;
  return { key: upper ? lowered(message, start, end) : message.toString('latin1', start, end), end };
}

function lowered(message: Buffer, start: number, end: number): string {
  for (let i = start; i < end; i++) {
    const byte = message[i] ?? 0;
    scratch[i - start] = byte >= 65 && byte <= 90 ? byte + 32 : byte;
  }
  return scratch.toString('latin1', 0, end - start);
}

/** A key as people write names; for the log. */
export function nameText(key: string): string {
  const labels: string[] = [];
  for (let at = 0; at < key.length - 1; at += 1 + key.charCodeAt(at)) labels.push(key.slice(at + 1, at + 1 + key.charCodeAt(at)));
  return labels.join('.');
}
