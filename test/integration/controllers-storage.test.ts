import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect } from 'chai';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { StorageClass } from '#core/api/schema/storage-v1.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { Client } from '#core/client/client.ts';
import { ClaimProtectionController } from '#core/controllers/claim-protection/controller.ts';
import { VolumeBindingController } from '#core/controllers/volume-binding/controller.ts';
import { VolumeProtectionController } from '#core/controllers/volume-protection/controller.ts';
import { VolumeProvisioningController } from '#core/controllers/volume-provisioning/controller.ts';
import { VolumeReclaimController } from '#core/controllers/volume-reclaim/controller.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { SharedInformers } from '#core/reconcile/informers.ts';
import { Manager } from '#core/reconcile/manager.ts';
import { GatedClient, inMemoryApi, type Gate, type InMemoryApi } from '#test/fixtures/in-memory-client.ts';
import { MemoryVolumeDriver } from '#test/fixtures/memory-volume-driver.ts';
import { claim } from '#test/fixtures/storage-world.ts';
import { seededFaults } from '#test/fixtures/volume-faults.ts';

const gibibyte = 2n ** 30n;
const timeoutMs = 60_000;

/** The storage controllers as a process runs them, with real informers, queues and time, over an API in memory. */
describe('the storage controllers under the manager', function () {
  this.timeout(90_000);

  let api: InMemoryApi;
  let client: Client;
  let driver: MemoryVolumeDriver;
  let manager: Manager;
  let informers: SharedInformers;
  /** Writes of the controllers, by verb and resource, with `!` when they were refused. */
  let writes: Map<string, number>;

  const start = async (): Promise<void> => {
    const counting: Gate = async ({ what, isEffect }, effect) => {
      const count = (name: string): void => void (isEffect && writes.set(name, (writes.get(name) ?? 0) + 1));
      try {
        const answer = await effect();
        count(what);
        return answer;
      } catch (error) {
        count(`${what} !${StatusError.is(error) ? error.reason : ''}`);
        throw error;
      }
    };
    informers = new SharedInformers({ reader: client, clock: systemClock, logger: silentLogger });
    const recorder = { normal: () => undefined, warning: () => undefined };
    const parts = { client: new GatedClient(client, counting), informers, clock: systemClock, logger: silentLogger, recorder, drivers: [driver] };
    const controllers = [
      new VolumeBindingController(parts), new VolumeProvisioningController({ ...parts, slowRetryMs: 200 }), new VolumeReclaimController(parts),
      new ClaimProtectionController(parts), new VolumeProtectionController(parts),
    ];
    manager = new Manager({ controllers, informers, clock: systemClock, logger: silentLogger, queue: { maxDelayMs: 200 } });
    await manager.start(AbortSignal.timeout(10_000));
  };

  /** Resolves when the caches show what is wanted. */
  const until = (holds: () => boolean): Promise<void> => new Promise((resolve, reject) => {
    const late = setTimeout(() => finish(new Error(`not within ${timeoutMs} ms: ${JSON.stringify(manager.report())}`)), timeoutMs);
    let planned = false;
    const look = (): void => {
      planned = false;
      if (holds()) finish();
    };
    // Looking walks through all objects: once for many events will do.
    const plan = (): void => void (planned ||= (setTimeout(look, 5), true));
    const ends = [informers.for(PersistentVolumeClaim), informers.for(PersistentVolume)].map((informer) => informer.subscribe(plan));
    const finish = (error?: Error): void => {
      clearTimeout(late);
      for (const end of ends) end();
      if (error === undefined) resolve();
      else reject(error);
    };
    plan();
  });

  /** An event is seen before the write that caused it has returned to its author. */
  const untilIdle = async (): Promise<void> => {
    while (manager.report().some(({ running, depth }) => running + depth > 0)) await nextTurn();
  };

  const claims = () => informers.for(PersistentVolumeClaim);
  const volumes = () => informers.for(PersistentVolume);
  const allBound = (count: number) => (): boolean => {
    let bound = 0;
    if (claims().size < count) return false;
    for (const { status } of claims().values()) if (status.phase === 'Bound') bound++;
    return bound === count;
  };
  const createClaims = async (count: number, spec: Parameters<typeof claim>[1] = {}): Promise<void> => {
    await Promise.all(Array.from({ length: count }, (_, i) => client.create(PersistentVolumeClaim, claim(`c${i}`, spec))));
  };

  beforeEach(async () => {
    api = await inMemoryApi(systemClock);
    client = api.client;
    driver = new MemoryVolumeDriver({ size: 2n ** 60n });
    writes = new Map();
    await client.create(StorageClass, { metadata: { name: 'fast' }, provisioner: driver.name });
    await start();
  });
  afterEach(async () => {
    await manager.stop();
    await api.stop();
  });

  it('take six writes for a claim, none of them refused, and as few to take it all back', async () => {
    const count = 500;
    await createClaims(count);
    await until(allBound(count));
    await untilIdle();
    expect(Object.fromEntries(writes)).to.deep.equal({
      'patch persistentvolumeclaims': 3 * count, 'create persistentvolumes': count, 'patchStatus persistentvolumes': count, 'patchStatus persistentvolumeclaims': count,
    });
    expect(driver.count('create')).to.equal(count);
    writes.clear();
    await Promise.all([...claims().values()].map(({ metadata }) => client.delete(PersistentVolumeClaim, metadata)));
    await until(() => claims().size === 0 && volumes().size === 0);
    await untilIdle();
    expect(driver.volumes.size).to.equal(0);
    expect(driver.count('delete')).to.equal(count);
    // What is gone already may be asked for again; that writes nothing.
    expect(Object.fromEntries([...writes].filter(([what]) => !what.endsWith('!NotFound')))).to.deep.equal({
      'patch persistentvolumeclaims': count, 'patchStatus persistentvolumes': count, 'delete persistentvolumes': count, 'patch persistentvolumes': 2 * count,
    });
  });

  it('bind thousands of claims to volumes that are there, four writes each', async () => {
    const count = 2000;
    const spec = { storageClassName: 'manual' };
    await Promise.all(Array.from({ length: count }, (_, i) => client.create(PersistentVolume, {
      metadata: { name: `v${i}` },
      spec: { capacity: { storage: `${1 + (i % 7)}Gi` }, accessModes: ['ReadWriteOnce'], hostPath: { path: `/v/${i}` }, storageClassName: 'manual' },
    })));
    await createClaims(count, spec);
    await until(allBound(count));
    await untilIdle();
    expect(new Set([...claims().values()].map(({ spec: { volumeName } }) => volumeName)).size, 'no volume twice').to.equal(count);
    const succeeded = [...writes].filter(([what]) => !what.includes('!')).reduce((sum, [, times]) => sum + times, 0);
    expect(succeeded).to.equal(5 * count);
    expect([...writes].filter(([what]) => what.includes('!')), 'refused').to.deep.equal([]);
  });

  it('end with one volume for each claim, and none for those deleted, with a driver that fails one time in three', async () => {
    driver.plan = seededFaults(7, 0.33);
    await createClaims(300);
    for (let i = 0; i < 300; i += 2) await client.delete(PersistentVolumeClaim, { namespace: 'default', name: `c${i}` });
    await until(() => claims().size === 150 && volumes().size === 150 && allBound(150)());
    driver.plan = () => undefined;
    await until(() => [...claims().values()].every(({ metadata }) => metadata.finalizers?.length === 1));
    expect([...driver.volumes.keys()].toSorted()).to.deep.equal([...volumes().values()].map(({ spec }) => spec.csi?.volumeHandle).toSorted());
  });

  it('are replaced in the middle of the work by others that finish it', async () => {
    driver.plan = seededFaults(11, 0.2);
    const creating = createClaims(300);
    for (let lives = 0; lives < 5; lives++) {
      await until(() => claims().size > 30 * lives);
      await manager.stop();
      await start();
    }
    await creating;
    await until(allBound(300));
    expect(driver.volumes.size).to.equal(300);
    expect((await client.list(PersistentVolume)).items.length).to.equal(300);
  });

  it('fill a pool to the last byte, and give what is freed to those who wait', async () => {
    await manager.stop();
    driver = new MemoryVolumeDriver({ size: 20n * gibibyte });
    await start();
    await createClaims(30);
    await until(allBound(20));
    expect(driver.volumes.size).to.equal(20);
    const bound = [...claims().values()].filter(({ status }) => status.phase === 'Bound').slice(0, 10);
    for (const { metadata } of bound) await client.delete(PersistentVolumeClaim, metadata);
    await until(() => claims().size === 20 && allBound(20)());
    expect(driver.volumes.size).to.equal(20);
  });
});
