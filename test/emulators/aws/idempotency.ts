import { ApiError } from './errors.ts';

const day = 24 * 3600 * 1000;

/** What calls with a ClientToken made, for a day. A refused call does not use its token up. */
export class Idempotency {
  readonly #now: () => number;
  readonly #uses = new Map<string, { readonly fingerprint: string; readonly ids: readonly string[]; readonly until: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * @returns what the same call made before
   * @throws {ApiError} IdempotentParameterMismatch: the token came with other parameters
   */
  find(action: string, token: string, fingerprint: string): readonly string[] | undefined {
    const use = this.#uses.get(`${action}/${token}`);
    if (use === undefined || use.until <= this.#now()) return undefined;
    if (use.fingerprint !== fingerprint) throw new ApiError('IdempotentParameterMismatch', 'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).');
    return use.ids;
  }

  remember(action: string, token: string, fingerprint: string, ids: readonly string[]): void {
    this.#uses.set(`${action}/${token}`, { fingerprint, ids, until: this.#now() + day });
  }
}
