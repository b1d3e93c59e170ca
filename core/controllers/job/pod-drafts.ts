import { Job } from '#core/api/schema/batch-v1/job.ts';
import type { Container } from '#core/api/schema/core-v1/container.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { Draft } from '#core/api/schema/kind.ts';
import { podFromTemplate } from '#core/controllers/replica-set/pod-from-template.ts';
import { failuresWith } from './index-failures.ts';
import { completionIndexKey, failureCountAnnotation, ignoredFailureCountAnnotation, trackingFinalizer } from './names.ts';

/** Beyond it the server could not end a generated name. */
const maxPrefix = 58;
const indexVariable = 'JOB_COMPLETION_INDEX';

/** A pod that the Job counts. */
export function podOf(job: Job): Draft<Pod> {
  const draft = podFromTemplate(Job, job, job.spec.template);
  const { finalizers = [] } = draft.metadata;
  return { ...draft, metadata: { ...draft.metadata, finalizers: finalizers.includes(trackingFinalizer) ? finalizers : [...finalizers, trackingFinalizer] } };
}

/** The pod of one index. @param replaced the one that failed before it, by which failures are counted per index */
export function podOfIndex(job: Job, index: number, replaced: Pod | undefined): Draft<Pod> {
  const { metadata, ...rest } = podOf(job);
  const { spec } = job.spec.template;
  const ending = `-${index}-`;
  const value = String(index);
  return {
    ...rest,
    metadata: {
      ...metadata, generateName: `${job.metadata.name.slice(0, maxPrefix - ending.length)}${ending}`,
      labels: { ...metadata.labels, [completionIndexKey]: value },
      annotations: { ...metadata.annotations, [completionIndexKey]: value, ...failureAnnotations(job, replaced) },
    },
    spec: {
      ...spec, hostname: `${job.metadata.name}-${index}`, containers: spec.containers.map(withIndex),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(withIndex) }),
    },
  };
}

function failureAnnotations(job: Job, replaced: Pod | undefined): Readonly<Record<string, string>> {
  if (job.spec.backoffLimitPerIndex === undefined) return {};
  const { counted, ignored } = failuresWith(job, replaced);
  return { [failureCountAnnotation]: String(counted), ...(ignored === 0 ? {} : { [ignoredFailureCountAnnotation]: String(ignored) }) };
}

function withIndex(container: Container): Container {
  const { env = [] } = container;
  if (env.some(({ name }) => name === indexVariable)) return container;
  return { ...container, env: [...env, { name: indexVariable, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: `metadata.labels['${completionIndexKey}']` } } }] };
}
