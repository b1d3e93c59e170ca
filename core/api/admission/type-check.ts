import { celTypeOfStruct } from '#core/api/cel/struct-type.ts';
import type { ValidatingAdmissionPolicySpec } from '#core/api/schema/admissionregistration-v1.ts';
import type { Struct } from '#core/api/schema/type.ts';
import { compilePolicy, type ExpressionProblem } from './policy-program.ts';

/** What is wrong with a policy's expressions when `object` and `oldObject` are of this type. */
export const checkAgainst = (spec: ValidatingAdmissionPolicySpec, struct: Struct): readonly ExpressionProblem[] => compilePolicy(spec, celTypeOfStruct(struct)).problems;
