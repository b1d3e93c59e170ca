/** What a container waits for after its start has failed, as its status names it. */
export type WaitingReason =
  | 'ErrImagePull' | 'ImagePullBackOff' | 'ErrImageNeverPull' | 'ImageInspectError' | 'InvalidImageName'
  | 'CreateContainerConfigError' | 'CreateContainerError' | 'RunContainerError' | 'PostStartHookError' | 'CrashLoopBackOff';

const defaultRetryMs = 10_000;

/** A container that could not be started now, with the reason and message of its `waiting` state. It is tried again. */
export class StartFailure extends Error {
  readonly reason: WaitingReason;
  /** Milliseconds until it can go better, as far as that is known. */
  readonly retryMs: number;

  constructor(reason: WaitingReason, message: string, options: { readonly cause?: unknown; readonly retryMs?: number } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'StartFailure';
    this.reason = reason;
    this.retryMs = options.retryMs ?? defaultRetryMs;
  }
}

export const configFailure = (message: string, cause?: unknown): StartFailure => new StartFailure('CreateContainerConfigError', message, { cause });
