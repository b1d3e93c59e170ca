/** A refusal as node agents give it: a code and plain words. */
export class PlainError extends Error {
  readonly code: number;

  constructor(code: number, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = 'PlainError';
    this.code = code;
  }
}
