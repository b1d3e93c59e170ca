import { SyntaxFailure } from './issue.ts';
import type { Token } from './lexer.ts';
import { normalInt, Uint, Double, maxInt, maxUint, minInt } from './values.ts';

const single: Readonly<Record<string, string>> = {
  a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', "'": "'", '"': '"', '`': '`', '?': '?',
};
const escape = /\\(?:([abfnrtv\\'"`?])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/y;

const unescapable = (offset: number): SyntaxFailure => new SyntaxFailure('Syntax error: unable to unescape string', offset);

/** What is between the quotes, with line ends as `\n`. */
function content(token: Token): { text: string; raw: boolean } {
  const raw = /^[bB]?[rR]/.test(token.text);
  const quoted = token.text.replace(/^[bBrR]+/, '').replaceAll(/\r\n?/g, '\n');
  const width = quoted.startsWith("'''") || quoted.startsWith('"""') ? 3 : 1;
  return { text: quoted.slice(width, quoted.length - width), raw };
}

interface Listener {
  plain(text: string): void;
  point(value: number): void;
  octet(value: number): void;
}

/** Tells the listener each run of plain characters, code point and byte of the text. */
function scan(token: Token, on: Listener): void {
  const { text, raw } = content(token);
  if (raw || !text.includes('\\')) return on.plain(text);
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf('\\', at);
    on.plain(text.slice(at, next < 0 ? text.length : next));
    if (next < 0) return;
    escape.lastIndex = next;
    const match = escape.exec(text);
    if (match === null) throw unescapable(token.offset);
    tell(match, on);
    at = next + match[0].length;
  }
}

function tell([, simple, hex, short, long, octal]: RegExpExecArray, on: Listener): void {
  if (simple !== undefined) on.plain(single[simple] ?? '');
  else if (hex !== undefined) on.octet(Number.parseInt(hex, 16));
  else if (octal !== undefined) on.octet(Number.parseInt(octal, 8));
  else on.point(Number.parseInt(short ?? long ?? '', 16));
}

const isCodePoint = (value: number): boolean => value <= 0x10ffff && !(value >= 0xd800 && value <= 0xdfff);

export function stringLiteral(token: Token): string {
  const parts: string[] = [];
  const point = (value: number): void => {
    if (!isCodePoint(value)) throw unescapable(token.offset);
    parts.push(String.fromCodePoint(value));
  };
  scan(token, { plain: (text) => void parts.push(text), point, octet: point });
  return parts.join('');
}

export function bytesLiteral(token: Token): Uint8Array {
  const bytes: number[] = [];
  scan(token, {
    plain: (text) => {
      for (const byte of new TextEncoder().encode(text)) bytes.push(byte);
    },
    point: () => {
      throw unescapable(token.offset);
    },
    octet: (value) => void bytes.push(value),
  });
  return Uint8Array.from(bytes);
}

export function intLiteral(token: Token, negative: boolean): number | bigint {
  const magnitude = BigInt(token.text);
  const value = negative ? -magnitude : magnitude;
  if (value < minInt || value > maxInt) throw new SyntaxFailure('Syntax error: invalid int literal', token.offset);
  return normalInt(value);
}

export function uintLiteral(token: Token): Uint {
  const value = BigInt(token.text.slice(0, -1));
  if (value > maxUint) throw new SyntaxFailure('Syntax error: invalid uint literal', token.offset);
  return new Uint(value);
}

export function doubleLiteral(token: Token, negative: boolean): Double {
  const value = Number(token.text);
  if (!Number.isFinite(value)) throw new SyntaxFailure('Syntax error: invalid double literal', token.offset);
  return new Double(negative ? -value : value);
}
