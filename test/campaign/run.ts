import { cpus } from 'node:os';

/**
 * Long runs that try to break something, and fail when they do. A campaign is a file of its own that exports a function of its name; what it
 * finds out it prints. `KEELSON_TEST_SEED=n` repeats the random choices of one.
 */
const campaigns: Readonly<Record<string, () => Promise<() => Promise<void>>>> = {
  crash: async () => (await import('./crash.ts')).crash,
  compaction: async () => (await import('./compaction.ts')).compaction,
  backup: async () => (await import('./backup.ts')).backup,
  'full-disk': async () => (await import('./full-disk.ts')).fullDisk,
  fuzz: async () => (await import('./fuzz.ts')).fuzz,
  ha: async () => (await import('./ha.ts')).ha,
  streams: async () => (await import('./streams.ts')).streams,
  'cloud-faults': async () => (await import('./cloud-faults.ts')).cloudFaults,
  'slow-disk': async () => (await import('./slow-disk.ts')).slowDisk,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(campaigns, name));
if (unknown.length > 0) {
  process.stderr.write(`there is no campaign named ${unknown.join(', ')}; there are: ${Object.keys(campaigns).join(', ')}\n`);
  process.exitCode = 2;
} else {
  process.stdout.write(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}\n`);
  for (const [name, load] of Object.entries(campaigns)) if (asked.length === 0 || asked.includes(name)) await run(name, await load());
}

async function run(name: string, campaign: () => Promise<void>): Promise<void> {
  const begun = performance.now();
  try {
    await campaign();
    process.stdout.write(`\n${name}: passed in ${((performance.now() - begun) / 1000).toFixed(0)} s\n`);
  } catch (error) {
    process.stdout.write(`\n${name}: FAILED: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  }
}
