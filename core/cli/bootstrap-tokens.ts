import { randomInt } from 'node:crypto';
import { bootstrapTokenPrefix, bootstrapTokenType, defaultJoinGroup, parseBootstrapToken } from '#core/api/bootstrap-token.ts';
import { Secret } from '#core/api/schema/core-v1/config.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { UsageError } from './failure.ts';

const namespace = 'kube-system';
const characters = 'abcdefghijklmnopqrstuvwxyz0123456789';
const random = (length: number): string => Array.from({ length }, () => characters[randomInt(characters.length)]).join('');

export interface TokenTerms {
  /** `ID.SECRET`; a random one when undefined. */
  readonly token?: string;
  /** Milliseconds since the epoch; never when undefined. */
  readonly expires?: number;
  readonly description?: string;
}

/** Makes a token with which nodes join, and returns it as `ID.SECRET`. */
export async function createToken(client: Client, { token, expires, description }: TokenTerms): Promise<string> {
  const given = token === undefined ? { id: random(6), secret: random(16) } : parseBootstrapToken(token);
  if (given === undefined) throw new UsageError(`the token "${token}" does not look like abcdef.0123456789abcdef`);
  const data = {
    'token-id': given.id, 'token-secret': given.secret, 'usage-bootstrap-authentication': 'true', 'usage-bootstrap-signing': 'true', 'auth-extra-groups': defaultJoinGroup,
    ...(expires === undefined ? {} : { expiration: `${new Date(expires).toISOString().slice(0, 19)}Z` }), ...(description === undefined ? {} : { description }),
  };
  try {
    await client.create(Secret, { metadata: { namespace, name: `${bootstrapTokenPrefix}${given.id}` }, type: bootstrapTokenType, stringData: data });
  } catch (error) {
    if (StatusError.is(error, 'AlreadyExists')) throw new UsageError(`there is a token with the id "${given.id}" already`, { cause: error });
    throw error;
  }
  return `${given.id}.${given.secret}`;
}

export interface ListedToken {
  readonly token: string;
  /** As it stands in the secret; '' for one that lasts. */
  readonly expires: string;
  readonly usages: readonly string[];
  readonly description: string;
  readonly groups: string;
}

export async function listTokens(client: Client): Promise<readonly ListedToken[]> {
  const { items } = await client.list(Secret, { namespace, fieldSelector: `type=${bootstrapTokenType}` });
  return items.map(({ data = {} }) => {
    const text = (key: string): string => Buffer.from((Object.hasOwn(data, key) ? data[key] : undefined) ?? '', 'base64').toString();
    const usages = Object.keys(data).filter((key) => key.startsWith('usage-bootstrap-') && text(key) === 'true').map((key) => key.slice('usage-bootstrap-'.length));
    return { token: `${text('token-id')}.${text('token-secret')}`, expires: text('expiration'), usages: usages.toSorted(), description: text('description'), groups: text('auth-extra-groups') };
  });
}

/** @param token its id, or all of it */
export async function deleteToken(client: Client, token: string): Promise<string> {
  const id = /^[a-z0-9]{6}$/.test(token) ? token : parseBootstrapToken(token)?.id;
  if (id === undefined) throw new UsageError(`"${token}" is neither a token's id (abcdef) nor a token (abcdef.0123456789abcdef)`);
  try {
    await client.delete(Secret, { namespace, name: `${bootstrapTokenPrefix}${id}` });
  } catch (error) {
    if (StatusError.is(error, 'NotFound')) throw new UsageError(`there is no token with the id "${id}"`, { cause: error });
    throw error;
  }
  return id;
}
