import { expect } from 'chai';

import { startGcpEmulator, type GcpEmulator } from './emulator.ts';
import { instanceBody, RawClient } from './raw-client.ts';

const zone = 'zones/us-central1-a';
const disk = (name: string) => ({ name, sizeGb: '10', type: `${zone}/diskTypes/pd-balanced` });

describe('the Compute Engine emulator: protocol', () => {
  let emulator: GcpEmulator;
  let client: RawClient;

  beforeEach(async () => {
    emulator = await startGcpEmulator({ speed: 0 });
    client = new RawClient(emulator);
  });

  afterEach(() => emulator.stop());

  it('asks for a bearer token, and takes none that has expired', async () => {
    const none = await client.send('GET', zone, undefined, {});
    expect(none.status).to.equal(401);
    expect(none.body.error).to.include({ code: 401, status: 'UNAUTHENTICATED' });
    expect(none.body.error.errors).to.deep.equal([{ message: 'Login Required.', domain: 'global', reason: 'required', location: 'Authorization', locationType: 'header' }]);
    const { access_token: token } = emulator.credentials.give();
    expect((await client.send('GET', zone, undefined, { authorization: `Bearer ${token}` })).status).to.equal(200);
    emulator.state.advance(3_600_000);
    expect((await client.send('GET', zone, undefined, { authorization: `Bearer ${token}` })).status, 'tokens go by the clients\' time').to.equal(200);
    emulator.credentials.revoke();
    const late = await client.send('GET', zone, undefined, { authorization: `Bearer ${token}` });
    expect(late.status).to.equal(401);
    expect(late.body.error.errors[0].reason).to.equal('authError');
  });

  it('names the permission that is missing', async () => {
    emulator.state.run('deny', { permission: 'compute.disks.create' });
    const answer = await client.send('POST', `${zone}/disks`, disk('d1'));
    expect(answer.status).to.equal(403);
    expect(answer.body.error.errors[0]).to.deep.equal({ message: "Required 'compute.disks.create' permission for 'projects/p1/zones/us-central1-a/disks'", domain: 'global', reason: 'forbidden' });
    expect((await client.send('POST', 'regions/us-central1/disks', { ...disk('d1') })).status, 'regional disks need the same').to.equal(403);
    expect(emulator.state.leftovers()).to.deep.equal([]);
  });

  it('answers paths that it does not know with the page of the vendor', async () => {
    const answer = await client.send('GET', `${zone}/teapots`);
    expect(answer.status).to.equal(404);
    expect(answer.body).to.contain('<title>Error 404 (Not Found)!!1</title>').and.to.contain('/compute/v1/projects/p1/zones/us-central1-a/teapots');
    expect((await client.send('PUT', `${zone}/disks`)).status, 'a verb that a path does not have').to.equal(404);
  });

  it('sends the fields that are asked for, by the parameter or by the header', async () => {
    const headers = { authorization: 'Bearer token', 'x-goog-fieldmask': 'name,status' };
    const all = await client.get(zone);
    expect((await client.send('GET', zone, undefined, headers)).body).to.deep.equal({ name: all.name, status: all.status });
    expect((await client.send('GET', `${zone}?fields=name`, undefined, headers)).body).to.deep.equal({ name: all.name });
  });

  it('refuses unknown fields, parameters, values and types', async () => {
    const refused = async (path: string, body: object | string, part: string, reason: string) => {
      const { status, body: answer } = await client.send('POST', path, body as Record<string, unknown>);
      expect(status, part).to.equal(400);
      expect(answer.error.message).to.contain(part);
      expect(answer.error.errors[0].reason, part).to.equal(reason);
    };
    await refused(`${zone}/disks`, { ...disk('d1'), sizeGB: 10 }, 'Unknown name "sizeGB": Cannot find field.', 'badRequest');
    await refused(`${zone}/instances`, instanceBody('i1', 'us-central1-a', { scheduling: { spot: true } }), `Unknown name "spot" at 'scheduling'`, 'badRequest');
    await refused(`${zone}/disks?force=1`, disk('d1'), `Cannot bind query parameter. Field 'force' could not be found`, 'badRequest');
    await refused(`${zone}/disks`, { ...disk('d1'), sizeGb: 'ten' }, "Invalid value at 'sizeGb' (TYPE_INT64)", 'badRequest');
    await refused(`${zone}/disks`, { ...disk('d1'), accessMode: 'ALL' }, "Invalid value for field 'resource.accessMode': 'ALL'", 'invalid');
    await refused(`${zone}/disks`, { ...disk('D_1') }, "Invalid value for field 'resource.name': 'D_1'. Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'", 'invalid');
    await refused(`${zone}/disks`, disk('d'.repeat(64)), 'Must be a match of regex', 'invalid');
    await refused(`${zone}/disks`, {}, "Required field 'resource.name' not specified", 'required');
    await refused(`${zone}/disks`, '', "Required field 'resource' not specified", 'required');
    await refused(`${zone}/disks`, '{"name":', 'Invalid JSON payload received.', 'badRequest');
    await refused(`${zone}/disks`, '{"name":"d1","__proto__":{"x":1}}', 'Unknown name "__proto__"', 'badRequest');
    await refused(`${zone}/disks`, { ...disk('d1'), labels: { Upper: 'x' } }, "Label key 'Upper' violates format constraints", 'invalid');
    await refused('zones/moon-a/disks', disk('d1'), "Invalid value for field 'zone': 'moon-a'. Unknown zone.", 'invalid');
    await refused(`${zone}/disks?requestId=7`, disk('d1'), "Invalid value for field 'requestId': '7'", 'invalid');
    await refused(`${zone}/disks?requestId=00000000-0000-0000-0000-000000000000`, disk('d1'), "'requestId'", 'invalid');
    expect(emulator.state.leftovers(), 'nothing was made').to.deep.equal([]);
  });

  it('ignores what a client says of the fields that are the server\'s', async () => {
    await client.make('POST', `${zone}/disks`, { ...disk('d1'), id: '7', status: 'FAILED', selfLink: 'x', creationTimestamp: 'never' });
    const made = await client.get(`${zone}/disks/d1`);
    expect(made).to.include({ name: 'd1', status: 'READY', sizeGb: '10', kind: 'compute#disk', selfLink: 'https://www.googleapis.com/compute/v1/projects/p1/zones/us-central1-a/disks/d1' });
    expect(made.id).to.match(/^\d{18}$/);
    expect(await client.get(`${zone}/disks/${made.id}`), 'by its id').to.deep.equal(made);
  });

  it('does once what was asked twice with one request id', async () => {
    const id = '6f9619ff-8b86-d011-b42d-00c04fc964ff';
    const first = await client.send('POST', `${zone}/disks?requestId=${id}`, disk('d1'));
    const second = await client.send('POST', `${zone}/disks?requestId=${id.toUpperCase()}`, disk('d1'));
    expect(second.status).to.equal(200);
    expect(second.body.name).to.equal(first.body.name);
    const third = await client.send('POST', `${zone}/disks`, disk('d1'));
    expect(third.status, 'without the id').to.equal(409);
    expect(third.body.error.errors[0]).to.include({ reason: 'alreadyExists', message: "The resource 'projects/p1/zones/us-central1-a/disks/d1' already exists" });
    emulator.state.advance(61 * 60_000);
    expect((await client.send('POST', `${zone}/disks?requestId=${id}`, disk('d1'))).status, 'an hour later').to.equal(409);
  });

  it('gives pages that a token leads on from, whatever changed in between', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await client.make('POST', `${zone}/disks`, disk(name));
    const first = await client.get(`${zone}/disks?maxResults=2`);
    expect(first.items.map(({ name }: { name: string }) => name)).to.deep.equal(['a', 'b']);
    await client.make('DELETE', `${zone}/disks/a`);
    const second = await client.get(`${zone}/disks?maxResults=2&pageToken=${first.nextPageToken}`);
    expect(second.items.map(({ name }: { name: string }) => name)).to.deep.equal(['c', 'd']);
    const third = await client.get(`${zone}/disks?maxResults=2&pageToken=${second.nextPageToken}`);
    expect(third.items.map(({ name }: { name: string }) => name)).to.deep.equal(['e']);
    expect(third).not.to.have.property('nextPageToken');
    expect((await client.send('GET', `${zone}/disks?maxResults=501`)).status).to.equal(400);
    expect((await client.send('GET', `${zone}/disks?pageToken=${first.nextPageToken}&filter=name%3Da`)).body.error.message, 'the token of another list').to.contain("Invalid value for field 'pageToken'");
  });

  it('lists every scope, with a warning for those that have nothing or do not answer', async () => {
    await client.make('POST', `${zone}/disks`, disk('d1'));
    await client.make('POST', 'regions/us-central1/disks', { name: 'r1', sizeGb: '200', replicaZones: [zone, 'zones/us-central1-b'] });
    const all = await client.get('aggregated/disks');
    expect(all.items['zones/us-central1-a'].disks).to.have.length(1);
    expect(all.items['regions/us-central1'].disks).to.have.length(1);
    expect(all.items['zones/us-central1-b'].warning).to.deep.equal({ code: 'NO_RESULTS_ON_PAGE', message: "There are no results for scope 'zones/us-central1-b' on this page.", data: [{ key: 'scope', value: 'zones/us-central1-b' }] });
    emulator.state.run('unreachable', { zone: 'us-central1-a' });
    expect((await client.send('GET', 'aggregated/disks')).status, 'without returnPartialSuccess').to.equal(503);
    const partial = await client.get('aggregated/disks?returnPartialSuccess=true');
    expect(partial.items['zones/us-central1-a'].warning.code).to.equal('UNREACHABLE');
    expect(partial.unreachables).to.deep.equal(['https://www.googleapis.com/compute/v1/projects/p1/zones/us-central1-a']);
  });

  it('lists what was true a little ago, and reads what is', async () => {
    await client.make('POST', `${zone}/disks`, disk('d1'));
    await client.send('DELETE', `${zone}/disks/d1`);
    emulator.state.advance(700);
    expect((await client.send('GET', `${zone}/disks/d1`)).status).to.equal(404);
    const seen: number[] = [];
    for (let round = 0; round < 20; round++) {
      await client.make('POST', `${zone}/disks`, disk(`n${round}`));
      await client.send('DELETE', `${zone}/disks/n${round}`);
      emulator.state.advance(650);
      seen.push((await client.get(`${zone}/disks`)).items?.length ?? 0);
    }
    expect(seen, 'deleted disks are listed for a moment').to.include(1);
    emulator.state.advance(1_000);
    expect(await client.get(`${zone}/disks`)).not.to.have.property('items');
  });

  it('answers with the fields that are asked for', async () => {
    await client.make('POST', `${zone}/instances`, instanceBody('i1', 'us-central1-a'));
    expect(await client.get(`${zone}/instances?fields=items(name,networkInterfaces/network,disks(deviceName)),kind`)).to.deep.equal({
      kind: 'compute#instanceList',
      items: [{ name: 'i1', networkInterfaces: [{ network: 'https://www.googleapis.com/compute/v1/projects/p1/global/networks/default' }], disks: [{ deviceName: 'persistent-disk-0' }] }],
    });
    const wrong = await client.send('GET', `${zone}/instances?fields=items(name`);
    expect(wrong.status).to.equal(400);
    expect(wrong.body.error.errors[0]).to.include({ reason: 'invalidParameter', location: 'fields' });
  });

  it('lets so many calls of a group through in a minute', async () => {
    emulator.state.run('rates', { reads: 3 });
    for (let call = 0; call < 3; call++) expect((await client.send('GET', zone)).status).to.equal(200);
    const refused = await client.send('GET', zone);
    expect(refused.status).to.equal(403);
    expect(refused.body.error.errors[0]).to.include({ domain: 'usageLimits', reason: 'rateLimitExceeded' });
    expect(refused.body.error.details[0].reason).to.equal('RATE_LIMIT_EXCEEDED');
    expect((await client.send('GET', `${zone}/disks`)).status, 'another group').to.equal(200);
    emulator.state.advance(60_000);
    expect((await client.send('GET', zone)).status, 'the next minute').to.equal(200);
    expect(emulator.state.cloud.rates.throttled).to.equal(1);
    emulator.state.cloud.rates.status = 429;
    emulator.state.run('rates', { reads: 0 });
    expect((await client.send('GET', zone)).body.error).to.include({ code: 429, status: 'RESOURCE_EXHAUSTED' });
  });

  it('knows the projects that it was given, and the others not', async () => {
    const strict = await startGcpEmulator({ speed: 0, projects: ['p1'] });
    const [known, unknown, malformed] = await Promise.all(['p1', 'p2', 'P_3'].map((project) => new RawClient(strict, project).send('GET', zone)));
    await strict.stop();
    expect([known?.status, unknown?.status, malformed?.status]).to.deep.equal([200, 404, 400]);
    expect(unknown?.body.error.message).to.equal("The resource 'projects/p2' was not found");
  });

  it('has machines, disks, places and quotas to look at', async () => {
    expect((await client.get('zones?maxResults=500')).items.length).to.equal(19);
    expect(await client.get('regions/us-central1')).to.deep.include({ status: 'UP' });
    expect((await client.get('regions/us-central1')).quotas.find(({ metric }: { metric: string }) => metric === 'CPUS')).to.deep.equal({ metric: 'CPUS', limit: 2400, usage: 0 });
    expect(await client.get(`${zone}/machineTypes/n2-standard-4`)).to.include({ guestCpus: 4, memoryMb: 16384, maximumPersistentDisks: 128, zone: 'us-central1-a' });
    expect(await client.get(`${zone}/diskTypes/pd-ssd`)).to.include({ defaultDiskSizeGb: '100', kind: 'compute#diskType' });
    expect((await client.send('GET', `${zone}/machineTypes/n9-huge-1`)).status).to.equal(404);
    expect((await client.get('global/networks/default')).subnetworks).to.have.length(6);
    expect(await client.get('')).to.deep.include({ kind: 'compute#project', name: 'p1' });
  });
});
