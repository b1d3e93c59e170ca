import type { ExpressionProblem } from '#core/api/admission/policy-program.ts';
import { FieldErrors } from '#core/api/field-errors.ts';

import { MutatingWebhookConfiguration, ValidatingAdmissionPolicy, ValidatingWebhookConfiguration } from '#core/api/schema/admissionregistration-v1.ts';
import { isKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { deepEqual, pathText } from '#core/api/value.ts';
import type { AdmissionPlugin } from '#core/admission/admission.ts';

type Path = ExpressionProblem['path'];

/** The expressions of policies and webhooks must compile; those that were stored before and did not change stay. */
export const expressionCheck: AdmissionPlugin = {
  name: 'ExpressionCheck',
  validate({ operation, subresource, object, old, resource, name }) {
    if (operation === 'DELETE' || subresource !== '' || object === undefined || resource.kind.group !== ValidatingAdmissionPolicy.group) return undefined;
    const expressions = expressionsOf(object);
    if (expressions === undefined || (old !== undefined && deepEqual(expressions, expressionsOf(old)))) return undefined;
    return check(object, (path, problem) => {
      const errors = new FieldErrors();
      errors.invalid(pathText(path), problem.expression, problem.text);
      errors.throwIfAny(resource.kind, name);
    });
  },
};

function expressionsOf(object: KubernetesObject): unknown {
  if (isKindOf(object, ValidatingAdmissionPolicy)) return object.spec;
  if (isKindOf(object, ValidatingWebhookConfiguration) || isKindOf(object, MutatingWebhookConfiguration)) return object.webhooks?.map(({ matchConditions }) => matchConditions);
  return undefined;
}

/** The language is loaded when somebody first writes in it. */
async function check(object: KubernetesObject, refuse: (path: Path, problem: ExpressionProblem) => void): Promise<void> {
  const { compileConditions, compilePolicy } = await import('#core/api/admission/policy-program.ts');
  if (isKindOf(object, ValidatingAdmissionPolicy)) {
    for (const problem of compilePolicy(object.spec).problems) refuse(['spec', ...problem.path], problem);
    return;
  }
  if (!isKindOf(object, ValidatingWebhookConfiguration) && !isKindOf(object, MutatingWebhookConfiguration)) return;
  for (const [i, { matchConditions }] of (object.webhooks ?? []).entries()) {
    for (const problem of compileConditions(matchConditions).problems) refuse(['webhooks', i, ...problem.path], problem);
  }
}
