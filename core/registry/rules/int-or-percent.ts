import type { FieldPath } from './field-path.ts';

/** A number of pods, or a share of them such as `25%`. */
export type IntOrPercent = number | string;

const percent = /^(\d+)%$/;

/** The number, or that before the percent sign; 0 for any other text. */
export const amountIn = (value: IntOrPercent): number => (typeof value === 'number' ? value : Number(percent.exec(value)?.[1] ?? 0));

export function validateIntOrPercent(value: IntOrPercent, field: FieldPath): void {
  if (typeof value === 'number') return field.notNegative(value);
  if (!percent.test(value)) {
    field.invalid(value, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
  }
}

export function validateAtMostAll(value: IntOrPercent, field: FieldPath): void {
  if (typeof value === 'string' && amountIn(value) > 100) field.invalid(value, 'must not be greater than 100%');
}
