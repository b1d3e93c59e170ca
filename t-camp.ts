import { campaignRun } from '#test/fixtures/cloud-campaign/run.ts';
const [cloud='gcp', flow='volume', seed='2', at, fault] = process.argv.slice(2);
for (let i = 0; i < 1; i++) { const t = performance.now();
try { console.log(await campaignRun({ cloud, flow, seed: Number(seed), ...(at === undefined ? {} : { trouble: { at: Number(at), fault: fault as 'lose' } }) }), performance.now() - t); } catch (e) { console.log((e as Error).message); }
}
