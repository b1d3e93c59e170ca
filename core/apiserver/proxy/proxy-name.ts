import { StatusError } from '#core/api/status-error.ts';

/** What a URL names before `/proxy`. */
export interface ProxyName {
  readonly scheme: 'http' | 'https' | '';
  readonly name: string;
  /** A number or a name; '' when none is given. */
  readonly port: string;
}

/** Reads `name`, `name:port` or `scheme:name:port`. @throws {StatusError} BadRequest @param what as messages call it */
export function parseProxyName(text: string, what: 'service' | 'pod' | 'node'): ProxyName {
  const parts = text.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || name === '' || (scheme !== '' && scheme !== 'http' && scheme !== 'https')) throw StatusError.badRequest(`invalid ${what} request ${JSON.stringify(text)}`);
  return { scheme, name, port };
}

/** @throws {StatusError} BadRequest */
export function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw StatusError.badRequest(`invalid port ${JSON.stringify(text)}: must be between 1 and 65535`);
  return port;
}
