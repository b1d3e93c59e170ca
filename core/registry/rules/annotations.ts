import { qualifiedNameProblem } from '#core/api/names.ts';
import type { FieldPath } from './field-path.ts';

const maxBytes = 256 * 1024;

/** Keys are qualified names in any case; all keys and values together fit 256 KiB. */
export function validateAnnotations(annotations: Readonly<Record<string, string>> | undefined, field: FieldPath): void {
  let total = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    field.check(key, qualifiedNameProblem(key.toLowerCase()));
    total += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (total > maxBytes) field.tooLong(maxBytes);
}
