import { fuzz as run } from '#test/fuzz/fuzz.ts';

/** A hundred thousand nearly right requests: never a 500, a crash, a hang or growth. */
export async function fuzz(): Promise<void> {
  const seed = Number(process.env['KEELSON_TEST_SEED'] ?? Date.now() % 1_000_000);
  process.stdout.write(`\nfuzz: seed ${seed}\n`);
  const report = await run({
    seed, requests: Number(process.env['KEELSON_FUZZ_REQUESTS'] ?? 100_000),
    progress: (done, codes) => process.stdout.write(`  ${done} requests: ${[...codes].sort(([a], [b]) => a - b).map(([code, n]) => `${code} × ${n}`).join(', ')}\n`),
  });
  for (const fault of report.faults) process.stdout.write(`${fault}\n\n`);
  if (report.heapEarly > 0) process.stdout.write(`  heap ${(report.heapEarly / 1e6).toFixed(0)} MB after a tenth, ${(report.heapLate / 1e6).toFixed(0)} MB at the end\n`);
  if (report.faults.length > 0) throw new Error(`${report.faults.length} faults`);
}
