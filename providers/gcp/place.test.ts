import { expect } from 'chai';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ProviderError, type ProviderErrorReason } from '#core/spi/errors.ts';
import { startGcpEmulator } from '#test/emulators/gcp/emulator.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { GcpPlace, regionOf, type PlaceSettings } from './place.ts';

const never = new AbortController().signal;

/** A metadata server of one's own, and the paths that it was asked for. */
async function serving(answer: (path: string, response: ServerResponse) => void): Promise<{ readonly host: string; readonly asked: string[]; stop(): Promise<void> }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace('/computeMetadata/v1/', '');
    asked.push(path);
    if (request.headers['metadata-flavor'] !== 'Google') response.writeHead(403).end();
    else answer(path, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked, stop };
}

const machine: Readonly<Record<string, string>> = {
  'project/project-id': 'of-the-machine', 'instance/zone': 'projects/7/zones/europe-west12-b', 'instance/name': 'node-1', 'instance/machine-type': 'projects/7/machineTypes/c3-standard-8',
};
const google = { 'metadata-flavor': 'Google' };
const asMachine = (path: string, response: ServerResponse): void => void (machine[path] === undefined ? response.writeHead(404, google).end() : response.writeHead(200, google).end(`${machine[path]}\n`));
const failure = (call: Promise<unknown>): Promise<unknown> => call.then(() => undefined, (error: unknown) => error);

function isProviderError(error: unknown, reason: ProviderErrorReason, text: RegExp): void {
  expect(ProviderError.is(error, reason), String(error)).to.equal(true);
  expect((error as ProviderError).message).to.match(text);
}

describe('GcpPlace', () => {
  let metadata: Awaited<ReturnType<typeof serving>>;
  let answer: typeof asMachine;
  beforeEach(async () => {
    answer = asMachine;
    metadata = await serving((path, response) => answer(path, response));
  });
  afterEach(() => metadata.stop());

  const place = (settings: PlaceSettings = {}, environment: Record<string, string> = {}) => new GcpPlace({ settings, environment: { GCE_METADATA_HOST: metadata.host, ...environment } });

  it('asks nobody for what the settings say', async () => {
    const { asked } = metadata;
    const one = place({ project: 'mine', zone: 'us-east1-b' }, { GOOGLE_CLOUD_PROJECT: 'other', CLOUDSDK_COMPUTE_REGION: 'asia-east1', GOOGLE_APPLICATION_CREDENTIALS: '/nowhere' });
    expect([await one.project(never), await one.zone(never), await one.region(never)]).to.deep.equal(['mine', 'us-east1-b', 'us-east1']);
    expect(await place({ region: 'us-west1' }, { CLOUDSDK_COMPUTE_ZONE: 'us-east1-b' }).region(never)).to.equal('us-west1');
    expect(asked).to.deep.equal([]);
  });

  it('takes the project from each variable, the first before the others', async () => {
    const environment: Record<string, string> = { CLOUDSDK_CORE_PROJECT: 'third-one', GCLOUD_PROJECT: 'second-one', GOOGLE_CLOUD_PROJECT: 'first-one' };
    const found = [];
    for (const name of ['GOOGLE_CLOUD_PROJECT', 'GCLOUD_PROJECT', 'CLOUDSDK_CORE_PROJECT']) {
      found.push(await place({}, environment).project(never));
      environment[name] = ' ';
    }
    expect(found).to.deep.equal(['first-one', 'second-one', 'third-one']);
    expect(metadata.asked).to.deep.equal([]);
    expect(await place({}, environment).project(never)).to.equal('of-the-machine');
  });

  it('takes the project that a file of credentials names', async () => {
    const { path, remove } = await temporaryFolder();
    try {
      const file = join(path, 'key.json');
      await writeFile(file, JSON.stringify({ type: 'service_account', project_id: 'of-the-key' }));
      expect(await place({ keyFile: file }, { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere' }).project(never)).to.equal('of-the-key');
      const once = place({}, { GOOGLE_APPLICATION_CREDENTIALS: file });
      expect(await once.project(never)).to.equal('of-the-key');
      await writeFile(file, '{}');
      expect(await once.project(never)).to.equal('of-the-key');
      for (const text of ['{"type":"external_account"}', 'null', '{"project_id":{"a":1}}', '7']) {
        await writeFile(file, text);
        expect(await place({ keyFile: file }).project(never), text).to.equal('of-the-machine');
      }
      await writeFile(file, 'private_key: secret');
      isProviderError(await failure(place({ keyFile: file }).project(never)), 'Invalid', /key\.json cannot be read: it is no JSON$/);
      isProviderError(await failure(place({ keyFile: '/nowhere' }).project(never)), 'Invalid', /\/nowhere cannot be read: .*ENOENT/);
    } finally {
      await remove();
    }
  });

  it('asks the metadata server once for each thing, however many want it', async () => {
    const one = place();
    expect(await Promise.all([one.project(never), one.project(never), one.zone(never), one.region(never)])).to.deep.equal(['of-the-machine', 'of-the-machine', 'europe-west12-b', 'europe-west12']);
    expect(await one.self(never)).to.deep.equal({ project: 'of-the-machine', zone: 'europe-west12-b', name: 'node-1', machineType: 'c3-standard-8' });
    expect(metadata.asked.toSorted()).to.deep.equal(Object.keys(machine).toSorted());
  });

  it('takes no zone of another region than the one that was said', async () => {
    expect(await place({ region: 'us-east1' }, { CLOUDSDK_COMPUTE_ZONE: 'asia-east1-a' }).zone(never)).to.equal(undefined);
    expect(await place({ region: 'asia-east1' }, { CLOUDSDK_COMPUTE_ZONE: 'asia-east1-a' }).zone(never)).to.equal('asia-east1-a');
    expect(await place({}, { CLOUDSDK_COMPUTE_REGION: 'europe-west12' }).zone(never)).to.equal('europe-west12-b');
    expect(await place({}, { CLOUDSDK_COMPUTE_ZONE: 'asia-east1-a' }).region(never)).to.equal('asia-east1');
  });

  it('says what to set where nobody says anything', async () => {
    const nobody = new GcpPlace({ settings: {}, environment: {}, fetch: () => Promise.reject(new TypeError('fetch failed')) });
    isProviderError(await failure(nobody.project(never)), 'Invalid', /gcp\.project .*GOOGLE_CLOUD_PROJECT$/);
    isProviderError(await failure(nobody.region(never)), 'Invalid', /gcp\.region or gcp\.zone .*CLOUDSDK_COMPUTE_REGION$/);
    expect([await nobody.zone(never), await nobody.self(never)]).to.deep.equal([undefined, undefined]);
    isProviderError(await failure(place({ project: '../../other' }).project(never)), 'Invalid', /^"\.\.\/\.\.\/other" is no id/);
    expect(await place({ project: 'example.com:old-one' }).project(never)).to.equal('example.com:old-one');
    const silenced = place({}, { METADATA_SERVER_DETECTION: 'none' });
    expect([await silenced.self(never), metadata.asked]).to.deep.equal([undefined, []]);
  });

  it('refuses a zone that is none, or not of the region', async () => {
    for (const [settings, text] of [[{ zone: 'us-central1' }, /^gcp\.zone must be a zone such as us-central1-a, not "us-central1"$/], [{ region: 'us-central1-a' }, /^gcp\.region must be a region such as us-central1, not "us-central1-a"$/], [{ region: 'us-east1', zone: 'us-central1-a' }, /^gcp\.zone, us-central1-a, is not in gcp\.region, us-east1$/]] as const) {
      isProviderError(await failure(place(settings).region(never)), 'Invalid', text);
      isProviderError(await failure(place(settings).zone(never)), 'Invalid', text);
    }
  });

  it('believes no server that is no metadata server, and looks for one again after a minute', async () => {
    const clock = new FakeClock();
    const asked: string[] = [];
    // As if it were where every machine has it.
    const send: typeof fetch = (request, init) => {
      const url = typeof request === 'string' ? request : '';
      asked.push(url);
      return fetch(url.replace('169.254.169.254', metadata.host), init);
    };
    answer = (_path, response) => void response.writeHead(200).end('<html>');
    const one = new GcpPlace({ settings: {}, environment: {}, clock, fetch: send });
    expect([await one.self(never), await one.zone(never), asked]).to.deep.equal([undefined, undefined, ['http://169.254.169.254/computeMetadata/v1/instance/zone']]);
    answer = asMachine;
    expect(await one.zone(never)).to.equal(undefined);
    await clock.advance(60_000);
    expect(await one.zone(never)).to.equal('europe-west12-b');
    answer = (_path, response) => void response.destroy();
    isProviderError(await failure(one.project(never)), 'Unavailable', /^the metadata server does not answer .*project-id$/);
  });

  it('takes a server for there that somebody named', async () => {
    isProviderError(await failure(place({}, { GCE_METADATA_HOST: '127.0.0.1:1' }).project(never)), 'Unavailable', /^the metadata server does not answer http:\/\/127\.0\.0\.1:1\/.*project-id$/);
    answer = (_path, response) => void response.writeHead(200).end('<html>');
    isProviderError(await failure(place().zone(never)), 'Unavailable', /^what answers http:.*zone is no metadata server$/);
  });

  it('passes a failure of the server on, and asks again', async () => {
    const one = place();
    answer = (_path, response) => void response.writeHead(503, google).end('busy');
    isProviderError(await failure(one.project(never)), 'Unavailable', /answered 503 .*project-id: "busy"$/);
    answer = (_path, response) => {
      response.writeHead(200, { ...google, 'content-length': '100' }).write('of-the');
      setImmediate(() => response.destroy());
    };
    isProviderError(await failure(one.project(never)), 'Unavailable', /to its end$/);
    answer = asMachine;
    expect(await one.project(never)).to.equal('of-the-machine');
  });

  it('does not wait long, and for nobody who has given up', async () => {
    const clock = new FakeClock();
    answer = () => undefined;
    const one = new GcpPlace({ settings: {}, environment: { GCE_METADATA_HOST: metadata.host }, clock });
    const [leaving, reason] = [new AbortController(), new Error('enough')];
    const left = failure(one.zone(leaving.signal));
    const waiting = one.zone(never);
    leaving.abort(reason);
    expect(await left).to.equal(reason);
    expect(await failure(one.zone(leaving.signal))).to.equal(reason);
    const asked = failure(waiting);
    await clock.advance(3_000);
    isProviderError(await asked, 'Unavailable', /does not answer .*zone$/);
  });

  it('reads the metadata server of the emulator', async () => {
    const emulator = await startGcpEmulator({ identity: { project: 'emulated', zone: 'us-central1-f', instance: 'node-9' } });
    try {
      const one = new GcpPlace({ settings: {}, environment: { GCE_METADATA_HOST: emulator.url.replace('http://', '') } });
      expect([await one.project(never), await one.region(never)]).to.deep.equal(['emulated', 'us-central1']);
      expect(await one.self(never)).to.deep.equal({ project: 'emulated', zone: 'us-central1-f', name: 'node-9', machineType: 'e2-standard-2' });
    } finally {
      await emulator.stop();
    }
  });

  it('knows the region of a zone', () => {
    const zones = ['us-central1-a', 'us-south1-ai1b', 'northamerica-northeast2-c', 'us-central1', '', undefined, 'a-b1-c/../d'];
    expect(zones.map(regionOf)).to.deep.equal(['us-central1', 'us-south1', 'northamerica-northeast2', undefined, undefined, undefined, undefined]);
  });
});
