import { SelfSubjectReview } from '#core/api/schema/authentication-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';

export const selfSubjectReviews = resource<SelfSubjectReview>({
  kind: SelfSubjectReview,
  isQuestion: true,
  verbs: ['create'],
  hasStatus: false,
  allowsUnconditionalUpdate: false,

  columns: [nameColumn, ageColumn],
});
