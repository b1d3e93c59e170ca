import { SelfSubjectAccessReview } from '#core/api/schema/authorization-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { validateAccess, validateNoMetadata } from './rules/access-review.ts';
import { FieldPath } from './rules/field-path.ts';

export const selfSubjectAccessReviews = resource<SelfSubjectAccessReview>({
  kind: SelfSubjectAccessReview,
  isQuestion: true,
  verbs: ['create'],
  hasStatus: false,
  allowsUnconditionalUpdate: false,

  validate(review, errors) {
    const root = FieldPath.root(errors);
    validateAccess(review.spec, root.at('spec'));
    validateNoMetadata(review, [], root);
  },

  columns: [nameColumn, ageColumn],
});
