import { SubjectAccessReview } from '#core/api/schema/authorization-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { validateNoMetadata, validateSubjectAccess } from './rules/access-review.ts';
import { FieldPath } from './rules/field-path.ts';

export const subjectAccessReviews = resource<SubjectAccessReview>({
  kind: SubjectAccessReview,
  isQuestion: true,
  verbs: ['create'],
  hasStatus: false,
  allowsUnconditionalUpdate: false,

  validate(review, errors) {
    const root = FieldPath.root(errors);
    validateSubjectAccess(review.spec, root.at('spec'));
    validateNoMetadata(review, [], root);
  },

  columns: [nameColumn, ageColumn],
});
