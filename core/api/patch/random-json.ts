/** A small generator of random numbers with a seed (mulberry32), so that a failing case can be run again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export const below = (random: () => number, limit: number): number => Math.floor(random() * limit);

export const pick = <T>(random: () => number, choices: readonly [T, ...T[]]): T => choices[below(random, choices.length)] ?? choices[0];

const keys = ['a', 'b', 'c', '__proto__', 'constructor', 'x/y', 'm~n', ''] as const;

/** JSON without nulls, a few levels deep. */
export function randomJson(random: () => number, depth = 4): unknown {
  const form = depth === 0 ? below(random, 3) : below(random, 6);
  if (form === 0) return below(random, 5);
  if (form === 1) return pick(random, ['', 'text', 'other']);
  if (form === 2) return random() < 0.5;
  if (form === 3) return Array.from({ length: below(random, 4) }, () => randomJson(random, depth - 1));
  return randomObject(random, depth);
}

export const randomObject = (random: () => number, depth = 4): Record<string, unknown> =>
  Object.fromEntries(Array.from({ length: below(random, 5) }, () => [pick(random, keys), randomJson(random, depth - 1)]));
