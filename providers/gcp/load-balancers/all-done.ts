/** As `Promise.all`, but nothing goes on any more when it rejects: what is tried again meets nothing that is still under way. */
export async function allDone<const T extends readonly unknown[]>(actions: T): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  const settled = await Promise.allSettled(actions);
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.map((each) => (each.status === 'fulfilled' ? each.value : undefined)) as { -readonly [I in keyof T]: Awaited<T[I]> };
}
