import { DisksClient, InstancesClient, ZoneOperationsClient } from '@google-cloud/compute';
import { startGcpEmulator } from './gcp-emulator.ts';
import { writeCredentials } from './credentials.ts';
const e = await startGcpEmulator({ seed: 1, delays: 0.2 });
writeCredentials('/tmp/gcpgen/key.json', e.url);
const o = { apiEndpoint: '127.0.0.1', port: e.port, protocol: 'http', keyFilename: '/tmp/gcpgen/key.json' } as never;
const disks = new DisksClient(o); const ops = new ZoneOperationsClient(o); const inst = new InstancesClient(o);
try {
  console.time('ins');
  const [r] = await disks.insert({ project: 'p1', zone: 'us-central1-a', diskResource: { name: 'd1', sizeGb: 10, type: 'zones/us-central1-a/diskTypes/pd-balanced', labels: { a: 'b' } } });
  console.timeEnd('ins');
  console.log(Object.keys(r), r.latestResponse?.name, r.latestResponse?.status, (r as never as {promise: unknown}).promise);
  const [op] = await ops.wait({ project: 'p1', zone: 'us-central1-a', operation: r.latestResponse.name });
  console.log(op.status, op.error, op.httpErrorStatusCode);
  const [d] = await disks.get({ project: 'p1', zone: 'us-central1-a', disk: 'd1' });
  console.log(JSON.stringify(d).slice(0, 600));
  await inst.insert({ project: 'p1', zone: 'us-central1-a', instanceResource: { name: 'i1', machineType: 'zones/us-central1-a/machineTypes/e2-medium', disks: [{ boot: true, autoDelete: true, initializeParams: { sourceImage: 'projects/debian-cloud/global/images/family/debian-12' } }], networkInterfaces: [{ network: 'global/networks/default', accessConfigs: [{}] }] } });
  e.admin.advance(60_000);
  const [i] = await inst.get({ project: 'p1', zone: 'us-central1-a', instance: 'i1' });
  console.log(JSON.stringify(i));
  for await (const [scope, x] of inst.aggregatedListAsync({ project: 'p1', returnPartialSuccess: true })) if (x.instances?.length) console.log(scope, x.instances.map((y) => y.name));
} catch (err) { console.log(err); }
try { await disks.get({ project: 'p1', zone: 'us-central1-a', disk: 'nope' }); } catch (err) { console.log((err as {code: number}).code, (err as Error).message, Object.keys(err as object), JSON.stringify(err)); }
await e.stop();
