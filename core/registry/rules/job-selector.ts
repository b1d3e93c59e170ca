import type { Job } from '#core/api/schema/batch-v1/job.ts';
import type { ObjectMeta } from '#core/api/schema/meta.ts';
import { deepEqual } from '#core/api/value.ts';
import type { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './selectors.ts';
import { mismatch, selects } from './workload-selector.ts';

const uidLabel = 'batch.kubernetes.io/controller-uid';

/** The labels by which a Job and others find its pods, each in its old and its new form. */
const labelsFor = ({ name = '', uid = '' }: Partial<ObjectMeta>): Readonly<Record<string, string>> => ({
  'controller-uid': uid, 'job-name': name, [uidLabel]: uid, 'batch.kubernetes.io/job-name': name,
});

/** Gives the pods labels that no other Job's have, and the Job a selector for them, unless its author sees to both. */
export function generateSelector(job: Job): void {
  const { metadata, spec } = job;
  if (spec.manualSelector === true) return;
  const { labels } = spec.template.metadata;
  // A Job without labels of its own has those of its pods.
  const inherits = metadata.labels === undefined || deepEqual(metadata.labels, labels);
  spec.template.metadata.labels = { ...labelsFor(metadata), ...labels };
  if (inherits) metadata.labels = { ...spec.template.metadata.labels };
  spec.selector = { ...spec.selector, matchLabels: { [uidLabel]: metadata.uid, ...spec.selector?.matchLabels } };
}

/** A new Job has the labels and the selector that were made for it, whatever its author wrote. @param field the spec */
export function validateGenerated({ metadata, spec }: Job, field: FieldPath): void {
  const { selector, template, manualSelector } = spec;
  if (manualSelector === true || selector === undefined) return;
  const expected = labelsFor(metadata);
  const labels = template.metadata.labels ?? {};
  for (const [name, value] of Object.entries(expected)) {
    const at = field.at('template', 'metadata', 'labels').key(name);
    if (!Object.hasOwn(labels, name)) at.required(`must be '${value}'`);
    else if (labels[name] !== value) at.invalid(labels, `must be '${value}'`);
  }
  if (selects(selector, expected) === false) field.at('selector').invalid(selector, '`selector` not auto-generated');
}

/** @param field the spec */
export function validateJobSelector({ spec: { selector, template } }: Job, field: FieldPath): void {
  const { labels } = template.metadata;
  if (selector === undefined) field.at('selector').required();
  else validateLabelSelector(selector, field.at('selector'));
  if (selector === undefined || selects(selector, labels) === false) mismatch(labels, field);
}
