import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { keyOf } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import { classOfClaim, provisionedName } from '#core/controllers/storage/claims.ts';
import { withDeadline } from '#core/controllers/storage/deadline.ts';
import type { Clock } from '#core/kernel/clock.ts';
import { TerminalError } from '#core/reconcile/controller.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { canFind, type Volume, type VolumeDriver, type VolumeFinder } from '#core/spi/volume-driver.ts';
import type { Attempt, Attempts } from './attempt.ts';
import { sentence } from './failures.ts';
import { intentOf, type Intents } from './intent.ts';

interface Parts {
  readonly clock: Clock;
  readonly attempts: Attempts;
  readonly intents: Intents;
  readonly events: EventRecorder;
}

/** Removes what an attempt that nobody wants any more may have left, and lets the claim go once nothing is left for certain. */
export class Cleanup {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @param claim as the API server has it now, with the intent on it, and without a PersistentVolume */
  async run(claim: PersistentVolumeClaim, driver: VolumeDriver, signal: AbortSignal): Promise<void> {
    try {
      const left = canFind(driver) ? await this.#find(claim, driver, signal) : await this.#repeat(claim, driver, signal);
      if (left !== undefined) await withDeadline(this.#parts.clock, signal, (bounded) => driver.delete(left.id, bounded));
    } catch (error) {
      signal.throwIfAborted();
      if (!ProviderError.is(error, 'NotFound')) {
        this.#parts.events.warning(claim, 'ProvisioningCleanupFailed', `Error cleaning provisioned volume for claim ${keyOf(claim)}: ${sentence(error)}`);
        throw error;
      }
    }
    await this.#parts.intents.drop(claim, signal);
  }

  async #find(claim: PersistentVolumeClaim, driver: VolumeDriver & VolumeFinder, signal: AbortSignal): Promise<Volume | undefined> {
    try {
      return await withDeadline(this.#parts.clock, signal, (bounded) => driver.find(provisionedName(claim), bounded));
    } catch (error) {
      signal.throwIfAborted();
      if (!ProviderError.is(error, 'Unavailable')) throw error;
      // It may be half made, and then stays so until it is asked for again.
      return this.#repeat(claim, driver, signal);
    }
  }

  /** The same request again: it returns what an earlier one made, or refuses, and then there is nothing. */
  async #repeat(claim: PersistentVolumeClaim, driver: VolumeDriver, signal: AbortSignal): Promise<Volume | undefined> {
    const attempt = await this.#sameAttempt(claim, driver, signal);
    try {
      return await withDeadline(this.#parts.clock, signal, (bounded) => driver.create(attempt.request, bounded));
    } catch (error) {
      if (ProviderError.is(error, 'Invalid', 'Exhausted')) return undefined;
      throw error;
    }
  }

  async #sameAttempt(claim: PersistentVolumeClaim, driver: VolumeDriver, signal: AbortSignal): Promise<Attempt> {
    let cause: unknown;
    try {
      const attempt = await this.#parts.attempts.make(claim, driver, intentOf(claim), signal);
      if (attempt?.sameAsIntent === true) return attempt;
    } catch (error) {
      if (!ProviderError.is(error, 'Invalid')) throw error;
      cause = error;
    }
    throw new TerminalError(
      `driver ${driver.name} cannot say whether volume ${provisionedName(claim)} was made, and storage class "${classOfClaim(claim) ?? ''}" is not as it was when that was asked for; ` +
      'restore the class, or delete that volume by hand if it exists and then remove the finalizer keelson.dev/volume-provisioning', { cause });
  }
}
