/** All pages of a list. @param read one page, and where the next one begins */
export async function allPages<T>(read: (next: string | undefined) => Promise<readonly [items: readonly T[] | undefined, next: string | undefined]>): Promise<readonly T[]> {
  const all: T[] = [];
  let next: string | undefined;
  do {
    const [items, following] = await read(next);
    all.push(...items ?? []);
    next = following === '' ? undefined : following;
  } while (next !== undefined);
  return all;
}
