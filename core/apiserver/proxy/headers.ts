import type { IncomingMessage } from 'node:http';

/** Header names in lower case, with all their values. */
export type Headers = Map<string, string[]>;

/** What belongs to one connection and not to the message (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  'connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade',
]);

/** What the caller said to this server alone: whoever stands behind it must not be able to act in the caller's name. */
const ours = new Set(['authorization', 'expect', 'host', 'audit-id']);
const isOurs = (name: string): boolean => ours.has(name) || name.startsWith('impersonate-') || name.startsWith('x-remote-');

/** A bearer token as browsers send it with a WebSocket. */
const tokenProtocol = 'base64url.bearer.authorization.k8s.io.';

/** What nobody behind this server may say in its name: these would open it to scripts of other origins. */
const corsHeaders = new Set(['access-control-allow-credentials', 'access-control-allow-headers', 'access-control-allow-methods', 'access-control-allow-origin']);

function readHeaders(raw: readonly string[], drops: (name: string) => boolean): Headers {
  const headers: Headers = new Map();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    if (drops(name)) continue;
    const values = headers.get(name);
    if (values) values.push(raw[i + 1] ?? '');
    else headers.set(name, [raw[i + 1] ?? '']);
  }
  return headers;
}

/** Header names that `Connection` adds to those of the connection. */
const namedByConnection = ({ headers: { connection = '' } }: IncomingMessage): ReadonlySet<string> => new Set(connection.split(',').map((name) => name.trim().toLowerCase()));

/**
 * The headers of a request as they go on, with who has passed it on.
 * @param upgrades keeps what asks for another protocol
 */
export function requestHeaders(request: IncomingMessage, upgrades: boolean): Headers {
  const named = namedByConnection(request);
  const headers = readHeaders(request.rawHeaders, (name) => hopByHop.has(name) || named.has(name) || isOurs(name));
  const client = request.socket.remoteAddress ?? '';
  headers.set('x-forwarded-for', [[...(headers.get('x-forwarded-for') ?? []), client].join(', ')]);
  headers.set('x-forwarded-proto', ['https']);
  headers.set('x-forwarded-host', [request.headers.host ?? '']);
  if (!upgrades) return headers;
  headers.set('connection', ['Upgrade']);
  headers.set('upgrade', [request.headers.upgrade ?? '']);
  const protocols = headers.get('sec-websocket-protocol')?.flatMap((value) => value.split(',')).map((value) => value.trim()).filter((value) => !value.startsWith(tokenProtocol));
  if (protocols?.length) headers.set('sec-websocket-protocol', [protocols.join(', ')]);
  else headers.delete('sec-websocket-protocol');
  return headers;
}

/** The headers of an answer as they come back, as `writeHead` takes them. */
export function answerHeaders(answer: IncomingMessage, rewriteLocation: (location: string) => string): string[] {
  const named = namedByConnection(answer);
  const headers = readHeaders(answer.rawHeaders, (name) => hopByHop.has(name) || named.has(name) || corsHeaders.has(name) || name === 'audit-id');
  const locations = headers.get('location');
  if (locations) headers.set('location', locations.map(rewriteLocation));
  return [...headers].flatMap(([name, values]) => values.flatMap((value) => [name, value]));
}

/** As `http.request` takes them. */
export function outgoingHeaders(headers: Headers): Record<string, string | string[]> {
  const outgoing = Object.create(null) as Record<string, string | string[]>;
  for (const [name, values] of headers) outgoing[name] = values.length === 1 ? values[0] ?? '' : values;
  return outgoing;
}
