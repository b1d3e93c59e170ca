import { fixed, traverses } from '#core/api/cel/cost-rules.ts';
import { EntryMap } from '#core/api/cel/containers.ts';
import type { Frame } from '#core/api/cel/frame.ts';
import { global, member, type Overload } from '#core/api/cel/function.ts';
import { anyList, anyMap, bool, opaque, string } from '#core/api/cel/types.ts';
import { escapedPath, hostname, parseUri, portOf, queryOf, UriError, type Uri } from '#core/api/cel/uri.ts';
import { type Equatable, Failure, Opaque } from '#core/api/cel/values.ts';

class UrlValue extends Opaque {
  readonly typeName = 'kubernetes.URL';
  readonly text: string;
  readonly uri: Uri;

  constructor(text: string, uri: Uri) {
    super();
    this.text = text;
    this.uri = uri;
  }

  same(other: Equatable): boolean {
    return other instanceof UrlValue && this.text === other.text;
  }

  override toString(): string {
    return this.text;
  }
}

function url(text: string): UrlValue | Failure {
  try {
    return new UrlValue(text, parseUri(text));
  } catch (error) {
    if (error instanceof UriError) return new Failure(`URL parse error during conversion from string: ${error.message}`);
    throw error;
  }
}

function query({ text, uri }: UrlValue, frame: Frame): EntryMap {
  frame.toil(text.length * 8);
  const map = new EntryMap();
  for (const [key, values] of queryOf(uri.query)) map.insert(key, values);
  return map;
}

const type = opaque('kubernetes.URL');
const one = fixed(1);
const part = (name: string, tell: (uri: Uri) => string): Overload => member(name, [type], string, ({ text, uri }: UrlValue, frame: Frame) => {
  frame.toil(text.length >> 2);
  return tell(uri);
}, one);

export const urls: readonly Overload[] = [
  global('url', [string], type, url, traverses(0, 1, true)),
  global('isURL', [string], bool, (text: string) => url(text) instanceof UrlValue),
  part('getScheme', ({ scheme }) => scheme),
  part('getHost', ({ host }) => host),
  part('getHostname', ({ host }) => hostname(host)),
  part('getPort', ({ host }) => portOf(host)),
  part('getEscapedPath', ({ path }) => escapedPath(path)),
  member('getQuery', [type], anyMap(string, anyList(string)), query, one),
];
