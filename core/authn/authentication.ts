import type { Clock } from '#core/kernel/clock.ts';
import { ClientCertificateAuthenticator, type Authenticator } from './authenticator.ts';
import { BootstrapTokens } from './bootstrap-tokens.ts';
import { defaultIssuer } from './issuer.ts';
import type { Lookup } from './lookup.ts';
import type { ServiceAccountKeys } from './service-account/keys.ts';
import { ServiceAccountTokens } from './service-account/tokens.ts';
import { StaticTokens } from './static-tokens.ts';
import { BearerAuthenticator, TokenAuthenticators } from './token-authenticator.ts';

export interface AuthenticationParts {
  readonly accountKeys: ServiceAccountKeys;
  readonly issuer?: string | undefined;
  readonly staticTokens?: string | undefined;
  readonly lookup: Lookup;
  readonly clock: Clock;
}

/** All the ways in which a request can say who sends it, in the order in which they are asked. */
export interface Authentication {
  readonly authenticators: readonly Authenticator[];
  readonly tokens: TokenAuthenticators;
  readonly accountTokens: ServiceAccountTokens;
}

/** @throws {Error} for static tokens that cannot be read */
export function authentication({ accountKeys, issuer = defaultIssuer, staticTokens, lookup, clock }: AuthenticationParts): Authentication {
  const accountTokens = new ServiceAccountTokens({ keys: accountKeys, issuer, lookup, clock });
  const tokens = new TokenAuthenticators([
    ...(staticTokens === undefined ? [] : [new StaticTokens(staticTokens)]), accountTokens, new BootstrapTokens(lookup, clock),
  ], accountTokens.audiences);
  return { authenticators: [new ClientCertificateAuthenticator(), new BearerAuthenticator(tokens)], tokens, accountTokens };
}
