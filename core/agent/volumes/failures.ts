import { VolumeError } from './pod-volumes.ts';
import { messageOf } from './system/error-code.ts';

const longest = 500;

/** A step that upstream has a name for failed, for the volume that upstream would name. */
export class StepError extends VolumeError {
  constructor(step: string, name: string, cause: unknown, options: { readonly reason?: string; readonly terminal?: boolean } = {}) {
    const { reason = 'FailedMount', terminal = cause instanceof VolumeError && cause.terminal } = options;
    super(reason, `${step} failed for volume "${name}" : ${cut(messageOf(cause))}`, { terminal, cause });
  }
}

/** The volume behind a claim is not known yet, or not ours to mount. */
export class ClaimError extends Error {}

/** The driver's controller side has not attached the volume yet. */
export class UnattachedError extends Error {}

/** Never will such a volume be mounted here. */
export const unsupported = (message: string): VolumeError => new VolumeError('FailedMount', message, { terminal: true });

export interface VolumeFailure {
  /** As the pod calls the volume. */
  readonly volume: string;
  readonly error: unknown;
}

/** One failure speaks for itself, when it is that of a step; others are put together as upstream's summary. */
export function failureOf(failures: readonly VolumeFailure[]): VolumeError {
  const [first] = failures;
  if (failures.length === 1 && first !== undefined) {
    const { volume, error } = first;
    if (error instanceof StepError) return error;
    if (!(error instanceof ClaimError || error instanceof UnattachedError)) return new StepError('MountVolume.SetUp', volume, error);
  }
  const named = (wanted: (error: unknown) => boolean): string => `[${failures.filter(({ error }) => wanted(error)).map(({ volume }) => volume).join(' ')}]`;
  const details = failures.map(({ volume, error }) => (error instanceof StepError ? error : new StepError('MountVolume.SetUp', volume, error)));
  const messages = failures.map(({ error }, i) => (error instanceof ClaimError || error instanceof UnattachedError ? error.message : details[i]?.message ?? ''));
  return new VolumeError(
    details[0]?.reason ?? 'FailedMount',
    `Unable to attach or mount volumes: unmounted volumes=${named(() => true)}, unattached volumes=${named((error) => error instanceof UnattachedError)}, ` +
      `failed to process volumes=${named((error) => error instanceof ClaimError)}: ${cut(messages.join('; '))}`,
    { terminal: details.some(({ terminal }) => terminal), cause: first?.error },
  );
}

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);
