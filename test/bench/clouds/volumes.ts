import type { Clock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { AttachOptions } from '#core/spi/volume-driver.ts';
import { concurrently } from '#test/bench/server.ts';
import { printTable } from '#test/bench/table.ts';
import { difference, modes, type BenchCloud, type Mode, type VolumeGround } from './bench-cloud.ts';

const never = new AbortController().signal;
const options: AttachOptions = { readOnly: false, use: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', mountOptions: [] } };
/** As many as the controllers work at, each at its task. */
const workers = { create: 32, attach: 100, detach: 100, remove: 32 } as const;
const volumesOnNode = 10;
const mostFailures = 30;

/** Volumes are made, attached, detached and deleted, all of them before the next step. */
export async function volumes(cloud: BenchCloud, counts: readonly number[]): Promise<void> {
  const rows: (string | number)[][] = [];
  for (const count of counts) for (const mode of modes) rows.push([`${count.toLocaleString('en')}, ${mode}`, ...(await run(cloud, mode, count))]);
  printTable(`${cloud.name}: volumes created, attached, detached, deleted, under the vendor's rate limits`,
    ['volumes', 'calls/volume', '% throttled', '% of creates', 'failures shown', 'emulated s'], [...rows, ...cloud.known.volumes.map((row) => [...row])]);
}

async function run(cloud: BenchCloud, mode: Mode, count: number): Promise<(string | number)[]> {
  const ground = await cloud.forVolumes(mode, Math.ceil(count / volumesOnNode));
  try {
    const [before, begun] = [ground.traffic(), ground.clock.now()];
    const failures = await live(ground, count);
    const { calls, throttled } = difference(ground.traffic(), before);
    const creates = ground.creates();
    if (ground.left() > 0) throw new Error(`${ground.left()} volumes are left`);
    return [calls / count, share(throttled, calls), share(creates.throttled, creates.calls), String(failures), (ground.clock.now() - begun) / 1000];
  } finally {
    await ground.stop();
  }
}

/** Resolves to how often a driver gave up, which shows in an event. */
async function live({ driver, nodes, clock, request }: VolumeGround, count: number): Promise<number> {
  const requests = Array.from({ length: count }, request);
  const ids: string[] = [];
  let failures = 0;
  const each = (width: number, work: (index: number) => Promise<void>): Promise<void> =>
    concurrently(count, width, async (index) => {
      failures += await untilDone(clock, () => work(index));
    });
  await each(workers.create, async (index) => {
    const wanted = requests[index];
    if (wanted !== undefined) ids[index] = (await driver.create(wanted, never)).id;
  });
  const placed = (index: number): [id: string, node: VolumeGround['nodes'][number]] => {
    const [id, node] = [ids[index], nodes[index % nodes.length]];
    if (id === undefined || node === undefined) throw new Error(`there is no volume ${index}, or no node for it`);
    return [id, node];
  };
  await each(workers.attach, async (index) => void (await driver.attach(...placed(index), options, never)));
  await each(workers.detach, async (index) => driver.detach(...placed(index), never));
  await each(workers.remove, async (index) => driver.delete(placed(index)[0], never));
  return failures;
}

/** As a work queue does. Resolves to how often it failed. */
export async function untilDone(clock: Clock, work: () => Promise<unknown>): Promise<number> {
  for (let failures = 0; ; failures++) {
    try {
      await work();
      return failures;
    } catch (error) {
      if (!ProviderError.is(error, 'Throttled', 'Unavailable', 'Unknown') || failures === mostFailures) throw error;
      await clock.sleep(Math.max(error.retryAfterMs ?? 0, Math.min(300_000, 5 * 2 ** failures)));
    }
  }
}

export const share = (part: number, whole: number): number | string => (whole === 0 ? '' : (100 * part) / whole);
