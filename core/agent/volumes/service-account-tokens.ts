import { TokenRequest } from '#core/api/schema/authentication-v1.ts';
import { ServiceAccount } from '#core/api/schema/core-v1/service-account.ts';
import { Pod } from '#core/api/schema/core-v1/pod.ts';
import { apiVersionOf, type Kind } from '#core/api/schema/kind.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Writer } from '#core/client/client.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { dropOldest } from '#core/kernel/oldest.ts';

export interface TokenWish {
  readonly audience: string;
  /** Undefined: an hour. */
  readonly expirationSeconds?: number;
}

export interface BoundToken {
  readonly token: string;
  /** As the server wrote it, RFC 3339. */
  readonly expirationTimestamp: string;
}

interface Held extends BoundToken {
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** The account's subresource, which takes and gives a TokenRequest. */
const accountTokens: Kind<TokenRequest> = {
  ...TokenRequest, group: ServiceAccount.group, version: ServiceAccount.version, plural: ServiceAccount.plural, singular: ServiceAccount.singular,
};

const day = 24 * 3_600_000;
/** Tokens of this many pods and audiences are kept; beyond it they are asked for again. */
const mostHeld = 2000;

/**
 * Tokens of the pods' service accounts, each bound to its pod (KEP-1205). A token is replaced when 80 % of its life, or a day, is over; one that
 * cannot be replaced then is used until it ends.
 */
export class ServiceAccountTokens {
  readonly #writer: Writer;
  readonly #clock: Clock;
  readonly #held = new Map<string, Held>();

  constructor(writer: Writer, clock: Clock) {
    this.#writer = writer;
    this.#clock = clock;
  }

  /** @throws {StatusError} */
  async get(pod: Pod, wish: TokenWish, signal: AbortSignal): Promise<BoundToken> {
    const key = `${pod.metadata.uid}/${pod.spec.serviceAccountName ?? ''}/${wish.expirationSeconds ?? ''}/${wish.audience}`;
    const held = this.#held.get(key);
    const now = this.#clock.now();
    if (held !== undefined && !isDue(held, now)) return held;
    try {
      const issued = await this.#request(pod, wish, signal);
      this.#keep(key, issued);
      return issued;
    } catch (error) {
      if (held === undefined || held.expiresAt <= now || StatusError.is(error, 'NotFound')) throw error;
      return held;
    }
  }

  /** Forgets the tokens of a pod that is gone. */
  forget(podUid: string): void {
    for (const key of this.#held.keys()) if (key.startsWith(`${podUid}/`)) this.#held.delete(key);
  }

  async #request(pod: Pod, { audience, expirationSeconds = 3600 }: TokenWish, signal: AbortSignal): Promise<Held> {
    const { namespace, name, uid } = pod.metadata;
    const account = pod.spec.serviceAccountName || 'default';
    const { status } = await this.#writer.create(accountTokens, {
      apiVersion: apiVersionOf(TokenRequest), kind: TokenRequest.kind, metadata: { namespace, name: account },
      spec: { expirationSeconds, ...(audience === '' ? {} : { audiences: [audience] }), boundObjectRef: { apiVersion: apiVersionOf(Pod), kind: Pod.kind, name, uid } },
    }, { subresource: 'token' }, signal);
    const { token = '', expirationTimestamp = '' } = status;
    const expiresAt = Date.parse(expirationTimestamp);
    if (token === '' || Number.isNaN(expiresAt)) throw new Error(`the server answered a TokenRequest for ${namespace}/${account} without a token`);
    return { token, expirationTimestamp, expiresAt, issuedAt: this.#clock.now() };
  }

  #keep(key: string, held: Held): void {
    this.#held.delete(key);
    this.#held.set(key, held);
    if (this.#held.size > mostHeld) dropOldest(this.#held);
  }
}

const isDue = ({ issuedAt, expiresAt }: Held, now: number): boolean => now - issuedAt >= Math.min(day, (expiresAt - issuedAt) * 0.8);
