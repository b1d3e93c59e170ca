/**
 * Many callers, few runs: those that come while a run is under way share the next one.
 * So each gets the result of a run that began after it called, and at most one is under way.
 */
export function shareNext<T>(run: () => Promise<T>): () => Promise<T> {
  let current: Promise<unknown> | undefined;
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    const mine = run().finally(() => {
      if (current === mine) current = undefined;
    });
    current = mine;
    return mine;
  };
  return () => {
    if (!current) return begin();
    next ??= current.then(() => undefined, () => undefined).then(() => {
      next = undefined;
      return begin();
    });
    return next;
  };
}
