import { Secret } from '#core/api/schema/core-v1/config.ts';
import { StatusError } from '#core/api/status-error.ts';
import { keyOf, type Client } from '#core/client/client.ts';
import { expirationOf, isTokenSecret } from '#core/controllers/bootstrap-signer/tokens.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { source, type Controller, type ReconcileResult, type Source } from '#core/reconcile/controller.ts';
import type { Informer, Informers } from '#core/reconcile/informer.ts';

export interface TokenCleaningOptions {
  readonly client: Client;
  readonly informers: Informers;
  readonly clock: Clock;
}

/** Deletes bootstrap tokens that have expired. */
export class TokenCleaningController implements Controller {
  readonly name = 'token-cleaning';
  readonly sources: readonly Source[];
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #secrets: Informer<Secret>;

  constructor({ client, informers, clock }: TokenCleaningOptions) {
    this.#client = client;
    this.#clock = clock;
    const secrets = (this.#secrets = informers.for(Secret));
    this.sources = [source(secrets, (secret) => (secret !== undefined && isTokenSecret(secret) ? [keyOf(secret)] : []))];
  }

  async reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult | void> {
    const secret = this.#secrets.get(key);
    const end = secret && expirationOf(secret);
    if (secret === undefined || end === undefined) return;
    const left = end - this.#clock.now();
    if (left > 0) return { requeueAfterMs: left };
    try {
      const { uid, resourceVersion } = secret.metadata;
      await this.#client.delete(Secret, secret.metadata, { preconditions: { uid, resourceVersion } }, signal);
    } catch (error) {
      if (!StatusError.is(error, 'NotFound')) throw error;
    }
  }
}
