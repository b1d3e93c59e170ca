import { endGcpClouds } from '#test/fixtures/cloud-campaign/gcp-cloud.ts';
import { callFaults, campaignRun, campaigns, type CampaignRun } from '#test/fixtures/cloud-campaign/run.ts';

/** A slice of `npm run campaign cloud-faults`: which calls meet which faults is drawn from the seed. */
const seed = Number(process.env['KEELSON_TEST_SEED'] ?? 1 + Math.floor(Math.random() * 1_000_000));
const runsOfFlow = 3;

describe(`volumes, services and nodes on emulated clouds, and volumes of the local provider, with faults (seed ${seed})`, function () {
  this.timeout(180_000);
  after(() => endGcpClouds());

  for (const [cloud, flow] of campaigns) {
    it(`${cloud}: ${flow}`, async () => {
      const { calls } = await campaignRun({ cloud, flow, seed });
      for (let i = 0; i < runsOfFlow; i++) {
        const at = (seed * 31 + i * Math.ceil(calls / runsOfFlow)) % calls;
        const fault = callFaults[(seed + i) % callFaults.length] ?? 'lose';
        await campaignRun({ cloud, flow, seed: seed + i, trouble: { at, fault } });
      }
      const random: CampaignRun = { cloud, flow, seed, share: 0.05 };
      await campaignRun(random);
    });
  }
});
