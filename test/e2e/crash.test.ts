import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { linux, requires, root } from '#test/fixtures/requires.ts';
import { Sandbox, until, type Running } from './harness.ts';

const path = '/api/v1/namespaces/default/persistentvolumeclaims';
const claims = 1000;
const kills = 12;

const claim = (name: string) => ({
  apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
});

interface Listed {
  metadata: { name: string };
  spec: { csi?: { volumeHandle: string } };
  status: { phase: string };
}

/** SIGKILL at random moments while 1,000 claims are made and some are deleted again: nothing is lost, and nothing is left over. */
describe('kill -9 in the middle of 1,000 claims', function () {
  this.timeout(180_000);
  before(requires(linux, root));
  let sandbox: Sandbox;
  let running: Running | undefined;
  before(async () => {
    sandbox = await Sandbox.make();
  });
  after(async () => {
    await running?.kill();
    await sandbox?.remove();
  });

  it('every claim ends Bound, and there are as many volumes on disk as PersistentVolumes', async () => {
    const seed = Number(process.env['KEELSON_TEST_SEED'] ?? Math.floor(Math.random() * 1e9));
    const random = seededRandom(seed);
    const toMake = Array.from({ length: claims }, (_, i) => `claim-${i}`);
    const made = new Set<string>();
    const toDelete = new Set(toMake.filter(() => random() < 0.1));
    const deleted = new Set<string>();

    /** Makes and deletes claims until the server is gone, or there is nothing left to do. */
    const work = async (server: Running): Promise<void> => {
      const worker = async (): Promise<void> => {
        for (;;) {
          const gone = [...toDelete].find((name) => made.has(name) && !deleted.has(name));
          if (gone !== undefined && random() < 0.3) {
            deleted.add(gone);
            const { status } = await server.request('DELETE', `${path}/${gone}`).catch((error: unknown) => {
              deleted.delete(gone);
              throw error;
            });
            expect(status, `deletion of ${gone}`).to.be.oneOf([200, 404]);
            continue;
          }
          const name = toMake.pop();
          if (name === undefined) return;
          const { status, text } = await server.request('POST', path, { body: claim(name) }).catch((error: unknown) => {
            toMake.push(name);
            throw error;
          });
          // 409: the answer to an earlier attempt was lost with its server.
          expect(status, text).to.be.oneOf([201, 409]);
          made.add(name);
        }
      };
      await Promise.allSettled(Array.from({ length: 20 }, worker));
    };

    for (let kill = 0; kill < kills; kill++) {
      running = await sandbox.up(['--log-level', 'error']);
      const working = work(running);
      await delay(10 + random() * 250);
      await running.kill();
      await working;
    }
    running = await sandbox.up(['--log-level', 'error']);
    const server = running;
    const list = async (kind: string): Promise<Listed[]> => (await server.request('GET', kind)).body.items as Listed[];
    while (toMake.length > 0) await work(server);
    for (const name of toDelete) if (!deleted.has(name)) await server.request('DELETE', `${path}/${name}`);

    const expected = claims - toDelete.size;
    await until(async () => {
      const found = await list(path);
      return found.length === expected && found.every(({ status }) => status.phase === 'Bound');
    }, `${expected} claims to be Bound (seed ${seed})`, 60_000);
    await until(async () => (await list('/api/v1/persistentvolumes')).length === expected, `${expected} volumes to be left (seed ${seed})`, 30_000);

    const volumes = await list('/api/v1/persistentvolumes');
    const folder = join(sandbox.dataDir, 'local', 'volumes');
    const onDisk = (await readdir(folder)).filter((name) => !name.startsWith('.'));
    expect(onDisk.toSorted(), `seed ${seed}`).to.deep.equal(volumes.map(({ spec }) => spec.csi?.volumeHandle).toSorted());
    for (const passing of ['.creating', '.trash']) expect(await readdir(join(folder, passing)), `${passing}, seed ${seed}`).to.deep.equal([]);
    await server.stop();
  });
});
