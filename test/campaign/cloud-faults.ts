import { endGcpClouds } from '#test/fixtures/cloud-campaign/gcp-cloud.ts';
import { callFaults, campaignRun, campaigns } from '#test/fixtures/cloud-campaign/run.ts';
import { chosenSeed } from './folder.ts';

/** For each cloud and flow: this many runs in which any call goes wrong by chance, besides one run for each call and each of two faults. */
const randomRuns = 40;
const share = 0.05;

/** Volumes, services and nodes on emulated clouds, and volumes on this computer's disk, with a process that ends, a refusal or a lost answer at every call; afterwards nothing may be missing, doubled, left over or touched. */
export async function cloudFaults(): Promise<void> {
  const seed = chosenSeed();
  let [runs, failed] = [0, 0];
  const tried = async (run: Parameters<typeof campaignRun>[0]): Promise<void> => {
    runs++;
    await campaignRun(run).catch((error: unknown) => {
      failed++;
      process.stdout.write(`${JSON.stringify(run)}: ${error instanceof Error ? error.message : String(error)}\n`);
    });
  };
  const all = async (cloud: string, flow: string): Promise<void> => {
    for (const stale of [0, 1]) {
      const { calls } = await campaignRun({ cloud, flow, seed: seed * 2 + stale });
      // Each call meets two of the four faults with quick caches, and the other two with slow ones.
      for (let at = 0; at < calls; at++) for (const fault of callFaults.filter((_, i) => (i + at + stale) % 2 === 0)) await tried({ cloud, flow, seed: seed * 2 + stale, trouble: { at, fault } });
    }
    for (let i = 0; i < randomRuns; i++) await tried({ cloud, flow, seed: seed * 2 + i, share });
  };
  try {
    for (const [cloud, flow] of campaigns) {
      const [begun, before] = [performance.now(), runs];
      await all(cloud, flow);
      process.stdout.write(`${cloud} ${flow}: ${runs - before} runs in ${((performance.now() - begun) / 1000).toFixed(0)} s, ${failed} failed so far\n`);
    }
  } finally {
    await endGcpClouds();
  }
  if (failed > 0) throw new Error(`${failed} of ${runs} runs failed`);
}
