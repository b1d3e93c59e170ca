import type { IncomingMessage } from 'node:http';
import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import { token } from '#core/kernel/token.ts';
import type { Authenticator } from './authenticator.ts';

/** Whose a token is, and which of the audiences asked for it is good for. */
export interface TokenOwner {
  readonly user: User;
  readonly audiences: readonly string[];
}

/** Finds out whose a bearer token is. */
export interface TokenAuthenticator {
  readonly name: string;
  /**
   * Undefined when this is not one of this method's tokens.
   * @param audiences for whom the token must be good: one of them is enough
   * @throws {StatusError} Unauthorized, with the reason, for one of its tokens that is not good
   */
  authenticateToken(token: string, audiences: readonly string[]): Promise<TokenOwner | undefined> | TokenOwner | undefined;
}
export const TokenAuthenticator = token<TokenAuthenticator>('TokenAuthenticator');

export const unauthorized = (why: string): StatusError => new StatusError('Unauthorized', why);

/** Asks several methods in turn; the first that knows the token decides. */
export class TokenAuthenticators {
  private readonly methods: readonly TokenAuthenticator[];
  /** Audiences of the API server itself. */
  readonly audiences: readonly string[];

  constructor(methods: readonly TokenAuthenticator[], audiences: readonly string[]) {
    this.methods = methods;
    this.audiences = audiences;
  }

  /** @throws {StatusError} Unauthorized; undefined when nobody knows the token */
  async authenticateToken(bearer: string, audiences: readonly string[] = this.audiences): Promise<TokenOwner | undefined> {
    for (const method of this.methods) {
      const owner = await method.authenticateToken(bearer, audiences);
      if (owner) return owner;
    }
    return undefined;
  }
}
export const Tokens = token<TokenAuthenticators>('Tokens');

const bearerForm = /^Bearer +(\S+)$/i;

/** `Authorization: Bearer …`. */
export class BearerAuthenticator implements Authenticator {
  readonly name = 'bearer-token';
  private readonly tokens: TokenAuthenticators;

  constructor(tokens: TokenAuthenticators) {
    this.tokens = tokens;
  }

  async authenticate(request: IncomingMessage): Promise<User | undefined> {
    const { authorization } = request.headers;
    if (authorization === undefined) return undefined;
    const [, bearer] = bearerForm.exec(authorization) ?? [];
    if (bearer === undefined) throw unauthorized('Unauthorized');
    const owner = await this.tokens.authenticateToken(bearer);
    if (owner === undefined) throw unauthorized('Unauthorized');
    return owner.user;
  }
}
