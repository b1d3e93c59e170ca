import { fuzz as run } from '#test/fuzz/fuzz.ts';

const megabyte = 1024 * 1024;
/** What may be left of a hundred thousand requests: caches that are full, and some luck. */
const growthMegabytes = 40;
/** Longer turns of the event loop keep others waiting; the fuzzer's own part of a turn counts, too. */
const stallMs = 1000;

/** A hundred thousand nearly right requests: never a 500, a crash, a hang or growth, and what is accepted reads back the same. */
export async function fuzz(): Promise<void> {
  const seed = Number(process.env['KEELSON_TEST_SEED'] ?? Date.now() % 1_000_000);
  const residentBefore = process.memoryUsage.rss();
  process.stdout.write(`\nfuzz: seed ${seed}\n`);
  const { codes, accepted, faults, heapEarly, heapLate, stalls } = await run({
    seed, width: 12, requests: Number(process.env['KEELSON_FUZZ_REQUESTS'] ?? 100_000),
    progress: (done, soFar) => process.stdout.write(`  ${done} requests: ${listed(soFar)}; ${mb(process.memoryUsage.rss())} MB resident\n`),
  });
  process.stdout.write(`  answers: ${listed(codes)}\n  accepted: ${[...accepted].sort(([, a], [, b]) => a - b).map(([plural, n]) => `${plural} ${n}`).join(', ')}\n`);
  process.stdout.write(`  heap ${mb(heapEarly)} MB after a tenth, ${mb(heapLate)} MB at the end; resident ${mb(residentBefore)} MB before, ${mb(process.memoryUsage.rss())} MB after\n`);
  for (const { ms, during } of stalls.slice(0, 5)) process.stdout.write(`  the event loop was busy for ${ms.toFixed(0)} ms during ${during.join(' | ').slice(0, 1000)}\n`);
  for (const fault of faults) process.stdout.write(`${fault}\n\n`);
  if (faults.length > 0) throw new Error(`${faults.length} faults`);
  if (heapLate - heapEarly > growthMegabytes * megabyte) throw new Error(`the heap grew by ${mb(heapLate - heapEarly)} MB`);
  const [longest] = stalls;
  if (longest !== undefined && longest.ms > stallMs) throw new Error(`the event loop was busy for ${longest.ms.toFixed(0)} ms`);
}

const mb = (bytes: number): string => (bytes / megabyte).toFixed(0);
const listed = (codes: ReadonlyMap<number, number>): string => [...codes].sort(([a], [b]) => a - b).map(([code, n]) => `${code} × ${n}`).join(', ');
