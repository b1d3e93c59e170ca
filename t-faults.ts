import { campaignRun, callFaults } from '#test/fixtures/cloud-campaign/run.ts';
const [cloud='gcp', flow='volume', from='0', step='17'] = process.argv.slice(2);
const seed = 2;
const { calls } = await campaignRun({ cloud, flow, seed });
let bad = 0, n = 0;
for (let at = Number(from); at < calls; at += Number(step)) for (const fault of callFaults) {
  n++;
  try { await campaignRun({ cloud, flow, seed, trouble: { at, fault } }); } catch (e) { bad++; if (bad < 6) console.log(at, fault, (e as Error).message.slice(0, 2500), (e as any).cause?.stack?.split('\n').slice(0,6).join('\n')); else console.log(at, fault, (e as Error).message.split('\n')[0]); }
}
console.log(cloud, flow, calls, n, 'runs', bad, 'bad');
process.exit(0);
