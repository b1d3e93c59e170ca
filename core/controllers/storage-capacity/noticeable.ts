import { Quantity } from '#core/api/quantity.ts';

/** A change below this share of what was reported is not worth a write. */
const share = 100n;

/** Whether a scheduler should hear of the change: it is at least a hundredth, or room came where none was, or the reverse. */
export function isNoticeable(before: string | undefined, now: string | undefined): boolean {
  if (before === now) return false;
  if (before === undefined || now === undefined) return true;
  const [old, fresh] = [Quantity.parse(before).value(), Quantity.parse(now).value()];
  if ((old === 0n) !== (fresh === 0n)) return true;
  const difference = old > fresh ? old - fresh : fresh - old;
  return difference > 0n && difference * share >= old;
}
