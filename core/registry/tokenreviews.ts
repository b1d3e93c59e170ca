import { TokenReview } from '#core/api/schema/authentication-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';

export const tokenReviews = resource<TokenReview>({
  kind: TokenReview,
  isQuestion: true,
  verbs: ['create'],
  hasStatus: false,
  allowsUnconditionalUpdate: false,

  columns: [nameColumn, ageColumn],
});
