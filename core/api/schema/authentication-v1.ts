import { groupVersion, type KindOf } from './kind.ts';
import { always, bool, int64, list, map, pointer, required, string, time, withDefault, type Of } from './type.ts';

const authentication = groupVersion('io.k8s.api.authentication.v1', 'authentication.k8s.io', 'v1');

export const UserInfo = authentication.type('UserInfo', 'Who somebody is, as the server knows them.', {
  username: [1, string, 'Unique name.'],
  uid: [2, string, 'Tells this user from an earlier one of the same name.'],
  groups: [3, list(string), 'Groups that the user belongs to.'],
  extra: [4, map(list(string)), 'What else the authenticator knows.'],
});
export type UserInfo = Of<typeof UserInfo>;

export const TokenReviewSpec = authentication.type('TokenReviewSpec', 'The token in question.', {
  token: [1, required(string), 'The bearer token.'],
  audiences: [2, list(string), 'For whom the asker takes it; one is enough. The API server\'s own when empty.'],
});
export type TokenReviewSpec = Of<typeof TokenReviewSpec>;

export const TokenReviewStatus = authentication.type('TokenReviewStatus', 'Whose token it is.', {
  authenticated: [1, bool, 'The token is good.'],
  user: [2, always(UserInfo), 'Whose it is.'],
  audiences: [4, list(string), 'Audiences that both the token and the question name.'],
  error: [3, string, 'Why the token could not be checked.'],
});
export type TokenReviewStatus = Of<typeof TokenReviewStatus>;

export const TokenReview = authentication.kind('TokenReview', 'Asks whose a bearer token is.', {
  spec: [2, required(TokenReviewSpec), 'The question.'],
  status: [3, always(TokenReviewStatus), 'The answer.'],
}, { namespaced: false });
export type TokenReview = KindOf<typeof TokenReview>;

export const BoundObjectReference = authentication.type('BoundObjectReference', 'An object with which a token ends.', {
  kind: [1, string, 'Pod, Secret or Node.'],
  apiVersion: [2, string, 'Its API version.'],
  name: [3, string, 'Its name.'],
  uid: [4, string, 'Its UID.'],
});
export type BoundObjectReference = Of<typeof BoundObjectReference>;

export const TokenRequestSpec = authentication.type('TokenRequestSpec', 'What the token shall be good for.', {
  audiences: [1, list(string), 'For whom it is meant; the API server when empty.'],
  expirationSeconds: [4, withDefault(pointer(int64), 3600), 'Wished-for lifetime in seconds, at least 600; the issuer may give another.'],
  boundObjectRef: [3, BoundObjectReference, 'The token ends with this object.'],
});
export type TokenRequestSpec = Of<typeof TokenRequestSpec>;

export const TokenRequestStatus = authentication.type('TokenRequestStatus', 'The token.', {
  token: [1, string, 'The bearer token.'],
  expirationTimestamp: [2, time, 'When it ends.'],
});
export type TokenRequestStatus = Of<typeof TokenRequestStatus>;

export const TokenRequest = authentication.kind('TokenRequest', 'Asks for a token of a service account.', {
  spec: [2, required(TokenRequestSpec), 'What it shall be good for.'],
  status: [3, always(TokenRequestStatus), 'The token.'],
});
export type TokenRequest = KindOf<typeof TokenRequest>;

export const SelfSubjectReviewStatus = authentication.type('SelfSubjectReviewStatus', 'Who asked.', {
  userInfo: [1, always(UserInfo), 'Who asked.'],
});
export type SelfSubjectReviewStatus = Of<typeof SelfSubjectReviewStatus>;

export const SelfSubjectReview = authentication.kind('SelfSubjectReview', 'Asks who one is to the server.', {
  status: [2, always(SelfSubjectReviewStatus), 'The answer.'],
}, { namespaced: false });
export type SelfSubjectReview = KindOf<typeof SelfSubjectReview>;
