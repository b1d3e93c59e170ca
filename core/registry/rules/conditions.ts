import { qualifiedNameProblem } from '#core/api/names.ts';
import type { Condition } from '#core/api/schema/meta.ts';
import type { FieldPath } from './field-path.ts';

const maxReason = 1024;
const maxMessage = 32 * 1024;
const reasonSyntax = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const reasonProblem = "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', " +
  "and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', " +
  "regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')";

function validateCondition({ type = '', observedGeneration = 0, lastTransitionTime, reason = '', message = '' }: Partial<Condition>, field: FieldPath): void {
  field.at('type').check(type, qualifiedNameProblem(type));
  if (observedGeneration < 0) field.at('observedGeneration').invalid(observedGeneration, 'must be greater than or equal to zero');
  if (lastTransitionTime === undefined) field.at('lastTransitionTime').required('must be set');
  if (reason === '') field.at('reason').required('must be set');
  else field.at('reason').check(reason, reasonSyntax.test(reason) ? undefined : reasonProblem);
  if (Buffer.byteLength(reason) > maxReason) field.at('reason').tooLong(maxReason);
  if (Buffer.byteLength(message) > maxMessage) field.at('message').tooLong(maxMessage);
}

/** Conditions of the common form (`metav1.Condition`); their status is a closed set of the schema. */
export function validateConditions(conditions: readonly Condition[] | undefined, field: FieldPath): void {
  const types = new Set<string>();
  for (const [i, condition] of (conditions ?? []).entries()) {
    if (types.has(condition.type)) field.at(i, 'type').duplicate(condition.type);
    types.add(condition.type);
    validateCondition(condition, field.at(i));
  }
}
