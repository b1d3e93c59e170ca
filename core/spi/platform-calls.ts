import { token } from '#core/kernel/token.ts';

/** One call of a platform's API. */
export interface PlatformCall {
  /** As the platform names it, the provider's name before it: `aws:ec2:CreateVolume`, `gcp:compute.disks.insert`. */
  readonly name: string;
  /** Whose budget it is charged to: account or project, and region; calls of one name and scope share one. */
  readonly scope: string;
  /** True for a call that may be sent again after a lost answer: it changes nothing, or carries a token, or finds its own work done. */
  readonly isRepeatable: boolean;
}

/**
 * Through this a provider sends every call, so that budgets, repetitions, figures and traces are laid around all of them at one place
 * and for all controllers of the process. The provider itself neither counts, waits nor tries again.
 *
 * Laws:
 * - `send` makes one attempt, and rejects with a `ProviderError` that is classified already. It may be called several times, never at the same time.
 * - When the signal aborts, the call ends soon, rejecting with the signal's reason.
 */
export interface PlatformCalls {
  run<T>(call: PlatformCall, send: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T>;
}
export const PlatformCalls = token<PlatformCalls>('PlatformCalls');

/** Sends at once, and once: for tests. */
export const plainCalls: PlatformCalls = { run: (_call, send, signal) => send(signal) };

/** What a platform lets pass: `burst` calls at once, `perSecond` after that. */
export interface CallBudget {
  readonly perSecond: number;
  readonly burst: number;
}

/** The vendor's published limits; undefined for a call that has none. Calls for which it names the same `group` share the bucket. */
export type CallBudgets = (call: PlatformCall) => (CallBudget & { readonly group: string }) | undefined;
