import type { FieldPath } from './field-path.ts';

const maxParameters = 512;
const maxParameterBytes = 256 * 1024;

/** Settings for a driver: not too many, and none without a name. */
export function validateParameters(parameters: Readonly<Record<string, string>>, field: FieldPath): void {
  const entries = Object.entries(parameters);
  if (entries.length > maxParameters) return field.tooLong(maxParameters);
  if (Object.hasOwn(parameters, '')) field.invalid('', 'field can not be empty.');
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes > maxParameterBytes) field.tooLong(maxParameterBytes);
}
