import { StatusError } from './status-error.ts';
import type { KindNames } from './schema/kind.ts';
import type { StatusCause } from './schema/meta.ts';

/** Writes a value as Go's `%q` or `%v` would inside an error. */
const shown = (value: unknown): string => {
  const text = typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value) ?? 'null';
  return text.length > 256 ? `${text.slice(0, 256)}…` : text;
};

/** Stands for a value that would say nothing, or too much: messages leave it out. */
export const omitted = Symbol('omitted');

/** Collects what is wrong with an object, field by field, in the API's wording (`field.ErrorList`). */
export class FieldErrors {
  readonly causes: StatusCause[] = [];

  private add(reason: string, field: string, text: string): void {
    this.causes.push({ reason, message: text, field });
  }

  required(field: string, detail = ''): void {
    this.add('FieldValueRequired', field, detail === '' ? 'Required value' : `Required value: ${detail}`);
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.add('FieldValueInvalid', field, `Invalid value: ${value === omitted ? '' : `${shown(value)}: `}${detail}`);
  }

  /** `Invalid` when a problem is given; returns whether it was. */
  check(field: string, value: string, problem: string | undefined): boolean {
    if (problem !== undefined) this.invalid(field, value, problem);
    return problem !== undefined;
  }

  /** @param sorted false where upstream lists them in an order of its own */
  notSupported(field: string, value: unknown, supported: readonly string[], sorted = true): void {
    const list = (sorted ? [...supported].sort() : supported).map((item) => `"${item}"`).join(', ');
    this.add('FieldValueNotSupported', field, `Unsupported value: ${shown(value)}${list === '' ? '' : `: supported values: ${list}`}`);
  }

  duplicate(field: string, value: unknown): void {
    this.add('FieldValueDuplicate', field, `Duplicate value: ${shown(value)}`);
  }

  forbidden(field: string, detail: string): void {
    this.add('FieldValueForbidden', field, `Forbidden: ${detail}`);
  }

  notFound(field: string, value: unknown): void {
    this.add('FieldValueNotFound', field, `Not found: ${shown(value)}`);
  }

  tooLong(field: string, max: number): void {
    this.add('FieldValueTooLong', field, `Too long: may not be more than ${max} bytes`);
  }

  tooMany(field: string, actual: number, max: number): void {
    this.add('FieldValueTooMany', field, `Too many: ${actual}: must have at most ${max} items`);
  }

  /** The field may not differ from what is stored. */
  immutable(field: string, value: unknown, old: unknown): void {
    if (JSON.stringify(value) !== JSON.stringify(old)) this.invalid(field, value, 'field is immutable');
  }

  get empty(): boolean {
    return this.causes.length === 0;
  }

  /** One line, as in a Status message. */
  toString(): string {
    const lines = this.causes.map((cause) => `${cause.field}: ${cause.message}`);
    return lines.length === 1 ? (lines[0] ?? '') : `[${lines.join(', ')}]`;
  }

  /** @throws {StatusError} Invalid (422) with one cause per finding. */
  throwIfAny(kind: Pick<KindNames, 'group' | 'kind'>, name: string): void {
    if (this.empty) return;
    const subject = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
    throw new StatusError('Invalid', `${subject} "${name}" is invalid: ${this.toString()}`, {
      ...(name === '' ? {} : { name }), ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.kind, causes: this.causes,
    });
  }
}
