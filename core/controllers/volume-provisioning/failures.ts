import { keyOf } from '#core/client/client.ts';
import type { EventRecorder } from '#core/client/event-recorder.ts';
import type { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { annotationOf, classOfClaim } from '#core/controllers/storage/claims.ts';
import { annotations } from '#core/api/storage/names.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { TerminalError, type ReconcileResult } from '#core/reconcile/controller.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { Attempt } from './attempt.ts';
import type { Intents } from './intent.ts';
import { RescheduleError } from './topology.ts';

interface Parts {
  readonly intents: Intents;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly slowRetryMs: number;
}

const longestMessage = 900;
/** What stands in an event. */
export const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, longestMessage);

/** Decides what a failure to make a volume means for its claim. */
export class Failures {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Before the driver was asked. Resolves when the pod is sent elsewhere. `asked`: an earlier attempt may have asked it, so the intent stays. */
  async planning(claim: PersistentVolumeClaim, error: unknown, asked: boolean, signal: AbortSignal): Promise<void> {
    if (!ProviderError.is(error) && !(error instanceof RescheduleError)) throw error;
    this.#tell(claim, error);
    if (error instanceof RescheduleError && !asked) return this.#parts.intents.drop(claim, signal, { reschedule: true });
    throw ProviderError.is(error, 'Invalid') ? new TerminalError(error.message, { cause: error }) : error;
  }

  /** The driver's answer, or its lack of one. */
  async creating(attempt: Attempt, error: unknown, signal: AbortSignal): Promise<ReconcileResult> {
    const { intents, logger, slowRetryMs } = this.#parts;
    const { claim, driver, request, sameAsIntent } = attempt;
    this.#tell(claim, error);
    if (ProviderError.is(error, 'Invalid')) {
      if (sameAsIntent) await intents.drop(claim, signal);
      throw new TerminalError(`driver ${driver.name} refuses a volume for claim ${keyOf(claim)}`, { cause: error });
    }
    if (ProviderError.is(error, 'Exhausted') || isSourceGone(request, error)) {
      const elsewhere = ProviderError.is(error, 'Exhausted') && request.topology !== undefined && annotationOf(claim, annotations.selectedNode) !== undefined;
      if (sameAsIntent) await intents.drop(claim, signal, { reschedule: elsewhere });
      return { requeueAfterMs: slowRetryMs };
    }
    // Something of this name is there that is not what was asked for: who knows whose, so nothing is concluded from it.
    if (ProviderError.is(error, 'AlreadyExists')) return { requeueAfterMs: slowRetryMs };
    if (ProviderError.is(error, 'Throttled') && error.retryAfterMs !== undefined) return { requeueAfterMs: error.retryAfterMs };
    if (!ProviderError.is(error)) logger.error('a volume driver broke its contract', { driver: driver.name, claim: keyOf(claim), error });
    throw error;
  }

  #tell(claim: PersistentVolumeClaim, error: unknown): void {
    const message = `failed to provision volume with StorageClass "${classOfClaim(claim) ?? ''}": ${sentence(error)}`;
    this.#parts.events.warning(claim, 'ProvisioningFailed', message);
  }
}

/** Nothing was made then. */
const isSourceGone = ({ source }: Attempt['request'], error: unknown): boolean => source !== undefined && ProviderError.is(error, 'NotFound');
