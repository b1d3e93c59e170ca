/** What is to be done after a look at a pod. */
export type Step =
  /** Something was done: look at once how things are now. */
  | { readonly next: 'again' }
  /** Nothing is left to do until something changes, or until this time is over, in milliseconds. */
  | { readonly next: 'wait'; readonly ms: number }
  /** Nothing is left of the pod. */
  | { readonly next: 'gone' };

/** Without a change every pod is looked at once in this time. */
export const restMs = 60_000;

export const again: Step = { next: 'again' };
export const gone: Step = { next: 'gone' };
export const wait = (ms: number = restMs): Step => ({ next: 'wait', ms: Math.max(1, Math.min(ms, restMs)) });
