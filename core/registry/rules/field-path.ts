import type { FieldErrors } from '#core/api/field-errors.ts';

/** A place in an object, such as `spec.containers[0].image`, at which findings are recorded. */
export class FieldPath {
  readonly path: string;
  private readonly errors: FieldErrors;

  private constructor(errors: FieldErrors, path: string) {
    this.errors = errors;
    this.path = path;
  }

  static root(errors: FieldErrors): FieldPath {
    return new FieldPath(errors, '');
  }

  /** A field of this one, an item by its index, or several steps at once. */
  at(...steps: readonly (string | number)[]): FieldPath {
    let { path } = this;
    for (const step of steps) path = typeof step === 'number' ? `${path}[${step}]` : path === '' ? step : `${path}.${step}`;
    return new FieldPath(this.errors, path);
  }

  /** An entry of a map: `limits[cpu]`. */
  key(name: string): FieldPath {
    return new FieldPath(this.errors, `${this.path}[${name}]`);
  }

  required(detail?: string): void {
    this.errors.required(this.path, detail);
  }

  invalid(value: unknown, detail: string): void {
    this.errors.invalid(this.path, value, detail);
  }

  /** `invalid` when a problem is given; returns whether it was. */
  check(value: string, problem: string | undefined): boolean {
    return this.errors.check(this.path, value, problem);
  }

  /** @param sorted false where upstream lists them in an order of its own */
  notSupported(value: unknown, supported: readonly string[], sorted = true): void {
    this.errors.notSupported(this.path, value, supported, sorted);
  }

  duplicate(value: unknown): void {
    this.errors.duplicate(this.path, value);
  }

  forbidden(detail: string): void {
    this.errors.forbidden(this.path, detail);
  }

  notFound(value: unknown): void {
    this.errors.notFound(this.path, value);
  }

  tooLong(max: number): void {
    this.errors.tooLong(this.path, max);
  }

  tooMany(actual: number, max: number): void {
    this.errors.tooMany(this.path, actual, max);
  }

  /** `required` when the text is empty, otherwise `invalid` when it has a problem. Returns whether all is well. */
  name(value: string | undefined, problemOf: (value: string) => string | undefined): boolean {
    if (value === undefined || value === '') {
      this.required();
      return false;
    }
    return !this.check(value, problemOf(value));
  }

  /** `invalid` when the text is there and has a problem. */
  optional(value: string | undefined, problemOf: (value: string) => string | undefined): void {
    if (value !== undefined && value !== '') this.check(value, problemOf(value));
  }

  notNegative(value: number | undefined): void {
    if (value !== undefined && value < 0) this.invalid(value, 'must be greater than or equal to 0');
  }

  /** Both bounds belong to the range. */
  within(value: number | undefined, low: number, high: number): void {
    if (value !== undefined && (value < low || value > high)) this.invalid(value, `must be between ${low} and ${high}, inclusive`);
  }
}
