import { expect } from 'chai';
import { CSIStorageCapacity, StorageClass } from '#core/api/schema/storage-v1.ts';
import { harnessAround } from '#test/fixtures/harness-around.ts';
import { MemoryVolumeDriver } from '#test/fixtures/memory-volume-driver.ts';
import { isNoticeable } from './noticeable.ts';
import { StorageCapacityController } from './controller.ts';

const hostname = 'kubernetes.io/hostname';
const gibibyte = 2n ** 30n;

describe('storage-capacity', () => {
  let driver: MemoryVolumeDriver;
  let world: Awaited<ReturnType<typeof harnessAround>>;

  beforeEach(async () => {
    driver = new MemoryVolumeDriver({ size: 100n * gibibyte, topology: [{ [hostname]: 'n1' }] });
    world = await harnessAround((parts) => [new StorageCapacityController({ ...parts, drivers: [driver] })]);
    await world.client.create(StorageClass, { metadata: { name: 'fast' }, provisioner: driver.name, parameters: { tier: 'gold' } });
    await world.harness.start();
    await world.harness.settle(1000);
  });
  afterEach(() => world.stop());

  const capacities = async (): Promise<CSIStorageCapacity[]> => (await world.client.list(CSIStorageCapacity)).items;
  const fill = async (name: string, gibibytes: number): Promise<void> => {
    await driver.create({
      name, provisioner: driver.name, capacity: { required: BigInt(gibibytes) * gibibyte }, parameters: {},
      use: { accessModes: [], volumeMode: 'Filesystem', mountOptions: [] }, owner: { namespace: '', name: '', uid: '' },
    }, new AbortController().signal);
  };

  it('publishes the room of a class in each segment, under a name that stays', async () => {
    const [first, ...others] = await capacities();
    expect(others).to.deep.equal([]);
    expect(first).to.deep.include({ storageClassName: 'fast', capacity: '100Gi', nodeTopology: { matchLabels: { [hostname]: 'n1' } } });
    expect(first?.metadata.labels).to.deep.equal({ 'csi.storage.k8s.io/drivername': 'memory.test', 'csi.storage.k8s.io/managed-by': 'keelson' });
    expect(first?.metadata.namespace).to.equal('kube-system');
    expect(first?.metadata.name).to.match(/^csisc-[0-9a-f]{20}$/);
    await world.harness.start();
    await world.harness.settle(100_000);
    expect((await capacities()).map(({ metadata }) => metadata.uid)).to.deep.equal([first?.metadata.uid]);
  });

  it('says so soon when the driver tells of a change, and not at all when it is a small one', async () => {
    await fill('pvc-a', 40);
    await world.harness.settle(3000);
    expect((await capacities()).map(({ capacity }) => capacity)).to.deep.equal(['60Gi']);
    const begun = world.harness.effects.length;
    driver.volumes.set('x', { id: 'x', name: 'x', capacity: 1000n, context: {}, topology: [], owner: { namespace: '', name: '', uid: '' }, parameters: {}, complete: true });
    await world.harness.settle(5 * 60_000);
    expect(world.harness.effects.slice(begun)).to.deep.equal([]);
  });

  it('removes what it published with its class, also when that went unseen', async () => {
    await world.client.create(CSIStorageCapacity, {
      metadata: { namespace: 'kube-system', name: 'theirs', labels: { 'csi.storage.k8s.io/managed-by': 'somebody' } }, storageClassName: 'fast', capacity: '1Gi',
    });
    world.harness.end();
    await world.client.delete(StorageClass, { name: 'fast' });
    await world.harness.start();
    await world.harness.settle(1000);
    expect((await capacities()).map(({ metadata }) => metadata.name)).to.deep.equal(['theirs']);
  });

  it('puts back what somebody removed', async () => {
    const [published] = await capacities();
    await world.client.delete(CSIStorageCapacity, published?.metadata ?? { name: '' });
    await world.harness.settle(1000);
    expect((await capacities()).map(({ metadata }) => metadata.name)).to.deep.equal([published?.metadata.name]);
  });

  it('publishes nothing for a class that the driver does not understand', async () => {
    await world.client.create(StorageClass, { metadata: { name: 'typo' }, provisioner: driver.name, parameters: { teir: 'x' } });
    await world.harness.settle(1000);
    expect((await capacities()).map(({ storageClassName }) => storageClassName)).to.deep.equal(['fast']);
  });

  it('holds a hundredth, and any change from or to nothing, to be noticeable', () => {
    expect(isNoticeable('100Gi', '99Gi')).to.equal(true);
    expect(isNoticeable('1000Gi', '991Gi')).to.equal(false);
    expect(isNoticeable('0', '1')).to.equal(true);
    expect(isNoticeable('1', '0')).to.equal(true);
    expect(isNoticeable('1Gi', '1024Mi')).to.equal(false);
    expect(isNoticeable(undefined, undefined)).to.equal(false);
    expect(isNoticeable(undefined, '0')).to.equal(true);
  });
});
