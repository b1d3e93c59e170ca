import { randomUUID } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { Node } from '#core/api/schema/core-v1/node.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { Secret } from '#core/api/schema/core-v1/config.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import type { KindNames } from '#core/api/schema/kind.ts';
import type { User } from '#core/api/user.ts';
import type { Lookup } from '#core/authn/lookup.ts';
import { unauthorized, type TokenAuthenticator, type TokenOwner } from '#core/authn/token-authenticator.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { token } from '#core/kernel/token.ts';
import { dropOldest } from '#core/kernel/oldest.ts';
import { accountGroups, accountUser, claimName, claimsOf, legacyIssuer, type KubernetesClaims } from './claims.ts';
import type { ServiceAccountKeys } from './keys.ts';

export interface ServiceAccountTokensOptions {
  readonly keys: ServiceAccountKeys;
  /** `iss` of the tokens: where `/.well-known/openid-configuration` is found. */
  readonly issuer: string;
  /** Audiences of the API server; the issuer by default. */
  readonly audiences?: readonly string[];
  readonly lookup: Lookup;
  readonly clock: Clock;
}

export interface TokenWish {
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly claims: KubernetesClaims;
}

export interface IssuedToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly id: string;
}

/** Checking a signature costs more than most requests. */
const rememberedTokens = 2048;
/** What a token is bound to counts as there for so long after its deletion, so that what ends can end in order. */
const leewayMs = 60_000;

/** Issues service account tokens, and knows its own again. */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly name = 'service-account-token';
  readonly issuer: string;
  readonly audiences: readonly string[];
  private readonly keys: ServiceAccountKeys;
  private readonly lookup: Lookup;
  private readonly clock: Clock;
  private readonly verified = new Map<string, JWTPayload>();

  constructor({ keys, issuer, audiences, lookup, clock }: ServiceAccountTokensOptions) {
    this.keys = keys;
    this.issuer = issuer;
    this.audiences = audiences ?? [issuer];
    this.lookup = lookup;
    this.clock = clock;
  }

  async issue({ audiences, expirationSeconds, claims }: TokenWish): Promise<IssuedToken> {
    const { SignJWT } = await import('jose');
    const now = Math.floor(this.clock.now() / 1000);
    const id = randomUUID();
    const signed = await new SignJWT({ [claimName]: claims })
      .setProtectedHeader({ alg: 'RS256', kid: this.keys.keyId })
      .setIssuer(this.issuer).setSubject(accountUser(claims.namespace, claims.serviceaccount.name)).setAudience([...audiences])
      .setIssuedAt(now).setNotBefore(now).setExpirationTime(now + expirationSeconds).setJti(id)
      .sign(this.keys.privateKey);
    return { token: signed, expiresAt: (now + expirationSeconds) * 1000, id };
  }

  /** A token without an end, for a secret that holds it: it is good while the secret does. */
  async issueForSecret(account: ServiceAccount, secret: string): Promise<string> {
    const { SignJWT } = await import('jose');
    const { namespace = '', name, uid } = account.metadata;
    const prefix = 'kubernetes.io/serviceaccount/';
    return new SignJWT({ [`${prefix}namespace`]: namespace, [`${prefix}secret.name`]: secret, [`${prefix}service-account.name`]: name, [`${prefix}service-account.uid`]: uid })
      .setProtectedHeader({ alg: 'RS256', kid: this.keys.keyId }).setIssuer(legacyIssuer).setSubject(accountUser(namespace, name)).sign(this.keys.privateKey);
  }

  async authenticateToken(bearer: string, audiences: readonly string[]): Promise<TokenOwner | undefined> {
    const payload = this.verified.get(bearer) ?? (await this.verify(bearer));
    if (payload === undefined) return undefined;
    this.checkTime(payload);
    const good = payload.iss === legacyIssuer ? this.audiences : [payload.aud ?? []].flat();
    const common = audiences.filter((audience) => good.includes(audience));
    if (common.length === 0) throw unauthorized(`the token is for the audiences ${JSON.stringify(good)}, not for any of ${JSON.stringify(audiences)}`);
    const claims = claimsOf(payload);
    if (claims === undefined) throw unauthorized('the token does not say of which service account it is');
    this.checkObjects(claims, payload.iss === legacyIssuer ? bearer : undefined);
    return { user: userOf(claims, payload.jti), audiences: common };
  }

  /** Undefined for what is no token of ours. */
  private async verify(bearer: string): Promise<JWTPayload | undefined> {
    const { decodeJwt, jwtVerify } = await import('jose');
    let issuer: string | undefined;
    try {
      issuer = decodeJwt(bearer).iss;
    } catch {
      return undefined;
    }
    if (issuer !== this.issuer && issuer !== legacyIssuer) return undefined;
    try {
      // Times are checked at each use.
      const { payload } = await jwtVerify(bearer, this.keys.publicKey, { algorithms: ['RS256'], issuer, currentDate: new Date(this.clock.now()), clockTolerance: Number.MAX_SAFE_INTEGER });
      this.verified.set(bearer, payload);
      if (this.verified.size > rememberedTokens) dropOldest(this.verified);
      return payload;
    } catch (error) {
      throw unauthorized(`the token is not valid: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private checkTime({ exp = Infinity, nbf = 0 }: JWTPayload): void {
    const now = this.clock.now() / 1000;
    if (now >= exp) throw unauthorized('service account token has expired');
    if (now < nbf) throw unauthorized('service account token is not valid yet');
  }

  /** A token is good while its account, and what it is bound to, are there. */
  private checkObjects(claims: KubernetesClaims, legacyToken: string | undefined): void {
    const { namespace, serviceaccount, pod, secret, node } = claims;
    this.check(ServiceAccount, namespace, serviceaccount);
    if (pod) this.check(Pod, namespace, pod);
    // Nodes come and go under one name; a pod's token names its node for information only.
    if (node && !pod) this.check(Node, undefined, node);
    if (!secret) return;
    const found: Partial<Secret> | undefined = this.lookup(Secret, namespace, secret.name);
    if (legacyToken !== undefined) {
      if (found?.data?.['token'] !== Buffer.from(legacyToken).toString('base64')) throw unauthorized('the secret of the token is gone, or holds another');
    } else this.check(Secret, namespace, secret);
  }

  private check(kind: KindNames, namespace: string | undefined, { name, uid }: { name: string; uid: string }): void {
    const found = this.lookup(kind, namespace, name);
    const deletedAt = Date.parse(found?.metadata.deletionTimestamp ?? '');
    if (found === undefined || found.metadata.uid !== uid || deletedAt + leewayMs < this.clock.now()) {
      throw unauthorized(`the ${kind.kind} ${namespace === undefined ? '' : `${namespace}/`}${name} of the token is gone`);
    }
  }

  /** `/openid/v1/jwks`. */
  jwks(): object {
    return { keys: [{ use: 'sig', kid: this.keys.keyId, alg: 'RS256', ...this.keys.publicKey.export({ format: 'jwk' }) }] };
  }

  /** `/.well-known/openid-configuration`. @param jwksUri absolute */
  openIdConfiguration(jwksUri: string): object {
    return {
      issuer: this.issuer, jwks_uri: jwksUri, response_types_supported: ['id_token'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'],
    };
  }
}
export const AccountTokens = token<ServiceAccountTokens>('AccountTokens');

function userOf({ namespace, serviceaccount, pod, node }: KubernetesClaims, id: string | undefined): User {
  const prefix = 'authentication.kubernetes.io/';
  return {
    name: accountUser(namespace, serviceaccount.name), uid: serviceaccount.uid, groups: accountGroups(namespace),
    extra: {
      ...(id === undefined ? {} : { [`${prefix}credential-id`]: [`JTI=${id}`] }),
      ...(pod ? { [`${prefix}pod-name`]: [pod.name], [`${prefix}pod-uid`]: [pod.uid] } : {}),
      ...(node ? { [`${prefix}node-name`]: [node.name], [`${prefix}node-uid`]: [node.uid] } : {}),
    },
  };
}
