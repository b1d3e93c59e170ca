import type { FieldErrors } from '#core/api/field-errors.ts';

/** Something that is wrong with a value. `name` is the path of the field below the value that was validated; '' for the value itself. */
export interface Finding {
  readonly reason: 'FieldValueRequired' | 'FieldValueNotSupported' | 'FieldValueTooLong' | 'FieldValueTooMany' | 'FieldValueTypeInvalid' | 'FieldValueInvalid';
  readonly name: string;
  readonly message: string;
}

/** As Go's `%q` and `%v` show values in errors. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value === null ? 'null' : value) ?? '"null"';
  return text.length > 256 ? `${text.slice(0, 256)}…` : text;
}

export const required = (name: string): Finding => ({ reason: 'FieldValueRequired', name, message: 'Required value' });
export const invalid = (name: string, value: unknown, detail: string): Finding => ({ reason: 'FieldValueInvalid', name, message: `Invalid value: ${shown(value)}: ${detail}` });
export const typeInvalid = (name: string, value: unknown, detail: string): Finding => ({ reason: 'FieldValueTypeInvalid', name, message: `Invalid value: ${shown(value)}: ${detail}` });
export const tooLong = (name: string, max: number): Finding => ({ reason: 'FieldValueTooLong', name, message: `Too long: may not be more than ${max} bytes` });
export const tooMany = (name: string, actual: number, max: number): Finding => ({ reason: 'FieldValueTooMany', name, message: `Too many: ${actual}: must have at most ${max} items` });

export function notSupported(name: string, value: unknown, supported: readonly unknown[]): Finding {
  const list = supported.map((each) => JSON.stringify(typeof each === 'string' ? each : JSON.stringify(each))).join(', ');
  return { reason: 'FieldValueNotSupported', name, message: `Unsupported value: ${shown(value)}: supported values: ${list}` };
}

/** Hands findings over. Those about the value itself stand at `base`, which has no name when it is a whole resource. */
export function report(findings: readonly Finding[], base: string, errors: FieldErrors): void {
  for (const { reason, name, message } of findings) {
    errors.causes.push({ reason, message, field: name === '' ? base || '<nil>' : base === '' ? name : `${base}.${name}` });
  }
}

/** After these, rules in CEL would only add noise. */
const blocking: ReadonlySet<string | undefined> = new Set(['FieldValueNotSupported', 'FieldValueRequired', 'FieldValueTooLong', 'FieldValueTooMany', 'FieldValueTypeInvalid']);

export const blocksRules = (errors: FieldErrors): boolean => errors.causes.some(({ reason }) => blocking.has(reason));
