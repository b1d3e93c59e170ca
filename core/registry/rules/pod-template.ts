import type { PodSpec, PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import { validateAnnotations } from './annotations.ts';
import type { FieldPath } from './field-path.ts';
import { validatePodAnnotations } from './pod-annotations.ts';
import { validatePodSpec } from './pod-spec.ts';
import { validateLabels } from './selectors.ts';

/** A pod to be made: all that holds for a pod, and nothing that only a running one can have. */
export function validatePodTemplate({ metadata, spec }: PodTemplateSpec, field: FieldPath): void {
  validateLabels(metadata.labels, field.at('metadata', 'labels'));
  validateAnnotations(metadata.annotations, field.at('metadata', 'annotations'));
  validatePodAnnotations(metadata.annotations, spec, field.at('metadata', 'annotations'));
  validatePodSpec(spec, '', field.at('spec'));
  if ((spec.ephemeralContainers ?? []).length > 0) field.at('spec', 'ephemeralContainers').forbidden('ephemeral containers not allowed in pod template');
}

/** Pods that are kept running must not end by themselves. @param owner kind of what keeps them, for the message */
export function validateLastingPods({ restartPolicy, activeDeadlineSeconds }: PodSpec, owner: string, field: FieldPath): void {
  if (restartPolicy !== 'Always') field.at('restartPolicy').notSupported(restartPolicy, ['Always']);
  if (activeDeadlineSeconds !== undefined) field.at('activeDeadlineSeconds').forbidden(`activeDeadlineSeconds in ${owner} is not Supported`);
}
