import { SelfSubjectRulesReview } from '#core/api/schema/authorization-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';

export const selfSubjectRulesReviews = resource<SelfSubjectRulesReview>({
  kind: SelfSubjectRulesReview,
  isQuestion: true,
  verbs: ['create'],
  hasStatus: false,
  allowsUnconditionalUpdate: false,

  columns: [nameColumn, ageColumn],
});
