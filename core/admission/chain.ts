import type { Authorize, RoleResolver } from '#core/api/access.ts';
import type { WebhookClient } from '#core/client/webhook-client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import type { AdmissionPlugin } from './admission.ts';
import { CertificateApproval } from './certificate-approval.ts';
import { CertificateConditions } from './certificate-conditions.ts';
import { CertificateSigning } from './certificate-signing.ts';
import { certificateSubjectRestriction } from './certificate-subject-restriction.ts';
import { persistentVolumeClaimResize } from './claim-resize.ts';
import { csrRequester } from './csr-requester.ts';
import { defaultIngressClass } from './default-ingress-class.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { NodeRestriction } from './node-restriction.ts';
import { podSecurity } from './pod-security.ts';
import { expressionCheck } from './policies/expression-check.ts';
import type { FindKind } from './policies/params.ts';
import { ValidatingAdmissionPolicies } from './policies/validating-admission-policy.ts';
import { priority } from './priority.ts';
import { RbacEscalation } from './rbac-escalation.ts';
import { ResourceQuotaAdmission } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { ServiceAccountAdmission } from './service-account.ts';
import { ServiceAllocation, type ServiceAllocationOptions } from './service-allocation.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { WebhookDispatcher } from './webhooks/dispatch.ts';
import type { Equivalents } from './webhooks/matching.ts';
import { MutatingAdmissionWebhook } from './webhooks/mutating.ts';
import type { Convert } from './webhooks/shown.ts';
import { ValidatingAdmissionWebhook } from './webhooks/validating.ts';

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly authorize: Authorize;
  readonly roles: RoleResolver;
  readonly webhooks: WebhookClient;
  readonly equivalents: Equivalents;
  readonly convert: Convert;
  readonly findKind: FindKind;
  readonly services: ServiceAllocationOptions;
  /** Further plugins, after the built-in ones and before those that ask webhooks. */
  readonly more: readonly AdmissionPlugin[];
}

/**
 * What every write goes through, in upstream's order. Those that ask somebody outside come after all that change objects, those that
 * hand out what is scarce after them. The quota is last: nobody may refuse what has been counted.
 */
export function builtInAdmission(options: AdmissionOptions): readonly AdmissionPlugin[] {
  const { clock, authorize, roles, webhooks, equivalents, convert, findKind } = options;
  const dispatcher = new WebhookDispatcher({ client: webhooks, authorize, equivalents, convert });
  return [
    namespaceLifecycle,
    limitRanger,
    new ServiceAccountAdmission(clock),
    new NodeRestriction(authorize),
    taintNodesByCondition,
    podSecurity,
    priority,
    defaultTolerationSeconds,
    defaultStorageClass,
    storageObjectInUseProtection,
    persistentVolumeClaimResize,
    runtimeClass,
    csrRequester,
    new CertificateConditions(clock),
    new CertificateApproval(authorize),
    new CertificateSigning(authorize),
    certificateSubjectRestriction,
    defaultIngressClass,
    ...options.more,
    expressionCheck,
    new MutatingAdmissionWebhook(dispatcher, { convert }),
    new RbacEscalation(authorize, roles),
    new ValidatingAdmissionPolicies({ authorize, equivalents, convert, findKind }),
    new ValidatingAdmissionWebhook(dispatcher),
    new ServiceAllocation({ clock, ...options.services }),
    new ResourceQuotaAdmission(clock),
  ];
}
