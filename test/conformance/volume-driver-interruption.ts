import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';

/** Calls and aborts after so many turns of the event loop. The call must resolve, or reject with the signal's reason. */
export async function interrupted(call: (signal: AbortSignal) => Promise<unknown>, turns: number): Promise<void> {
  const controller = new AbortController();
  const reason = new Error(`interrupted after ${turns} turns`);
  const outcome = rejection(call(controller.signal));
  for (let turn = 0; turn < turns; turn++) await nextTurn();
  controller.abort(reason);
  expect(await outcome).to.be.oneOf([reason, undefined]);
}

/** What it rejects with; undefined when it resolves. */
export const rejection = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);
