import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { plainCalls } from '#core/spi/platform-calls.ts';
import { writeCredentials } from '#test/emulators/gcp/credentials.ts';
import { startGcpEmulator, type GcpEmulator } from '#test/emulators/gcp/emulator.ts';
import { SdkGcpApi } from './api.ts';
import { ClientShelf } from './clients.ts';

describe('the vendor\'s clients', function () {
  this.timeout(60_000);
  let emulator: GcpEmulator;
  before(async () => {
    emulator = await startGcpEmulator();
  });
  after(() => emulator.stop());

  it('need no credentials for an emulator, and each is made once', async () => {
    const shelf = new ClientShelf({ endpoint: emulator.url, keyFile: undefined }, {});
    const [zones] = await (await shelf.get('zones')).list({ project: 'some-project' });
    expect(zones.map(({ name }) => name)).to.include('us-central1-a');
    expect(await shelf.get('zones')).to.equal(await shelf.get('zones'));
    await shelf.close();
    expect(() => shelf.get('zones')).to.throw('the clients are closed');
  });

  it('say which credentials are missing, and are made when they are there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keelson-credentials-'));
    const keyFile = join(folder, 'key.json');
    const api = new SdkGcpApi({ settings: { endpoint: emulator.url, keyFile }, project: () => Promise.resolve('some-project'), calls: plainCalls, clock: systemClock });
    const { signal } = new AbortController();
    const zones = (): Promise<unknown> => api.read('compute.zones.list', (client, options) => client.list({ project: 'some-project' }, options), signal);
    try {
      const failure = await zones().then(() => undefined, (error: unknown) => error);
      expect(ProviderError.is(failure, 'Unavailable')).to.equal(true);
      expect(String(failure)).to.include(keyFile);
      writeCredentials(keyFile, emulator.url);
      await until(() => zones().then(() => true, () => false));
    } finally {
      await api.close();
      await rm(folder, { recursive: true });
    }
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 200));
}
