import { FieldErrors } from '#core/api/field-errors.ts';
import { decodeProblem } from '#core/api/schema/decode-failure.ts';
import { StatusError } from '#core/api/status-error.ts';
import { isObject } from '#core/api/value.ts';

/** Writes a document as Go's `%v` does: that is how upstream shows strategic merge patches. */
export function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isObject(value)) return `map[${Object.keys(value).sort().map((key) => `${key}:${goText(value[key])}`).join(' ')}]`;
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '<nil>' : JSON.stringify(value);
}

/**
 * Why a patch is refused whose outcome cannot be read: the object was in order, so the patch is Invalid, and not the request bad.
 * Other errors come back as they are.
 * @param shown the patch or its outcome, for the message
 */
export function patchMisfit(error: unknown, shown: () => string): unknown {
  const problem = decodeProblem(error);
  if (problem === undefined) return error;
  const errors = new FieldErrors();
  errors.invalid('patch', shown(), problem);
  return new StatusError('Invalid', ` "" is invalid: ${errors.toString()}`, { causes: errors.causes }, { cause: error });
}
