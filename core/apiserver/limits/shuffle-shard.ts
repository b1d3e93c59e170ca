import { createHash } from 'node:crypto';

/**
 * Deals a flow its hand of queues: the same flow always gets the same ones, and two flows hardly ever the same hand, so that a flow that
 * floods all of its queues leaves others one that is free (KEP-1040).
 * @param queues number of all queues
 * @returns `handSize` different numbers below `queues`
 */
export function deal(schema: string, distinguisher: string, queues: number, handSize: number): number[] {
  const digest = createHash('sha256').update(`${schema}\0${distinguisher}`).digest();
  let value = digest.readBigUInt64LE(0);
  const drawn: number[] = [];
  const hand: number[] = [];
  for (let i = 0; i < handSize; i++) {
    const left = BigInt(queues - i);
    drawn.push(Number(value % left));
    value /= left;
    // The card that is drawn is counted among those that are left.
    let card = drawn[i] ?? 0;
    for (let before = i - 1; before >= 0; before--) if (card >= (drawn[before] ?? 0)) card++;
    hand.push(card);
  }
  return hand;
}
