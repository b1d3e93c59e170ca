import { ClusterRole } from '#core/api/schema/rbac-v1.ts';
import { nameColumn } from './columns.ts';
import { createdAtColumn } from './rbac-columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { pathSegmentProblem } from './rules/host-names.ts';
import { validatePolicyRules } from './rules/rbac.ts';
import { validateLabelSelector } from './rules/selectors.ts';

export const clusterRoles = resource<ClusterRole>({
  kind: ClusterRole,
  hasStatus: false,
  allowsUnconditionalUpdate: true,
  nameProblem: pathSegmentProblem,

  validate({ rules, aggregationRule }, errors) {
    const root = FieldPath.root(errors);
    validatePolicyRules(rules, false, root.at('rules'));
    if (aggregationRule === undefined) return;
    const field = root.at('aggregationRule', 'clusterRoleSelectors');
    const { clusterRoleSelectors = [] } = aggregationRule;
    if (clusterRoleSelectors.length === 0) field.required('at least one clusterRoleSelector required if aggregationRule is non-nil');
    for (const [i, selector] of clusterRoleSelectors.entries()) validateLabelSelector(selector, field.at(i));
  },

  columns: [nameColumn, createdAtColumn],
});
