import { fuzzStreams } from '#test/fuzz/streams/fuzz-streams.ts';
import { chosenSeed } from './folder.ts';

const megabyte = 1024 * 1024;
const growthMegabytes = 20;
/** What eight clients that take nothing, and their programs, may have under way. */
const buffersMegabytes = 300;
const stallMs = 1000;

/** Twenty thousand clients that break the rules of WebSockets and SPDY: never a crash, a hang, growth, or a program that runs on. */
export async function streams(): Promise<void> {
  const seed = chosenSeed();
  const only = process.env['KEELSON_FUZZ_SESSION'];
  const { codes, opened, heard, faults, heapEarly, heapLate, buffersMost, stalls } = await fuzzStreams({
    seed, ...(only === undefined ? {} : { only: Number(only) }), sessions: Number(process.env['KEELSON_FUZZ_SESSIONS'] ?? 20_000), progress: (done) => process.stdout.write(`  ${done} sessions; ${mb(process.memoryUsage.rss())} MB resident\n`),
  });
  process.stdout.write(`  answers: ${[...codes].sort().map(([code, n]) => `${code} × ${n}`).join(', ')}; ${opened} programs; ${mb(heard)} MB heard\n`);
  process.stdout.write(`  heap ${mb(heapEarly)} MB after a tenth, ${mb(heapLate)} MB at the end; at most ${mb(buffersMost)} MB in buffers\n`);
  for (const { ms, during } of stalls.slice(0, 5)) process.stdout.write(`  the event loop was busy for ${ms.toFixed(0)} ms during ${during.join(' | ').slice(0, 1000)}\n`);
  for (const fault of faults) process.stdout.write(`${fault}\n\n`);
  if (faults.length > 0) throw new Error(`${faults.length} faults`);
  if (heapLate - heapEarly > growthMegabytes * megabyte) throw new Error(`the heap grew by ${mb(heapLate - heapEarly)} MB`);
  if (buffersMost > buffersMegabytes * megabyte) throw new Error(`buffers took ${mb(buffersMost)} MB`);
  const [longest] = stalls;
  if (longest !== undefined && longest.ms > stallMs) throw new Error(`the event loop was busy for ${longest.ms.toFixed(0)} ms`);
}

const mb = (bytes: number): string => (bytes / megabyte).toFixed(0);
