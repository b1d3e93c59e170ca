import { isIPv6 } from 'node:net';
import { Cidr, parseIp } from '#core/api/ip.ts';

type Test = (text: string) => boolean;

const matches = (pattern: RegExp): Test => (text) => pattern.test(text);

const withoutPadding = (text: string): string => text.replace(/(^|[./])0+(?=\d)/g, '$1');
/** Leading zeros are let through, as before Go 1.17. */
const ipv4 = (text: string): boolean => text.includes('.') && text.length <= 64 && (parseIp(withoutPadding(text))?.family === 'IPv4' || ipv6(text));
const ipv6 = (text: string): boolean => text.includes(':') && isIPv6(text) && !text.includes('%');
const cidr = (text: string): boolean => text.length <= 64 && (Cidr.parse(withoutPadding(text)) !== undefined || mappedCidr.test(text));
const mappedCidr = /^::ffff:\d{1,3}(\.\d{1,3}){3}\/\d{1,3}$/i;

/** 6, 8 or 20 bytes, with colons, dashes, or dots between two bytes. */
function mac(text: string): boolean {
  const parts = text.split(text[4] === '.' ? '.' : text[2] ?? '');
  const bytes = text[4] === '.' ? parts.length * 2 : parts.length;
  const part = text[4] === '.' ? /^[0-9a-f]{4}$/i : /^[0-9a-f]{2}$/i;
  return (text[4] === '.' || text[2] === ':' || text[2] === '-') && [6, 8, 20].includes(bytes) && parts.every((each) => part.test(each));
}

function date(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function dateTime(text: string): boolean {
  const mark = text.search(/t/i);
  if (mark < 0 || !date(text.slice(0, mark))) return false;
  const [, hours = '', minutes = '', seconds = ''] = /^(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/i.exec(text.slice(mark + 1)) ?? [];
  return hours !== '' && hours <= '23' && minutes <= '59' && seconds <= '59';
}

const goDuration = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
const durationUnits = /^(?:ns|us|µs|ms|s|m|h|hr|d|w|wk|nano.*|micro.*|milli.*|sec.*|min.*|hour.*|day.*|week.*)$/i;

/** Go's durations, and those that Scala knows: `3 days`. */
function duration(text: string): boolean {
  if (text.length > 256) return false;
  if (goDuration.test(text)) return true;
  return /^\s*(?:\d+\s*[A-Za-zµ]+\s*)+$/.test(text) && text.match(/[A-Za-zµ]+/g)?.some((unit) => durationUnits.test(unit)) === true;
}

const hostnameForm = /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u;

const hostname = (text: string): boolean =>
  text.length <= 255 && text.split('.').every((label) => Buffer.byteLength(label) <= 63) && Buffer.byteLength(text) <= 255 && hostnameForm.test(text);

/** What Go's `url.ParseRequestURI` takes: an absolute URI, or a path from the root. */
function uri(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- these are what is refused
  if (/[\x00-\x1f\x7f]/.test(text) || /%(?![0-9a-f]{2})/i.test(text)) return false;
  const rest = text.replace(/^[a-z][a-z0-9+.-]*:/i, '');
  if (rest === text && text !== '*' && !text.startsWith('/')) return false;
  return !rest.startsWith('//') || hasHost(rest.slice(2));
}

function hasHost(text: string): boolean {
  const [authority = ''] = text.split(/[/?#]/, 1);
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  return /^(?:\[[0-9a-f:.%]+\]|[^\s[\]<>"^`{|}\\:]*)(?::\d*)?$/i.test(host);
}

const address = /^(?:[^\s@<>()[\]\\,;:"]+|"(?:[^"\\]|\\.)*")@(?:[^\s@<>()[\]\\,;:"]+|\[[^\s[\]]+\])$/;

/** An address, alone or in angle brackets after a name. */
function email(text: string): boolean {
  if (text.length > 1024) return false;
  const trimmed = text.trim();
  const inner = trimmed.endsWith('>') ? trimmed.slice(trimmed.lastIndexOf('<') + 1, -1) : trimmed;
  const [local = ''] = inner.split('@', 1);
  return address.test(inner) && (local.startsWith('"') || !/^\.|\.\.|\.$/.test(local)) && !/@\.|\.\.|\.$/.test(inner.slice(local.length));
}

const digits = (text: string): number[] => text.split('').map((digit) => (digit === 'X' || digit === 'x' ? 10 : Number(digit)));

function isbn10(text: string): boolean {
  const plain = text.replace(/[\s-]+/g, '');
  return /^\d{9}[\dXx]$/.test(plain) && digits(plain).reduce((sum, digit, i) => sum + digit * (i + 1), 0) % 11 === 0;
}

function isbn13(text: string): boolean {
  const plain = text.replace(/[\s-]+/g, '');
  return /^\d{13}$/.test(plain) && digits(plain).reduce((sum, digit, i) => sum + digit * (i % 2 === 0 ? 1 : 3), 0) % 10 === 0;
}

const cardForm = /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/;

function creditCard(text: string): boolean {
  const plain = text.replace(/\D+/g, '');
  const sum = digits(plain).reverse().reduce((all, digit, i) => all + (i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2), 0);
  return cardForm.test(plain) && sum % 10 === 0;
}

/** By the name without dashes. Everything else that a schema may name as a format says nothing. */
const formats: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['bsonobjectid', matches(/^[0-9a-fA-F]{24}$/)], ['uri', uri], ['email', email], ['hostname', hostname],
  ['ipv4', ipv4], ['ipv6', ipv6], ['cidr', cidr], ['mac', mac],
  ['uuid', matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i)],
  ['uuid3', matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i)],
  ['uuid4', matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i)],
  ['uuid5', matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i)],
  ['isbn', (text) => isbn10(text) || isbn13(text)], ['isbn10', isbn10], ['isbn13', isbn13], ['creditcard', creditCard],
  ['ssn', matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/)], ['hexcolor', matches(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/)],
  ['rgbcolor', matches(/^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$/)],
  ['byte', (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text)], ['password', () => true],
  ['date', date], ['duration', duration], ['datetime', dateTime],
]);

/** The test of a format that custom resources know; undefined for others, `int32` among them. */
export const formatTest = (format: string | undefined): Test | undefined => (format === undefined ? undefined : formats.get(format.replaceAll('-', '')));
