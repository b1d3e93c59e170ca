import { LabelSelector as Matcher } from '#core/api/label-selector.ts';
import type { PodTemplateSpec } from '#core/api/schema/core-v1/pod.ts';
import { LabelSelector } from '#core/api/schema/meta.ts';
import { StatusError } from '#core/api/status-error.ts';
import { same } from './differences.ts';
import type { FieldPath } from './field-path.ts';
import { validateLabelSelector } from './selectors.ts';

/** undefined when the selector makes no sense. */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>> | undefined): boolean | undefined {
  try {
    return Matcher.of(selector).matches(labels);
  } catch (error) {
    if (StatusError.is(error)) return undefined;
    throw error;
  }
}

const isEmpty = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;

/**
 * A workload must say which pods are its own, and they must be those that it makes.
 * @param field the spec, with `selector` and `template`
 * @param owner the workload's kind in lower case, for the message
 */
export function validateWorkloadSelector(selector: LabelSelector | undefined, template: PodTemplateSpec, owner: string, field: FieldPath): void {
  const at = field.at('selector');
  if (selector === undefined) at.required();
  else {
    validateLabelSelector(selector, at);
    if (isEmpty(selector)) return at.invalid(selector, `empty selector is invalid for ${owner}`);
  }
  const { labels } = template.metadata;
  const found = selector === undefined ? false : selects(selector, labels);
  if (found === undefined) at.invalid(selector, 'invalid label selector');
  if (found === false) mismatch(labels, field);
}

/** The template lacks labels that the selector asks for. @param field the spec */
export function mismatch(labels: Readonly<Record<string, string>> | undefined, field: FieldPath): void {
  field.at('template', 'metadata', 'labels').invalid(labels ?? null, '`selector` does not match template `labels`');
}

export function validateSameSelector(now: LabelSelector | undefined, old: LabelSelector | undefined, field: FieldPath): void {
  if (!same(LabelSelector, old, now)) field.invalid(now ?? null, 'field is immutable');
}
