import { DaemonSet } from '#core/api/schema/apps-v1/daemon-set.ts';
import { Deployment } from '#core/api/schema/apps-v1/deployment.ts';
import { ReplicaSet } from '#core/api/schema/apps-v1/replica-set.ts';
import { StatefulSet } from '#core/api/schema/apps-v1/stateful-set.ts';
import { CronJob } from '#core/api/schema/batch-v1/cron-job.ts';
import { Job } from '#core/api/schema/batch-v1/job.ts';
import { Namespace } from '#core/api/schema/core-v1/namespace.ts';
import { PodTemplate } from '#core/api/schema/core-v1/pod-template.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { ReplicationController } from '#core/api/schema/core-v1/replication-controller.ts';
import { isKindOf, type KubernetesObject } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import { deepEqual } from '#core/api/value.ts';
import type { ObjectStore } from '#core/store/object-store.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { containersOf, sorted, type PodLike } from './pod-security/checks.ts';
import { detailsText, violationsOf } from './pod-security/evaluate.ts';
import { existingPodWarnings } from './pod-security/existing-pods.ts';
import { isRelaxed, policyOf, prefix, standardText, type Policy, type Standard } from './pod-security/policy.ts';

/**
 * Holds pods to the Pod Security Standards (KEP-2579) that their namespace asks for by its labels. Whoever makes pods through
 * a workload is warned when its template falls short; only the pods themselves are refused.
 */
export const podSecurity: AdmissionPlugin = {
  name: 'PodSecurity',
  validate(request, objects) {
    const { object, old } = request;
    if (object === undefined || request.operation === 'DELETE') return;
    if (isKindOf(object, Namespace)) judgeNamespace(request, object, objects);
    else if (isKindOf(object, Pod)) judgePod(request, object, old !== undefined && isKindOf(old, Pod) ? old : undefined, objects);
    else judgeWorkload(request, object, objects);
  },
};

function judgeNamespace({ subresource, old, warn: tell }: AdmissionRequest, { metadata }: Namespace, objects: ObjectStore): void {
  if (subresource !== '') return;
  const policy = policyOf(metadata.labels);
  if (old === undefined) return policy.errors.throwIfAny(Namespace, metadata.name);
  const before = policyOf(old.metadata.labels);
  if (policy.errors.toString() !== before.errors.toString()) policy.errors.throwIfAny(Namespace, metadata.name);
  if (isRelaxed(policy.enforce, before.enforce)) return;
  for (const warning of existingPodWarnings(metadata.name, podsIn(metadata.name, objects), policy.enforce)) tell(warning);
}

function podsIn(namespace: string, objects: ObjectStore): Pod[] {
  const found: Pod[] = [];
  for (const [, pod] of objects.cache(Pod).range(`${namespace}/`)) if (isKindOf(pod, Pod)) found.push(pod);
  return found;
}

/** A report on a pod does not change what the pod may do. */
function judgePod(request: AdmissionRequest, pod: Pod, old: Pod | undefined, objects: ObjectStore): void {
  const { subresource, namespace = '', resource, name } = request;
  if (subresource === 'status') return;
  const policy = policyFor(namespace, objects);
  if (policy === undefined) throw new StatusError('InternalError', `failed to lookup namespace "${namespace}"`);
  if (old !== undefined && deepEqual(changeable(pod), changeable(old))) return;
  request.annotate?.(`${prefix}/enforce-policy`, standardText(policy.enforce));
  remark(request, pod, policy);
  const violation = violationText(pod, policy.enforce);
  if (violation !== '') throw StatusError.forbidden(resource.kind, name, `violates ${violation}`);
  warn(request, pod, policy);
}

/** What matters here and can change while a pod lives. */
const changeable = ({ metadata: { annotations = {} }, spec }: Pod): unknown => [
  containersOf(spec).map(({ name, image = '' }) => [name, image]),
  sorted(Object.keys(annotations).filter((key) => key.includes('seccomp.security.alpha.kubernetes.io/')).map((key) => `${key}=${annotations[key] ?? ''}`)),
];

function judgeWorkload(request: AdmissionRequest, object: KubernetesObject, objects: ObjectStore): void {
  const { subresource, namespace = '' } = request;
  const template = subresource === '' ? templateOf(object) : undefined;
  if (template === undefined) return;
  const policy = policyFor(namespace, objects);
  if (policy === undefined) return;
  remark(request, template, policy);
  warn(request, template, policy);
}

function templateOf(object: KubernetesObject): PodLike | undefined {
  if (isKindOf(object, PodTemplate)) return object.template;
  if (isKindOf(object, CronJob)) return object.spec.jobTemplate.spec.template;
  if (isKindOf(object, Deployment) || isKindOf(object, ReplicaSet) || isKindOf(object, StatefulSet) || isKindOf(object, DaemonSet)) return object.spec.template;
  return isKindOf(object, Job) || isKindOf(object, ReplicationController) ? object.spec.template : undefined;
}

function policyFor(namespace: string, objects: ObjectStore): Policy | undefined {
  const found = objects.get(Namespace, undefined, namespace);
  return found && policyOf(found.metadata.labels);
}

/** '' for a pod that meets the standard. */
function violationText(pod: PodLike, standard: Standard): string {
  const violations = violationsOf(pod, standard);
  return violations.length === 0 ? '' : `PodSecurity "${standardText(standard)}": ${detailsText(violations)}`;
}

function remark({ annotate }: AdmissionRequest, pod: PodLike, { audit, errors }: Policy): void {
  if (annotate === undefined) return;
  if (!errors.empty) annotate(`${prefix}/error`, `Failed to parse policy: ${errors.toString()}`);
  const violation = violationText(pod, audit);
  if (violation !== '') annotate(`${prefix}/audit-violations`, `would violate ${violation}`);
}

function warn(request: AdmissionRequest, pod: PodLike, policy: Policy): void {
  const violation = violationText(pod, policy.warn);
  if (violation !== '') request.warn(`would violate ${violation}`);
}
