import type { Authorize } from '#core/api/access.ts';
import { compilePolicy, type CompiledPolicy } from '#core/api/admission/policy-program.ts';
import { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, type MatchResources } from '#core/api/schema/admissionregistration-v1.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { isKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { codeOfReason, StatusError } from '#core/api/status-error.ts';
import type { AdmissionPlugin, AdmissionRequest } from '#core/admission/admission.ts';
import { isUntouchable, type WebhooksOptions } from '#core/admission/webhooks/dispatch.ts';
import { caughtAs, namespaceMatches, objectMatches } from '#core/admission/webhooks/matching.ts';
import { shownAs } from '#core/admission/webhooks/shown.ts';
import type { AnyResource } from '#core/registry/resource.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import { activationOf, type Activation } from './activation.ts';
import { conditionsMet } from './conditions.ts';
import { evaluate, type Evaluation, type Finding } from './evaluate.ts';
import { paramsFor, type FindKind } from './params.ts';

export interface PoliciesOptions extends Pick<WebhooksOptions, 'equivalents' | 'convert'> {
  readonly authorize: Authorize;
  readonly findKind: FindKind;
}

type Policy = ValidatingAdmissionPolicy;
type Binding = ValidatingAdmissionPolicyBinding;

/** What failed, as the audit log lists it. */
interface AuditFailure {
  readonly message: string;
  readonly policy: string;
  readonly binding: string;
  readonly expressionIndex: number;
  readonly validationActions: readonly string[];
}

/** Checks requests against the CEL rules of ValidatingAdmissionPolicies (KEP-3488), as their bindings say. */
export class ValidatingAdmissionPolicies implements AdmissionPlugin {
  readonly name = 'ValidatingAdmissionPolicy';
  private readonly options: PoliciesOptions;
  private readonly compiled = new WeakMap<object, CompiledPolicy>();

  constructor(options: PoliciesOptions) {
    this.options = options;
  }

  validate(request: AdmissionRequest, objects: ObjectStore): Promise<void> | void {
    if (objects.cache(ValidatingAdmissionPolicyBinding).size === 0 || isUntouchable(request)) return;
    return this.check(request, objects);
  }

  private async check(request: AdmissionRequest, objects: ObjectStore): Promise<void> {
    const failures: AuditFailure[] = [];
    let refusal: StatusError | undefined;
    for (const [, binding] of objects.cache(ValidatingAdmissionPolicyBinding).range('')) {
      if (!isKindOf(binding, ValidatingAdmissionPolicyBinding)) continue;
      const policy = objects.get(ValidatingAdmissionPolicy, undefined, binding.spec.policyName ?? '');
      if (policy === undefined || !isKindOf(policy, ValidatingAdmissionPolicy)) continue;
      for (const finding of await this.findings(policy, binding, request, objects)) {
        refusal ??= this.enforce(finding, policy, binding, request, failures);
      }
    }
    if (failures.length > 0) request.annotate?.('validation.policy.admission.k8s.io/validation_failure', JSON.stringify(failures));
    if (refusal) throw refusal;
  }

  /** Denies, warns or notes; returns the denial. */
  private enforce({ message, reason, action, index = 0 }: Finding, policy: Policy, binding: Binding, request: AdmissionRequest, failures: AuditFailure[]): StatusError | undefined {
    if (action === 'error' && policy.spec.failurePolicy === 'Ignore') return undefined;
    const [name, by] = [policy.metadata.name, binding.metadata.name];
    const actions = binding.spec.validationActions ?? [];
    if (actions.includes('Audit')) failures.push({ message, policy: name, binding: by, expressionIndex: index, validationActions: actions });
    if (actions.includes('Warn')) request.warn(`Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${by}': ${message}`);
    if (!actions.includes('Deny')) return undefined;
    const text = `ValidatingAdmissionPolicy '${name}' with binding '${by}' denied request: ${message}`;
    const { message: full, details } = StatusError.forbidden(request.resource.kind, request.name, text);
    return new StatusError(reason, full, { ...details, causes: [{ message: text }] }, { code: codeOfReason[reason] });
  }

  private async findings(policy: Policy, binding: Binding, request: AdmissionRequest, objects: ObjectStore): Promise<readonly Finding[]> {
    const resource = this.caught(policy.spec.matchConstraints, request, objects);
    if (resource === undefined) return [];
    if (binding.spec.matchResources && this.caught(binding.spec.matchResources, request, objects) === undefined) return [];
    const compiled = this.compile(policy);
    const [problem] = compiled.problems;
    if (problem) return [{ action: 'error', reason: 'Invalid', message: problem.text }];
    const shown = await shownAs(request, resource, this.options.convert);
    const activation = { ...activationOf(request, shown, this.options.authorize), namespaceObject: namespaceOf(request, objects) };
    return this.withParams(policy, binding, request, objects, (params) => this.evaluated(compiled, policy, request, { ...activation, params }));
  }

  private withParams(policy: Policy, binding: Binding, request: AdmissionRequest, objects: ObjectStore, run: (params: KubernetesObject | null) => readonly Finding[]): readonly Finding[] {
    const { paramKind } = policy.spec;
    if (paramKind === undefined) return run(null);
    const params = paramsFor(paramKind, binding.spec.paramRef, request, objects, this.options.findKind);
    if ('error' in params) return [{ action: 'error', reason: 'Invalid', message: params.error }];
    if ('missing' in params) return [{ action: 'deny', reason: 'Invalid', message: params.missing }];
    return params.objects.flatMap((object) => run(object));
  }

  private evaluated(compiled: CompiledPolicy, policy: Policy, request: AdmissionRequest, activation: Activation): readonly Finding[] {
    const { met, error } = conditionsMet(compiled.conditions, activation);
    if (error !== undefined) return [{ action: 'error', reason: 'Invalid', message: error }];
    if (!met) return [];
    const evaluation: Evaluation = evaluate(compiled, activation);
    for (const [key, value] of evaluation.annotations) request.annotate?.(`${policy.metadata.name}/${key}`, value);
    return [...evaluation.findings, ...evaluation.annotationErrors.map((message): Finding => ({ action: 'error', reason: 'Invalid', message }))];
  }

  private compile(policy: Policy): CompiledPolicy {
    let known = this.compiled.get(policy.spec);
    if (!known) {
      known = compilePolicy(policy.spec);
      this.compiled.set(policy.spec, known);
    }
    return known;
  }

  /** The version of the resource that the constraints are about; undefined when they are not about the request. */
  private caught(match: MatchResources | undefined, request: AdmissionRequest, objects: ObjectStore): AnyResource | undefined {
    if (match === undefined) return request.resource;
    const { resourceRules, excludeResourceRules, matchPolicy, namespaceSelector, objectSelector } = match;
    if (!namespaceMatches(namespaceSelector, request, objects) || !objectMatches(objectSelector, request.object, request.old)) return undefined;
    const named = (rules: MatchResources['resourceRules']) => rules?.filter(({ resourceNames = [] }) => resourceNames.length === 0 || resourceNames.includes(request.name));
    if (caughtAs(named(excludeResourceRules) ?? [], matchPolicy, request, this.options.equivalents) !== undefined) return undefined;
    return (resourceRules ?? []).length === 0 ? request.resource : caughtAs(named(resourceRules), matchPolicy, request, this.options.equivalents);
  }
}

const namespaceOf = ({ namespace, resource }: AdmissionRequest, objects: ObjectStore): KubernetesObject | null =>
  (namespace === undefined || !resource.kind.namespaced ? null : objects.get(Namespace, undefined, namespace) ?? null);
