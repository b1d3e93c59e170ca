import { SelfSubjectReview, TokenReview, type UserInfo } from '#core/api/schema/authentication-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { User } from '#core/api/user.ts';
import type { TokenAuthenticators } from '#core/authn/token-authenticator.ts';
import { rfc3339 } from '#core/kernel/clock.ts';
import { action, type Action } from './action.ts';

export const userInfo = ({ name, uid, groups, extra = {} }: User): UserInfo => ({
  username: name, ...(uid === undefined ? {} : { uid }), groups: [...groups],
  ...(Object.keys(extra).length === 0 ? {} : { extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])) }),
});

/** POST `selfsubjectreviews`: `kubectl auth whoami`. */
export const selfSubjectReview: Action = action(SelfSubjectReview, '', SelfSubjectReview, async ({ api, object, caller }) => ({
  ...object, metadata: { ...object.metadata, creationTimestamp: rfc3339(api.clock.now()) }, status: { userInfo: userInfo(caller.user) },
}));

/** POST `tokenreviews`: whose a token is, for those who are shown tokens of this cluster. */
export const tokenReview = (tokens: TokenAuthenticators): Action => action(TokenReview, '', TokenReview, async ({ object }) => {
  const { token, audiences = [] } = object.spec;
  if (token === '') throw StatusError.badRequest('token is required for TokenReview in authentication');
  return { ...object, status: await statusOf(tokens, token, audiences) };
});

async function statusOf(tokens: TokenAuthenticators, token: string, audiences: readonly string[]): Promise<TokenReview['status']> {
  try {
    const owner = await tokens.authenticateToken(token, audiences.length === 0 ? tokens.audiences : audiences);
    return owner ? { authenticated: true, user: userInfo(owner.user), audiences: [...owner.audiences] } : { user: {} };
  } catch (error) {
    if (!StatusError.is(error, 'Unauthorized')) throw error;
    return { user: {}, error: error.message };
  }
}
