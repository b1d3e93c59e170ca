import { LocalSubjectAccessReview } from '#core/api/schema/authorization-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { validateNoMetadata, validateSubjectAccess } from './rules/access-review.ts';
import { FieldPath } from './rules/field-path.ts';

export const localSubjectAccessReviews = resource<LocalSubjectAccessReview>({
  kind: LocalSubjectAccessReview,
  isQuestion: true,
  verbs: ['create'],
  hasStatus: false,
  allowsUnconditionalUpdate: false,

  validate(review, errors) {
    const root = FieldPath.root(errors);
    const { resourceAttributes, nonResourceAttributes } = review.spec;
    validateSubjectAccess(review.spec, root.at('spec'));
    validateNoMetadata(review, ['namespace'], root);
    const namespace = resourceAttributes?.namespace ?? '';
    if (resourceAttributes !== undefined && namespace !== (review.metadata.namespace ?? '')) {
      root.at('spec', 'resourceAttributes', 'namespace').invalid(namespace, 'must match metadata.namespace');
    }
    if (nonResourceAttributes !== undefined) root.at('spec', 'nonResourceAttributes').invalid(nonResourceAttributes, 'disallowed on this kind of request');
  },

  columns: [nameColumn, ageColumn],
});
