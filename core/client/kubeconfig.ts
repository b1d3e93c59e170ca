import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { isObject, own, type JsonObject } from '#core/api/value.ts';
import type { ClusterConnection } from './cluster-connection.ts';

export interface ReadKubeconfigOptions {
  /** Context to use; the file's `current-context` by default. */
  readonly context?: string;
  /** Where relative paths in the file begin: the folder in which the file lies. */
  readonly folder?: string;
}

const refusedInUsers: Readonly<Record<string, string>> = {
  exec: 'runs a program to get its credentials',
  'auth-provider': 'uses an auth-provider plugin',
  username: 'uses basic authentication',
  as: 'impersonates somebody',
  'as-uid': 'impersonates somebody',
  'as-groups': 'impersonates somebody',
  'as-user-extra': 'impersonates somebody',
};

/** The connection of a kubeconfig's context. Certificates and tokens that it names by path are read. @throws {Error} that says what cannot be used */
export function readKubeconfig(text: string, options: ReadKubeconfigOptions = {}): ClusterConnection {
  const config = document(text);
  const wanted = options.context ?? textOf(config, 'current-context', 'the kubeconfig');
  if (wanted === undefined || wanted === '') throw new Error('the kubeconfig has no current-context, and no context was asked for');
  const context = named(config, 'contexts', 'context', wanted);
  const clusterName = textOf(context, 'cluster', `context "${wanted}"`) ?? '';
  const userName = textOf(context, 'user', `context "${wanted}"`) ?? '';
  const folder = options.folder ?? process.cwd();
  return {
    ...clusterPart(named(config, 'clusters', 'cluster', clusterName), `cluster "${clusterName}"`, folder),
    ...(userName === '' ? {} : userPart(named(config, 'users', 'user', userName), `user "${userName}"`, folder)),
  };
}

function clusterPart(cluster: JsonObject, where: string, folder: string): ClusterConnection {
  const server = textOf(cluster, 'server', where);
  if (server === undefined || server === '') throw new Error(`${where} of the kubeconfig names no server`);
  if (textOf(cluster, 'proxy-url', where) !== undefined) throw new Error(`${where} of the kubeconfig is reached through a proxy-url, which is not supported`);
  return {
    server,
    ca: pem(cluster, 'certificate-authority', where, folder),
    serverName: textOf(cluster, 'tls-server-name', where),
    insecure: own(cluster, 'insecure-skip-tls-verify') === true,
  };
}

function userPart(user: JsonObject, where: string, folder: string): Pick<ClusterConnection, 'cert' | 'key' | 'token'> {
  for (const [field, what] of Object.entries(refusedInUsers)) {
    if (own(user, field) !== undefined) {
      throw new Error(`${where} of the kubeconfig ${what} ("${field}"), which is not supported; use a client certificate or a token instead`);
    }
  }
  const cert = pem(user, 'client-certificate', where, folder);
  const key = pem(user, 'client-key', where, folder);
  if ((cert === undefined) !== (key === undefined)) throw new Error(`${where} of the kubeconfig has a client certificate or a client key, but not both`);
  const tokenFile = textOf(user, 'tokenFile', where);
  // As kubectl does: the file wins over a token that stands in the kubeconfig.
  const token = tokenFile === undefined ? textOf(user, 'token', where) : contents(tokenFile, 'tokenFile', where, folder).trim();
  return { cert, key, token };
}

function document(text: string): JsonObject {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new Error(`the kubeconfig is no YAML: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  if (!isObject(value)) throw new Error('the kubeconfig is not a mapping of fields');
  return value;
}

/** The entry `name` of a list such as `clusters: [{ name, cluster: {…} }]`. */
function named(config: JsonObject, list: string, field: string, name: string): JsonObject {
  const value = own(config, list);
  const entries = Array.isArray(value) ? value.filter(isObject) : [];
  const found = entries.find((entry) => own(entry, 'name') === name);
  if (found === undefined) {
    const known = entries.map((entry) => JSON.stringify(own(entry, 'name'))).join(', ');
    throw new Error(`the kubeconfig has no ${field} "${name}"; it has ${known === '' ? 'none' : known}`);
  }
  const content = own(found, field);
  if (!isObject(content)) throw new Error(`${field} "${name}" of the kubeconfig is empty`);
  return content;
}

function textOf(object: JsonObject, field: string, where: string): string | undefined {
  const value = own(object, field);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new Error(`${field} of ${where} must be a text, got ${JSON.stringify(value)}`);
  return value;
}

/** A certificate or key: `<field>-data` in base64, or else the file that `<field>` names. */
function pem(object: JsonObject, field: string, where: string, folder: string): string | undefined {
  const data = textOf(object, `${field}-data`, where);
  const path = textOf(object, field, where);
  const used = data === undefined ? field : `${field}-data`;
  if (data === undefined && path === undefined) return undefined;
  const text = data === undefined ? contents(path ?? '', field, where, folder) : Buffer.from(data, 'base64').toString('utf8');
  if (!text.includes('-----BEGIN ')) throw new Error(`${used} of ${where} in the kubeconfig holds no PEM text`);
  return text;
}

function contents(path: string, field: string, where: string, folder: string): string {
  try {
    return readFileSync(resolve(folder, path), 'utf8');
  } catch (cause) {
    throw new Error(`${field} of ${where} in the kubeconfig cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
