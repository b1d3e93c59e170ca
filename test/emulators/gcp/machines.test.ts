import { expect } from 'chai';

import { startGcpEmulator, type GcpEmulator } from './emulator.ts';
import { instanceBody, RawClient } from './raw-client.ts';

const zone = 'zones/us-central1-a';
const path = (rest: string) => `projects/p1/${rest}`;

describe('the Compute Engine emulator: instances and disks', () => {
  let emulator: GcpEmulator;
  let client: RawClient;

  const disk = (name: string, more: object = {}) => client.make('POST', `${zone}/disks`, { name, sizeGb: '10', type: `${zone}/diskTypes/pd-balanced`, ...more });
  const instance = (name: string, more: Record<string, unknown> = {}) => client.make('POST', `${zone}/instances`, instanceBody(name, 'us-central1-a', more));
  const attach = (name: string, source: string, more: object = {}) => client.done('POST', `${zone}/instances/${name}/attachDisk`, { source: path(`${zone}/disks/${source}`), deviceName: source, ...more });
  const refusal = async (verb: string, rest: string, body?: Record<string, unknown>) => {
    const answer = await client.send(verb, rest, body);
    expect(answer.status, `${verb} ${rest}`).to.be.within(400, 499);
    return { status: answer.status, reason: answer.body.error.errors[0].reason, message: answer.body.error.message };
  };

  beforeEach(async () => {
    emulator = await startGcpEmulator({ speed: 0 });
    client = new RawClient(emulator);
  });

  afterEach(() => emulator.stop());

  it('brings an instance up step by step, and takes it down with the disks that go with it', async () => {
    const { body: operation } = await client.send('POST', `${zone}/instances`, instanceBody('i1', 'us-central1-a', { labels: { a: 'b' }, tags: { items: ['node'] } }));
    expect(operation).to.include({ status: 'PENDING', operationType: 'insert', targetLink: 'https://www.googleapis.com/compute/v1/projects/p1/zones/us-central1-a/instances/i1', progress: 0 });
    expect((await client.send('GET', `${zone}/instances/i1`)).status, 'before the operation runs').to.equal(404);
    const states = new Set<string>();
    for (let step = 0; step < 100; step++) {
      emulator.state.advance(50);
      states.add((await client.get(`${zone}/instances/i1`)).status);
    }
    expect([...states].filter(Boolean)).to.deep.equal(['PROVISIONING', 'STAGING', 'RUNNING']);
    const made = await client.get(`${zone}/instances/i1`);
    expect(made.networkInterfaces[0].networkIP).to.match(/^10\.128\./);
    expect(await client.get(`${zone}/disks/i1`)).to.deep.include({ status: 'READY', users: [made.selfLink] });
    await client.make('DELETE', `${zone}/instances/i1`);
    expect(emulator.state.leftovers()).to.deep.equal([]);
  });

  it('stops and starts an instance', async () => {
    await instance('i1');
    await client.send('POST', `${zone}/instances/i1/stop`);
    expect((await client.get(`${zone}/instances/i1`)).status).to.equal('STOPPING');
    expect(await refusal('POST', `${zone}/instances/i1/start`)).to.include({ reason: 'resourceNotReady' });
    emulator.state.advance(60_000);
    expect((await client.get(`${zone}/instances/i1`)).status).to.equal('TERMINATED');
    await client.make('POST', `${zone}/instances/i1/start`);
    expect((await client.get(`${zone}/instances/i1`)).status).to.equal('RUNNING');
  });

  it('attaches a disk to one instance at a time, and keeps it while it is used', async () => {
    await disk('d1');
    await instance('i1');
    await instance('i2');
    expect((await attach('i1', 'd1')).error).to.equal(undefined);
    const second = await attach('i2', 'd1');
    expect(second).to.include({ status: 'DONE', httpErrorStatusCode: 400, httpErrorMessage: 'BAD REQUEST' });
    expect(second.error.errors).to.deep.equal([{ code: 'RESOURCE_IN_USE_BY_ANOTHER_RESOURCE', message: "The disk resource 'projects/p1/zones/us-central1-a/disks/d1' is already being used by 'projects/p1/zones/us-central1-a/instances/i1'" }]);
    expect(await refusal('DELETE', `${zone}/disks/d1`)).to.include({ status: 400, reason: 'resourceInUseByAnotherResource' });
    expect(await refusal('POST', `${zone}/instances/i1/detachDisk`)).to.include({ reason: 'required', message: 'Required parameter: deviceName' });
    expect(await refusal('POST', `${zone}/instances/i1/detachDisk?deviceName=other`)).to.include({ reason: 'invalid' });
    await client.make('POST', `${zone}/instances/i1/detachDisk?deviceName=d1`);
    expect((await attach('i2', 'd1')).error).to.equal(undefined);
    expect((await client.get(`${zone}/disks/d1`)).users).to.deep.equal(['https://www.googleapis.com/compute/v1/projects/p1/zones/us-central1-a/instances/i2']);
    await client.make('DELETE', `${zone}/instances/i2`);
    expect(await client.get(`${zone}/disks/d1`), 'not deleted with the instance').not.to.have.property('users');
  });

  it('lets readers share a disk, and regional disks be taken by force', async () => {
    await disk('d1');
    await client.make('POST', 'regions/us-central1/disks', { name: 'r1', sizeGb: '200', replicaZones: [zone, 'zones/us-central1-b'] });
    await instance('i1');
    await instance('i2');
    for (const name of ['i1', 'i2']) expect((await attach(name, 'd1', { mode: 'READ_ONLY' })).error).to.equal(undefined);
    const regional = { source: path('regions/us-central1/disks/r1'), deviceName: 'r1' };
    await client.make('POST', `${zone}/instances/i1/attachDisk`, regional);
    expect((await client.done('POST', `${zone}/instances/i2/attachDisk`, regional)).error.errors[0].code).to.equal('RESOURCE_IN_USE_BY_ANOTHER_RESOURCE');
    await client.make('POST', `${zone}/instances/i2/attachDisk?forceAttach=true`, regional);
    expect((await client.get(`${zone}/instances/i1`)).disks.map(({ deviceName }: { deviceName: string }) => deviceName)).not.to.include('r1');
  });

  it('refuses disks of another zone, of a type that does not fit, and more than fit', async () => {
    await client.make('POST', 'zones/us-central1-b/disks', { name: 'far' });
    await disk('hyper', { type: `${zone}/diskTypes/hyperdisk-balanced` });
    await instance('i1', { machineType: `${zone}/machineTypes/e2-micro` });
    expect(await refusal('POST', `${zone}/instances/i1/attachDisk`, { source: path('zones/us-central1-b/disks/far') })).to.include({ reason: 'invalid' });
    expect((await refusal('POST', `${zone}/instances/i1/attachDisk`, { source: path(`${zone}/disks/hyper`) })).message).to.contain('hyperdisk-balanced disk type cannot be used by e2-micro machine type.');
    expect(await refusal('POST', `${zone}/instances/i1/attachDisk`, { source: path(`${zone}/disks/none`) })).to.include({ status: 404, reason: 'notFound' });
    for (let index = 1; index < 16; index++) {
      await disk(`d${index}`);
      await attach('i1', `d${index}`);
    }
    await disk('d16');
    expect((await attach('i1', 'd16')).error.errors[0]).to.deep.equal({ code: 'LIMIT_EXCEEDED', message: "Exceeded limit 'maximum_persistent_disks' on resource 'i1'. Limit: 16.0" });
  });

  it('only lets disks grow, within what their type has', async () => {
    await disk('d1');
    expect((await refusal('POST', `${zone}/disks/d1/resize`, { sizeGb: '10' })).message).to.equal("Invalid value for field 'sizeGb': '10'. New disk size '10' GiB must be larger than existing size '10' GiB.");
    await client.make('POST', `${zone}/disks/d1/resize`, { sizeGb: '20' });
    expect((await client.get(`${zone}/disks/d1`)).sizeGb).to.equal('20');
    expect((await refusal('POST', 'regions/us-central1/disks', { name: 'r1', sizeGb: '100', replicaZones: [zone, 'zones/us-central1-b'] })).message).to.contain('Disk size cannot be smaller than 200 GB.');
    expect(await refusal('POST', `${zone}/disks`, { name: 'd2', type: `${zone}/diskTypes/pd-ssd`, provisionedIops: '5000' })).to.include({ reason: 'invalid' });
    expect(await refusal('POST', 'regions/us-central1/disks', { name: 'r1', replicaZones: [zone] })).to.include({ reason: 'invalid' });
  });

  it('changes the performance of a hyperdisk once in four hours', async () => {
    await disk('h1', { type: `${zone}/diskTypes/hyperdisk-balanced`, sizeGb: '100' });
    expect(await client.get(`${zone}/disks/h1`)).to.include({ provisionedIops: '3000', provisionedThroughput: '140' });
    await client.make('PATCH', `${zone}/disks/h1?paths=provisionedIops`, { name: 'h1', provisionedIops: '5000' });
    expect((await client.get(`${zone}/disks/h1`)).provisionedIops).to.equal('5000');
    expect(await refusal('PATCH', `${zone}/disks/h1?paths=provisionedIops`, { provisionedIops: '6000' })).to.include({ status: 412 });
    emulator.state.advance(4 * 3_600_000);
    await client.make('PATCH', `${zone}/disks/h1?updateMask=provisionedIops`, { provisionedIops: '6000' });
  });

  it('makes disks from snapshots and images, not smaller than these', async () => {
    await disk('d1');
    await client.make('POST', `${zone}/disks/d1/createSnapshot`, { name: 's1', labels: { of: 'd1' } });
    expect(await client.get('global/snapshots/s1')).to.deep.include({ status: 'READY', diskSizeGb: '10', labels: { of: 'd1' } });
    expect((await refusal('POST', `${zone}/disks`, { name: 'd2', sizeGb: '5', sourceSnapshot: 'global/snapshots/s1' })).message).to.contain('cannot be smaller than the snapshot size (10 GB)');
    await client.make('POST', `${zone}/disks`, { name: 'd2', sourceSnapshot: 'global/snapshots/s1' });
    expect((await client.get(`${zone}/disks/d2`)).sizeGb).to.equal('10');
    await client.make('POST', 'global/images', { name: 'im1', sourceDisk: path(`${zone}/disks/d1`), family: 'mine' });
    expect((await client.get('global/images/family/mine')).name).to.equal('im1');
    for (let more = 2; more <= 6; more++) await client.make('POST', 'global/snapshots', { name: `s${more}`, sourceDisk: path(`${zone}/disks/d1`) });
    expect((await client.done('POST', 'global/snapshots', { name: 's7', sourceDisk: path(`${zone}/disks/d1`) })).error.errors[0].code).to.equal('RESOURCE_OPERATION_RATE_EXCEEDED');
  });

  it('says inside the operation that a quota or a zone is used up, and makes nothing', async () => {
    emulator.state.setQuota('CPUS', 3, 'us-central1');
    await instance('i1');
    const refused = await client.done('POST', `${zone}/instances`, instanceBody('i2', 'us-central1-a'));
    expect(refused).to.include({ status: 'DONE', httpErrorStatusCode: 403, httpErrorMessage: 'FORBIDDEN' });
    expect(refused.error.errors[0]).to.include({ code: 'QUOTA_EXCEEDED', message: "Quota 'CPUS' exceeded.  Limit: 3.0 in region us-central1." });
    expect((await client.send('GET', `${zone}/disks/i2`)).status, 'its disk').to.equal(404);
    emulator.state.setQuota('CPUS', 100);
    emulator.state.setCapacity('us-central1-a', 'e2-standard-2', 0);
    const exhausted = await client.done('POST', `${zone}/instances`, instanceBody('i2', 'us-central1-a'));
    expect(exhausted.error.errors[0]).to.deep.equal({ code: 'ZONE_RESOURCE_POOL_EXHAUSTED', message: "The zone 'projects/p1/zones/us-central1-a' does not have enough resources available to fulfill the request.  Try a different zone, or try again later." });
    expect(emulator.state.leftovers()).to.deep.equal([path('zones/us-central1-a/disks/i1'), path('zones/us-central1-a/instances/i1')]);
    await client.make('POST', 'zones/us-central1-b/instances', instanceBody('i3', 'us-central1-b'));
    emulator.state.setQuota('SSD_TOTAL_GB', 15, 'us-central1');
    await disk('d1');
    expect((await client.done('POST', `${zone}/disks/d1/resize`, { sizeGb: '20' })).error.errors[0].code).to.equal('QUOTA_EXCEEDED');
    expect((await client.get(`${zone}/disks/d1`)).sizeGb).to.equal('10');
  });

  it('can delete an instance that is still being made, with nothing left of it', async () => {
    emulator.state.setCapacity('us-central1-a', 'e2-standard-2', 1);
    await disk('d1');
    const body = instanceBody('i1', 'us-central1-a');
    const made = (await client.send('POST', `${zone}/instances`, { ...body, disks: [...(body['disks'] as object[]), { source: path(`${zone}/disks/d1`) }] })).body;
    emulator.state.deleteInstance(path(`${zone}/instances/i1`));
    emulator.state.advance(60_000);
    expect((await client.get(`${zone}/operations/${made.name}`)).error.errors[0].code).to.equal('RESOURCE_NOT_FOUND');
    expect(emulator.state.leftovers()).to.deep.equal([path(`${zone}/disks/d1`)]);
    expect(await client.get(`${zone}/disks/d1`)).not.to.have.property('users');
    await instance('i2');
    await client.make('DELETE', `${zone}/instances/i2`);
    await instance('i3');
  });

  it('changes labels, tags and metadata for those who know the newest fingerprint', async () => {
    await instance('i1', { labels: { a: '1' } });
    const { labelFingerprint, tags, metadata } = await client.get(`${zone}/instances/i1`);
    await client.make('POST', `${zone}/instances/i1/setLabels`, { labels: { a: '2' }, labelFingerprint });
    const stale = await client.send('POST', `${zone}/instances/i1/setLabels`, { labels: { a: '3' }, labelFingerprint });
    expect(stale.status).to.equal(412);
    expect(stale.body.error.errors[0]).to.deep.equal({ message: 'Labels fingerprint either invalid or resource labels have changed', domain: 'global', reason: 'conditionNotMet', location: 'If-Match', locationType: 'header' });
    await client.make('POST', `${zone}/instances/i1/setTags`, { items: ['node'], fingerprint: tags.fingerprint });
    expect(await refusal('POST', `${zone}/instances/i1/setTags`, { items: [], fingerprint: tags.fingerprint })).to.include({ status: 412 });
    await client.make('POST', `${zone}/instances/i1/setMetadata`, { items: [{ key: 'k', value: 'v' }], fingerprint: metadata.fingerprint });
    expect(await refusal('POST', `${zone}/instances/i1/setMetadata`, { items: [] })).to.include({ status: 412, message: 'Supplied fingerprint does not match current metadata fingerprint.' });
    const now = await client.get(`${zone}/instances/i1`);
    expect([now.labels, now.tags.items, now.metadata.items]).to.deep.equal([{ a: '2' }, ['node'], [{ key: 'k', value: 'v' }]]);
    await disk('d1');
    const { labelFingerprint: ofDisk } = await client.get(`${zone}/disks/d1`);
    await client.make('POST', `${zone}/disks/d1/setLabels`, { labels: { b: '1' }, labelFingerprint: ofDisk });
    expect(await refusal('POST', `${zone}/disks/d1/setLabels`, { labels: {} })).to.include({ status: 412 });
  });

  it('says of what is being made or deleted that it is not ready', async () => {
    await client.send('POST', `${zone}/disks`, { name: 'd1' });
    emulator.state.advance(130);
    expect((await client.get(`${zone}/disks/d1`)).status).to.equal('CREATING');
    expect(await refusal('POST', `${zone}/disks/d1/resize`, { sizeGb: '600' })).to.deep.equal({ status: 400, reason: 'resourceNotReady', message: "The resource 'projects/p1/zones/us-central1-a/disks/d1' is not ready" });
    emulator.state.advance(60_000);
    await client.send('DELETE', `${zone}/disks/d1`);
    expect(await refusal('DELETE', `${zone}/disks/d1`)).to.include({ reason: 'resourceNotReady' });
    emulator.state.advance(60_000);
    expect(await refusal('DELETE', `${zone}/disks/d1`)).to.include({ status: 404, reason: 'notFound' });
  });

  it('lets a test stop, delete and watch behind the back of clients', async () => {
    await instance('i1');
    const seen: (string | undefined)[] = [];
    const end = emulator.state.cloud.resources.watch((changed, resource) => {
      if (changed.endsWith('/instances/i1')) seen.push(resource?.['status'] as string | undefined);
    });
    emulator.state.stopInstance(path(`${zone}/instances/i1`));
    expect((await client.get(`${zone}/instances/i1`)).status).to.equal('TERMINATED');
    const answer = await fetch(`${emulator.url}/_emulator/delete-instance`, { method: 'POST', body: JSON.stringify({ path: path(`${zone}/instances/i1`) }) });
    expect(answer.status).to.equal(200);
    end();
    expect(seen).to.deep.equal(['TERMINATED', undefined]);
    expect(Object.keys((await (await fetch(`${emulator.url}/_emulator/resources`)).json()) as object).filter((each) => each.includes('/instances/'))).to.deep.equal([]);
    expect((await fetch(`${emulator.url}/_emulator/delete-instance`, { method: 'POST', body: '{}' })).status).to.equal(400);
  });
});
