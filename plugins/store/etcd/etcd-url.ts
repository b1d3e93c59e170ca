import type { EtcdOptions } from './etcd-store.ts';

const shape = /^(etcds?):\/\/(?:([^@/?]*)@)?([^@/?]+)(\/[^?]*)?(?:\?(.*))?$/;
const endpoint = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/i;
const files = ['ca', 'cert', 'key'] as const;

/**
 * `etcd://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]…][/PREFIX][?password-file=FILE]`, and `etcds://…?ca=FILE&cert=FILE&key=FILE` for TLS.
 * @throws {Error} that says what is wrong, without the password
 */
export function parseEtcdUrl(url: string): EtcdOptions {
  const [, scheme, login, hosts = '', path = '', query = ''] = shape.exec(url) ?? [];
  if (scheme === undefined) throw new Error('an etcd store is named etcd://HOST:2379, with further members after a comma, or etcds:// for TLS');
  const parameters = parametersOf(query);
  const user = userOf(login, parameters.get('password-file'));
  const tls = tlsOf(scheme, parameters);
  const prefix = decoded(path).replace(/\/+$/, '');
  return {
    endpoints: hosts.split(',').map(endpointOf),
    ...(prefix === '' ? {} : { prefix }), ...(user ? { user } : {}), ...(tls ? { tls } : {}),
  };
}

function parametersOf(query: string): URLSearchParams {
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (![...files, 'password-file'].includes(name)) throw new Error(`an etcd store has no option "${name}"; the options are ${files.join(', ')} and password-file`);
  }
  return parameters;
}

function endpointOf(text: string): string {
  const [, host, port = '2379'] = endpoint.exec(text) ?? [];
  if (host === undefined || Number(port) > 65535) throw new Error(`"${text}" is not the address of an etcd member: HOST or HOST:PORT`);
  return `${host}:${port}`;
}

function userOf(login: string | undefined, passwordFile: string | null): EtcdOptions['user'] {
  if (login === undefined || login === '') {
    if (passwordFile !== null) throw new Error('an etcd store with a password-file needs a user: etcd://USER@HOST:2379');
    return undefined;
  }
  const colon = login.indexOf(':');
  const name = decoded(colon < 0 ? login : login.slice(0, colon));
  if (passwordFile !== null) return { name, passwordFile };
  if (colon < 0) throw new Error(`the etcd user "${name}" needs a password: ?password-file=FILE, or etcd://${name}:PASSWORD@HOST:2379`);
  return { name, password: decoded(login.slice(colon + 1)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('an etcd store\'s address has a part that is not percent-encoded: % is written %25');
  }
}

function tlsOf(scheme: string, parameters: URLSearchParams): EtcdOptions['tls'] {
  const given = files.flatMap((name) => (parameters.has(name) ? [[name, parameters.get(name) ?? '']] : []));
  if (scheme === 'etcd' && given.length > 0) throw new Error('ca, cert and key are for TLS: etcds://HOST:2379');
  if (parameters.has('cert') !== parameters.has('key')) throw new Error('cert and key of an etcd store belong together');
  return scheme === 'etcds' ? Object.fromEntries(given) as NonNullable<EtcdOptions['tls']> : undefined;
}
