import { bootstrapTokenPrefix, bootstrapTokenType, parseBootstrapToken, type BootstrapToken } from '#core/api/bootstrap-token.ts';
import type { Secret } from '#core/api/schema/core-v1/config.ts';

export const tokenNamespace = 'kube-system';

export const isTokenSecret = ({ type, metadata }: Secret): boolean => type === bootstrapTokenType && metadata.namespace === tokenNamespace;

export const dataOf = ({ data }: Secret, key: string): string => Buffer.from((data !== undefined && Object.hasOwn(data, key) ? data[key] : undefined) ?? '', 'base64').toString();

/** Milliseconds since the epoch; undefined for a token that lasts. One with a time that nobody can read has run out. */
export function expirationOf(secret: Secret): number | undefined {
  const text = dataOf(secret, 'expiration');
  if (text === '') return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
}

/** The token with which `cluster-info` may be signed; undefined when it is none, or has run out. */
export function signingToken(secret: Secret, now: number): BootstrapToken | undefined {
  if (!isTokenSecret(secret) || secret.metadata.deletionTimestamp !== undefined || dataOf(secret, 'usage-bootstrap-signing') !== 'true') return undefined;
  if ((expirationOf(secret) ?? Number.POSITIVE_INFINITY) <= now) return undefined;
  const token = parseBootstrapToken(`${dataOf(secret, 'token-id')}.${dataOf(secret, 'token-secret')}`);
  return token !== undefined && secret.metadata.name === `${bootstrapTokenPrefix}${token.id}` ? token : undefined;
}
