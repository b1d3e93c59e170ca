/** A URL as Go's `net/url` takes it apart; the parts are as written unless said otherwise. */
export interface Uri {
  readonly scheme: string;
  /** With brackets and port, without user. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

const schemeSyntax = /^([A-Za-z][A-Za-z0-9+.-]*):/;
const badEscape = /%(?![0-9a-fA-F]{2})[\s\S]{0,2}/;
const userSyntax = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;
/** What Go lets stand in a host; anything beyond ASCII may, too. */
const hostSyntax = /^[A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]*$/u;
const port = /^(?::\d*)?$/;

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20 || text.charCodeAt(i) === 0x7f) return true;
  return false;
}

/** Thrown with Go's wording. */
export class UriError extends Error {}

/** An absolute URI or an absolute path, with Go's leniency. A fragment is cut off. @throws {UriError} */
export function parseUri(text: string): Uri {
  // First as a request line would have it, where `#` is a character like others; then with its fragment apart.
  parse(text, text);
  return parse(text.split('#', 1)[0] ?? '', text);
}

function parse(source: string, text: string): Uri {
  const scheme = schemeSyntax.exec(source)?.[1] ?? '';
  const [rest = '', ...queries] = source.slice(scheme === '' ? 0 : scheme.length + 1).split('?');
  const { authority, path } = scheme === '' ? { authority: '', path: rest } : hierarchyOf(rest);
  const problem = sourceProblem(source, scheme, rest) ?? authorityProblem(authority) ?? escapeProblem(path);
  if (problem !== undefined) throw new UriError(`parse ${JSON.stringify(text)}: ${problem}`);
  return { scheme: scheme.toLowerCase(), host: authority.slice(authority.lastIndexOf('@') + 1), path, query: queries.join('?') };
}

/** What comes after the scheme: `//authority/path`, a path, or something opaque that has neither. */
function hierarchyOf(rest: string): { authority: string; path: string } {
  if (!rest.startsWith('//')) return { authority: '', path: rest.startsWith('/') ? rest : '' };
  const end = rest.indexOf('/', 2);
  return end < 0 ? { authority: rest.slice(2), path: '' } : { authority: rest.slice(2, end), path: rest.slice(end) };
}

function sourceProblem(source: string, scheme: string, rest: string): string | undefined {
  if (hasControl(source)) return 'net/url: invalid control character in URL';
  if (source === '') return 'empty url';
  if (source.startsWith(':')) return 'missing protocol scheme';
  return scheme === '' && !rest.startsWith('/') ? 'invalid URI for request' : undefined;
}

function escapeProblem(part: string): string | undefined {
  const bad = badEscape.exec(part);
  return bad === null ? undefined : `invalid URL escape ${JSON.stringify(bad[0])}`;
}

function authorityProblem(authority: string): string | undefined {
  const at = authority.lastIndexOf('@');
  if (at >= 0 && !userSyntax.test(authority.slice(0, at))) return 'net/url: invalid userinfo';
  const host = authority.slice(at + 1);
  const close = host.lastIndexOf(']');
  if (host.startsWith('[') && close < 0) return "missing ']' in host";
  const colon = host.startsWith('[') ? close + 1 : host.lastIndexOf(':');
  const suffix = colon < 0 ? '' : host.slice(colon);
  if (!port.test(suffix)) return `invalid port ${JSON.stringify(suffix)} after host`;
  if (!hostSyntax.test(host)) return `invalid character ${JSON.stringify(Array.from(host).find((char) => !hostSyntax.test(char)))} in host name`;
  return escapeProblem(host);
}

export const portOf = (host: string): string => (/:(\d*)$/.exec(host.replace(/^\[[^\]]*\]/, ''))?.[1] ?? '');

/** Without brackets and port. */
export function hostname(host: string): string {
  if (host.startsWith('[')) return host.slice(1, host.lastIndexOf(']'));
  const colon = host.lastIndexOf(':');
  return colon < 0 ? host : host.slice(0, colon);
}

const encoded = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/[\]]|%[0-9a-fA-F]{2})*$/;
const keptInPath = /[A-Za-z0-9\-_.~$&+,/:;=@]/;

/** Escapes what a path must escape; what is escaped well already stays. */
export function escapedPath(path: string): string {
  if (encoded.test(path)) return path;
  let text = '';
  for (const byte of unescaped(path)) {
    const char = String.fromCharCode(byte);
    text += byte < 0x80 && keptInPath.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

function unescaped(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const result: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === 0x25) {
      result.push(Number.parseInt(bytes.toString('latin1', i + 1, i + 3), 16));
      i += 2;
    } else {
      result.push(byte);
    }
  }
  return Uint8Array.from(result);
}

/** The parameters, unescaped, each key with its values in order. Malformed ones are left out. */
export function queryOf(query: string): Map<string, string[]> {
  const parameters = new Map<string, string[]>();
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';') || badEscape.test(pair)) continue;
    const equals = pair.indexOf('=');
    const [key, value] = equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)];
    const name = parameterText(key);
    const values = parameters.get(name);
    if (values === undefined) parameters.set(name, [parameterText(value)]);
    else values.push(parameterText(value));
  }
  return parameters;
}

function parameterText(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  return spaced.includes('%') ? Buffer.from(unescaped(spaced)).toString() : spaced;
}
