import { Role } from '#core/api/schema/rbac-v1.ts';
import { nameColumn } from './columns.ts';
import { createdAtColumn } from './rbac-columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { pathSegmentProblem } from './rules/host-names.ts';
import { validatePolicyRules } from './rules/rbac.ts';

export const roles = resource<Role>({
  kind: Role,
  hasStatus: false,
  allowsUnconditionalUpdate: true,
  nameProblem: pathSegmentProblem,

  validate({ rules }, errors) {
    validatePolicyRules(rules, true, FieldPath.root(errors).at('rules'));
  },

  columns: [nameColumn, createdAtColumn],
});
