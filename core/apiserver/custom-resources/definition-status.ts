import type { CustomResourceDefinition, CustomResourceDefinitionCondition, CustomResourceDefinitionNames } from '#core/api/schema/apiextensions-v1.ts';
import { deepCopy } from '#core/api/value.ts';
import { approvalOf, isProtectedGroup, type Approval } from '#core/registry/custom-resources/approval.ts';
import { structuralErrors } from '#core/registry/custom-resources/structural.ts';
import { setCondition } from '#core/registry/customresourcedefinitions.ts';
import { caBundleProblem } from '#core/registry/rules/webhook-client.ts';
import type { TakenNames } from './taken-names.ts';

type Condition = Pick<CustomResourceDefinitionCondition, 'type' | 'status' | 'reason' | 'message'>;

/** A copy with the names that it gets, and what is to be said of it. @param nowText RFC 3339 */
export function withStatus(definition: CustomResourceDefinition, taken: TakenNames, nowText: string): CustomResourceDefinition {
  const next = deepCopy(definition);
  const { names, condition } = acceptNames(definition, taken);
  next.status.acceptedNames = names;
  const conditions = [condition, established(definition, condition.status === 'True'), structural(definition), approved(definition)];
  for (const each of conditions) if (each && !isSaid(next, each)) setCondition(next, each, nowText);
  if (conditions[2] === undefined) next.status.conditions = next.status.conditions.filter(({ type }) => type !== 'NonStructuralSchema');
  return next;
}

export const conditionOf = ({ status }: CustomResourceDefinition, type: string): CustomResourceDefinitionCondition | undefined =>
  status.conditions.find((condition) => condition.type === type);

function isSaid(definition: CustomResourceDefinition, { type, status, reason, message }: Condition): boolean {
  const said = conditionOf(definition, type);
  return said?.status === status && said.reason === reason && said.message === message;
}

/** Each name is taken over unless somebody else has it; then the one stays that was accepted before. */
function acceptNames({ spec: { names: wanted }, status: { acceptedNames: had } }: CustomResourceDefinition, taken: TakenNames): { names: CustomResourceDefinitionNames; condition: Condition } {
  const names = { ...had };
  let conflict: Condition | undefined;
  const refuse = (reason: string, message: string): void => {
    conflict = { type: 'NamesAccepted', status: 'False', reason, message };
  };
  const accept = (field: 'plural' | 'singular' | 'kind' | 'listKind', reason: string, used: ReadonlySet<string>): void => {
    const name = wanted[field];
    if (name !== undefined && name !== had[field] && used.has(name)) refuse(reason, inUse(name));
    else Object.assign(names, { [field]: name });
  };
  accept('plural', 'PluralConflict', taken.resources);
  accept('singular', 'SingularConflict', taken.resources);
  const clashes = (wanted.shortNames ?? []).filter((name) => had.shortNames?.includes(name) !== true && taken.resources.has(name)).map(inUse);
  if (clashes.length > 0) refuse('ShortNamesConflict', clashes.length === 1 ? clashes.join() : `[${clashes.join(', ')}]`);
  else setList(names, 'shortNames', wanted.shortNames);
  accept('kind', 'KindConflict', taken.kinds);
  accept('listKind', 'ListKindConflict', taken.kinds);
  setList(names, 'categories', wanted.categories);
  return { names, condition: conflict ?? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' } };
}

const inUse = (name: string): string => `${JSON.stringify(name)} is already in use`;

function setList(names: CustomResourceDefinitionNames, field: 'shortNames' | 'categories', list: string[] | undefined): void {
  if (list === undefined) delete names[field];
  else names[field] = list;
}

/** What was established once stays so. */
function established(definition: CustomResourceDefinition, accepted: boolean): Condition {
  const said = conditionOf(definition, 'Established');
  if (said?.status === 'True') return said;
  const type = 'Established';
  if (!accepted) return { type, status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
  const bundle = definition.spec.conversion?.webhook?.clientConfig?.caBundle ?? '';
  if (bundle !== '' && caBundleProblem(bundle) !== undefined) return { type, status: 'False', reason: 'InvalidCABundle', message: 'The conversion webhook CABundle is invalid' };
  return { type, status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted' };
}

/** Only a laxer server can have stored a schema that is not structural. */
function structural({ spec: { versions } }: CustomResourceDefinition): Condition | undefined {
  for (const [i, { schema }] of versions.entries()) {
    if (!schema?.openAPIV3Schema) continue;
    const errors = structuralErrors(schema.openAPIV3Schema, ['spec', 'versions', i, 'schema', 'openAPIV3Schema']);
    if (!errors.empty) return { type: 'NonStructuralSchema', status: 'True', reason: 'Violations', message: errors.toString() };
  }
  return undefined;
}

const annotations: Readonly<Record<Approval['state'], readonly [status: string, reason: string]>> = {
  missing: ['False', 'MissingAnnotation'], invalid: ['False', 'InvalidAnnotation'], bypassed: ['False', 'UnapprovedAnnotation'], approved: ['True', 'ApprovedAnnotation'],
};

function approved(definition: CustomResourceDefinition): Condition | undefined {
  if (!isProtectedGroup(definition.spec.group)) return undefined;
  const { state, reason: message } = approvalOf(definition);
  const [status, reason] = annotations[state];
  return { type: 'KubernetesAPIApprovalPolicyConformant', status, reason, message };
}
