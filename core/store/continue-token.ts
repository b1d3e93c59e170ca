import { StatusError } from '#core/api/status-error.ts';

/** Where the next page of a list begins. */
export interface Continuation {
  /** The version that all pages show; 0 once the list had to be continued without consistency. */
  readonly revision: number;
  /** Key of the last object handed out. */
  readonly after: string;
}

export const encodeContinue = (continuation: Continuation): string =>
  Buffer.from(JSON.stringify({ v: 1, rv: continuation.revision, after: continuation.after })).toString('base64url');

/** @throws {StatusError} BadRequest when the token is not one of ours */
export function decodeContinue(token: string): Continuation {
  try {
    const { v, rv, after } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { v?: unknown; rv?: unknown; after?: unknown };
    if (v === 1 && typeof rv === 'number' && Number.isSafeInteger(rv) && rv >= 0 && typeof after === 'string') return { revision: rv, after };
  } catch {
    // Falls through: whatever is wrong with it, the author hears the same sentence.
  }
  throw StatusError.badRequest('continue key is not valid: it must be the one that the list before returned');
}
