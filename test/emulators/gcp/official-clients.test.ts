import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DisksClient, FirewallsClient, InstancesClient, RegionBackendServicesClient, RegionHealthChecksClient, ZoneOperationsClient } from '@google-cloud/compute';
import { expect } from 'chai';

import { writeCredentials } from './credentials.ts';
import { startGcpEmulator, type GcpEmulator } from './emulator.ts';
import { instanceBody } from './raw-client.ts';

const [project, zone, region] = ['p1', 'us-central1-a', 'us-central1'];
const place = { project, zone };
const type = `zones/${zone}/diskTypes/pd-balanced`;

interface Clients {
  readonly disks: DisksClient;
  readonly instances: InstancesClient;
  readonly operations: ZoneOperationsClient;
  readonly firewalls: FirewallsClient;
  readonly services: RegionBackendServicesClient;
  readonly checks: RegionHealthChecksClient;
}

/** What a client throws: the answer's status, and its body in the message. */
async function failure(call: Promise<unknown>): Promise<{ readonly code: unknown; readonly message: string }> {
  try {
    await call;
  } catch (error) {
    return error as { code: unknown; message: string };
  }
  throw new Error('the call did not fail');
}

describe('the Compute Engine emulator with the clients of @google-cloud/compute', function () {
  this.timeout(60_000);
  let emulator: GcpEmulator;
  let clients: Clients;
  let folder: string;

  before(async () => {
    const { v1 } = await import('@google-cloud/compute');
    folder = mkdtempSync(join(tmpdir(), 'gcp-emulator-'));
    emulator = await startGcpEmulator({ speed: 20 });
    writeCredentials(join(folder, 'credentials.json'), emulator.url);
    const options = { apiEndpoint: '127.0.0.1', port: emulator.port, protocol: 'http', projectId: project, keyFilename: join(folder, 'credentials.json') };
    clients = {
      disks: new v1.DisksClient(options),
      instances: new v1.InstancesClient(options),
      operations: new v1.ZoneOperationsClient(options),
      firewalls: new v1.FirewallsClient(options),
      services: new v1.RegionBackendServicesClient(options),
      checks: new v1.RegionHealthChecksClient(options),
    };
  });

  after(async () => {
    await Promise.all(Object.values(clients).map((client: DisksClient) => client.close()));
    await emulator.stop();
    rmSync(folder, { recursive: true });
  });

  const waited = async (started: Promise<readonly [{ readonly latestResponse?: unknown }, ...unknown[]]>) => {
    const [{ latestResponse }] = await started;
    const [operation] = await clients.operations.wait({ ...place, operation: (latestResponse as { name: string }).name });
    return operation;
  };

  it('makes a disk, waits for it with a long poll, and reads it', async () => {
    const operation = await waited(clients.disks.insert({ ...place, diskResource: { name: 'd1', sizeGb: 10, type, labels: { owner: 'test' }, description: '{"a":1}' } }));
    expect(operation).to.include({ status: 'DONE', operationType: 'insert', progress: 100 });
    expect(operation.error ?? undefined).to.equal(undefined);
    const [disk] = await clients.disks.get({ ...place, disk: 'd1' });
    expect(disk).to.deep.include({ name: 'd1', status: 'READY', sizeGb: '10', labels: { owner: 'test' }, description: '{"a":1}' });
  });

  it('throws what was refused, with its status and reason', async () => {
    const missing = await failure(clients.disks.get({ ...place, disk: 'none' }));
    expect(missing.code).to.equal(404);
    expect(missing.message).to.contain("The resource 'projects/p1/zones/us-central1-a/disks/none' was not found").and.to.contain('"notFound"');
    const twice = await failure(clients.disks.insert({ ...place, diskResource: { name: 'd1', type } }));
    expect(twice.code).to.equal(409);
    expect(twice.message).to.contain('"alreadyExists"');
    const wrong = await failure(clients.disks.insert({ ...place, diskResource: { name: 'No', type } }));
    expect(wrong.code).to.equal(400);
    expect(wrong.message).to.contain("Invalid value for field 'resource.name': 'No'");
  });

  it('finds the error of an instance inside its operation', async () => {
    emulator.state.setCapacity(zone, 'e2-standard-2', 0);
    const operation = await waited(clients.instances.insert({ ...place, instanceResource: instanceBody('full', zone) }));
    emulator.state.setCapacity(zone, 'e2-standard-2', Infinity);
    expect(operation.httpErrorStatusCode).to.equal(503);
    expect(operation.error?.errors?.map(({ code }) => code)).to.deep.equal(['ZONE_RESOURCE_POOL_EXHAUSTED']);
    expect((await failure(clients.instances.get({ ...place, instance: 'full' }))).code).to.equal(404);
  });

  it('attaches, resizes, detaches and deletes a disk', async () => {
    await waited(clients.instances.insert({ ...place, instanceResource: instanceBody('i1', zone) }));
    const source = `projects/${project}/zones/${zone}/disks/d1`;
    expect((await waited(clients.instances.attachDisk({ ...place, instance: 'i1', attachedDiskResource: { source, deviceName: 'd1', mode: 'READ_WRITE' } }))).error ?? undefined).to.equal(undefined);
    const used = await failure(clients.disks.delete({ ...place, disk: 'd1' }));
    expect(used.message).to.contain('resourceInUseByAnotherResource');
    await waited(clients.disks.resize({ ...place, disk: 'd1', disksResizeRequestResource: { sizeGb: 20 } }));
    expect((await clients.disks.get({ ...place, disk: 'd1' }))[0]).to.deep.include({ sizeGb: '20', users: [`https://www.googleapis.com/compute/v1/projects/p1/zones/${zone}/instances/i1`] });
    await waited(clients.instances.detachDisk({ ...place, instance: 'i1', deviceName: 'd1' }));
    await waited(clients.disks.delete({ ...place, disk: 'd1' }));
    expect((await failure(clients.disks.get({ ...place, disk: 'd1' }))).code).to.equal(404);
  });

  it('goes through pages, filters and scopes', async () => {
    for (const name of ['a', 'b', 'c']) await waited(clients.disks.insert({ ...place, diskResource: { name: `page-${name}`, type, labels: { of: name } } }));
    emulator.state.advance(1_000);
    const names: unknown[] = [];
    for await (const disk of clients.disks.listAsync({ ...place, maxResults: 1, filter: 'name:page-*' })) names.push(disk.name);
    expect(names).to.deep.equal(['page-a', 'page-b', 'page-c']);
    const [labelled] = await clients.disks.list({ ...place, filter: 'labels.of = b' });
    expect(labelled.map(({ name }) => name)).to.deep.equal(['page-b']);
    const found: string[] = [];
    for await (const [scope, { disks }] of clients.disks.aggregatedListAsync({ project, returnPartialSuccess: true, filter: 'name:page-*' })) if ((disks ?? []).length > 0) found.push(scope);
    expect(found).to.deep.equal([`zones/${zone}`]);
  });

  it('repeats a request with its id, and is told of a stale fingerprint', async () => {
    const request = { ...place, requestId: '0b0c3c1e-7a55-4d6c-9f4e-2f1c5a8d9e10', diskResource: { name: 'again', type } };
    const [first] = await clients.disks.insert(request);
    const [second] = await clients.disks.insert(request);
    expect(second.name).to.equal(first.name);
    emulator.state.advance(10_000);
    const stale = await failure(clients.disks.setLabels({ ...place, resource: 'again', zoneSetLabelsRequestResource: { labels: {}, labelFingerprint: 'AAAA' } }));
    expect(stale.code).to.equal(412);
    expect(stale.message).to.contain('conditionNotMet');
  });

  it('takes what the clients send of firewalls, health checks and services', async () => {
    await clients.firewalls.insert({ project, firewallResource: { name: 'fw', network: 'global/networks/default', allowed: [{ IPProtocol: 'tcp', ports: ['80'] }], sourceRanges: ['0.0.0.0/0'] } });
    await clients.checks.insert({ project, region, healthCheckResource: { name: 'hc', type: 'TCP', tcpHealthCheck: { port: 80 } } });
    emulator.state.advance(10_000);
    await clients.services.insert({ project, region, backendServiceResource: { name: 'bs', protocol: 'TCP', loadBalancingScheme: 'EXTERNAL', healthChecks: [`projects/p1/regions/${region}/healthChecks/hc`] } });
    emulator.state.advance(10_000);
    const [firewall] = await clients.firewalls.get({ project, firewall: 'fw' });
    expect(firewall.sourceRanges).to.deep.equal(['0.0.0.0/0']);
    expect(firewall.allowed?.[0]?.ports).to.deep.equal(['80']);
    expect((await clients.services.get({ project, region, backendService: 'bs' }))[0]).to.include({ protocol: 'TCP', timeoutSec: 30 });
  });

  it('is cut off and does not know, and finds by its name what was made', async () => {
    emulator.state.cloud.faults.plan({ faults: [{ method: 'compute.disks.insert', call: 1, fault: 'lose' }] });
    const lost = await failure(clients.disks.insert({ ...place, diskResource: { name: 'lost', type } }));
    expect(lost.code).not.to.equal(409);
    emulator.state.cloud.faults.plan({});
    emulator.state.advance(10_000);
    expect((await clients.disks.get({ ...place, disk: 'lost' }))[0].status).to.equal('READY');
  });

  it('is refused by a rate, and without a permission that the error names', async () => {
    emulator.state.run('deny', { permission: 'compute.disks.get' });
    const denied = await failure(clients.disks.get({ ...place, disk: 'lost' }));
    emulator.state.run('allow', { permission: 'compute.disks.get' });
    expect(denied.code).to.equal(403);
    expect(denied.message).to.contain("Required 'compute.disks.get' permission for").and.to.contain('"forbidden"');
    emulator.state.cloud.faults.plan({ faults: [{ method: 'compute.disks.get', fault: 'throttle' }] });
    const throttled = await failure(clients.disks.get({ ...place, disk: 'lost' }));
    emulator.state.cloud.faults.plan({});
    expect(throttled.code).to.equal(403);
    expect(throttled.message).to.contain('rateLimitExceeded');
  });
});
