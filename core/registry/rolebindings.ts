import { RoleBinding } from '#core/api/schema/rbac-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { roleColumn, subjectColumns } from './rbac-columns.ts';
import { resource } from './resource.ts';
import { FieldPath } from './rules/field-path.ts';
import { pathSegmentProblem } from './rules/host-names.ts';
import { defaultSubjects, validateBinding, validateRoleRefUpdate } from './rules/rbac.ts';

export const roleBindings = resource<RoleBinding>({
  kind: RoleBinding,
  hasStatus: false,
  allowsUnconditionalUpdate: true,
  nameProblem: pathSegmentProblem,

  defaults: defaultSubjects,
  validate(binding, errors) {
    validateBinding(binding, true, FieldPath.root(errors));
  },
  validateUpdate(binding, old, errors) {
    validateRoleRefUpdate(binding, old, FieldPath.root(errors));
  },

  columns: [nameColumn, roleColumn, ageColumn, ...subjectColumns],
});
