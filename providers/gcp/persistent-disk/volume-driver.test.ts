import { expect } from 'chai';
import { ProviderError, type ProviderErrorReason } from '#core/spi/errors.ts';
import type { AttachmentNode, AttachOptions } from '#core/spi/volume-driver.ts';
import { diskRequest, gibi, labProject, labZone, nodeOf, persistentDiskLab, readWrite, type PersistentDiskLab } from '#test/fixtures/persistent-disk-lab.ts';

const never = new AbortController().signal;
const readOnly: AttachOptions = { readOnly: true, use: { ...readWrite.use, accessModes: ['ReadOnlyMany'] } };
const regional = { type: 'pd-balanced', 'replication-type': 'regional-pd' };
const segments = (...zones: readonly string[]) => zones.map((zone) => ({ 'topology.gke.io/zone': zone }));
const places = (...zones: readonly string[]) => ({ requisite: segments(...zones), preferred: segments(...zones) });

async function refusal(call: Promise<unknown>, reason: ProviderErrorReason): Promise<string> {
  const error = await call.then((value) => new Error(`it resolved to ${String(value)}`), (failure: unknown) => failure);
  if (ProviderError.is(error, reason)) return error.message;
  throw error;
}

describe('PersistentDiskVolumeDriver', function () {
  this.timeout(60_000);
  let lab: PersistentDiskLab;

  beforeEach(async () => {
    lab = await persistentDiskLab({ config: { extraLabels: { team: 'storage' } } });
  });
  afterEach(() => lab.stop());

  const create = (change: Parameters<typeof diskRequest>[0] = {}, driver = lab.driver) => driver.create(diskRequest(change), never);
  const insertDisk = (name: string, more = {}) => lab.raw.make('POST', `zones/${labZone}/disks`, { name, sizeGb: '10', type: `zones/${labZone}/diskTypes/pd-balanced`, ...more });

  describe('makes disks', () => {
    it('with the name, labels and description of the vendor\'s driver, and the cluster\'s label', async () => {
      const request = diskRequest({ parameters: { type: 'pd-ssd', labels: 'stage=test' }, capacity: { required: 10n ** 10n } });
      const volume = await lab.driver.create(request, never);
      expect(volume).to.deep.equal({ id: `projects/${labProject}/zones/${labZone}/disks/${request.name}`, capacity: 10n * gibi, context: {}, topology: segments(labZone) });
      const disk = lab.at(volume.id) ?? {};
      expect(disk).to.deep.include({ sizeGb: '10', labels: { team: 'storage', stage: 'test', 'keelson-cluster': 'lab' } });
      expect(disk['type']).to.match(/\/zones\/us-central1-a\/diskTypes\/pd-ssd$/);
      expect(JSON.parse(String(disk['description']))).to.deep.equal({
        'kubernetes.io/created-for/pv/name': request.name, 'kubernetes.io/created-for/pvc/name': 'data', 'kubernetes.io/created-for/pvc/namespace': 'shop', 'storage.gke.io/created-by': 'pd.csi.storage.gke.io',
      });
      expect(lab.calls()).to.deep.equal({ 'compute.disks.insert': 1, 'compute.zoneOperations.wait': 1 });
    });

    it('with all that a class may say', async () => {
      const kmsKey = 'projects/p/locations/us/keyRings/r/cryptoKeys/k';
      const request = diskRequest({
        parameters: { type: 'hyperdisk-balanced', 'disk-encryption-kms-key': kmsKey, 'provisioned-iops-on-create': '4000', 'provisioned-throughput-on-create': '200Mi', 'enable-confidential-storage': 'true', 'storage-pools': `projects/${labProject}/zones/${labZone}/storagePools/pool`, 'resource-tags': 'p/env/test' },
        use: { accessModes: ['ReadWriteMany'], volumeMode: 'Block', mountOptions: [] },
      });
      const { id } = await lab.driver.create(request, never);
      expect(lab.at(id)).to.deep.include({ provisionedIops: '4000', provisionedThroughput: '200', enableConfidentialCompute: true, accessMode: 'READ_WRITE_MANY', diskEncryptionKey: { kmsKeyName: kmsKey } });
      expect(await lab.driver.create(request, never)).to.have.property('id', id);
      for (const [key, value] of [['provisioned-iops-on-create', '5000'], ['provisioned-throughput-on-create', '300Mi'], ['disk-encryption-kms-key', `${kmsKey}2`], ['enable-confidential-storage', 'false'], ['storage-pools', 'projects/p/zones/us-central1-a/storagePools/other']] as const) {
        expect(await refusal(lab.driver.create({ ...request, parameters: { ...request.parameters, [key]: value } }, never), 'AlreadyExists'), key).to.contain(id);
      }
      expect(await refusal(lab.driver.create({ ...request, use: { ...request.use, accessModes: ['ReadWriteOnce'] } }, never), 'AlreadyExists')).to.contain('READ_WRITE_MANY');
    });

    it('of a region with replicas in two zones, as two terms', async () => {
      const volume = await create({ parameters: regional, topology: places('us-central1-c', 'us-central1-b') });
      expect(volume.id).to.match(/^projects\/lab-project\/regions\/us-central1\/disks\/pvc-/);
      expect(volume.topology).to.deep.equal(segments('us-central1-b', 'us-central1-c'));
      expect((await lab.driver.find(volume.id.slice(volume.id.lastIndexOf('/') + 1), never))).to.deep.equal(volume);
      await lab.driver.delete(volume.id, never);
      expect(lab.volumes()).to.deep.equal([]);
    });

    it('not where there is no room, and leaves nothing', async () => {
      lab.emulator.state.setQuota('SSD_TOTAL_GB', 20);
      expect(await refusal(create({ capacity: { required: 30n * gibi } }), 'Exhausted')).to.contain("Quota 'SSD_TOTAL_GB' exceeded");
      lab.emulator.state.setCapacity(labZone, 'pd-balanced', 0);
      expect(await refusal(create(), 'Exhausted')).to.contain('ZONE_RESOURCE_POOL_EXHAUSTED');
      expect(lab.volumes()).to.deep.equal([]);
      lab.emulator.state.setCapacity(labZone, 'pd-balanced', Infinity);
      await create();
    });

    it('not in a zone that there is not, nor without permission, which it names', async () => {
      expect(await refusal(create({ topology: places('mars-north1-a') }), 'Invalid')).to.contain('mars-north1-a');
      lab.emulator.state.run('deny', { permission: 'compute.disks.create' });
      expect(await refusal(create(), 'Unavailable')).to.contain('compute.disks.create');
    });

    it('not of a name that somebody else\'s disk has, which stays as it is', async () => {
      for (const labels of [{}, { 'keelson-cluster': 'another' }]) {
        const request = diskRequest();
        await insertDisk(request.name, { labels });
        const id = `projects/${labProject}/zones/${labZone}/disks/${request.name}`;
        const before = lab.at(id);
        expect(await refusal(lab.driver.create(request, never), 'AlreadyExists')).to.contain('keelson-cluster');
        expect(await refusal(lab.driver.delete(id, never), 'Invalid')).to.contain('keelson-cluster');
        expect(await lab.driver.find(request.name, never)).to.equal(undefined);
        expect(lab.at(id)).to.deep.equal(before);
      }
    });

    it('of one name, however many processes ask', async () => {
      const request = diskRequest();
      const drivers = Array.from({ length: 4 }, () => lab.anotherDriver());
      const volumes = await Promise.all(drivers.map((driver) => driver.create(request, never)));
      for (const volume of volumes) expect(volume).to.deep.equal({ ...volumes[0], topology: segments(labZone) });
      expect(lab.volumes()).to.deep.equal([volumes[0]?.id]);
      await Promise.all(drivers.map((driver) => driver.delete(volumes[0]?.id ?? '', never)));
      expect(lab.volumes()).to.deep.equal([]);
    });
  });

  describe('attaches disks', () => {
    it('for reading to many machines, for writing to one', async () => {
      const [one, two] = [await lab.addInstance('one'), await lab.addInstance('two')];
      const { id } = await create();
      for (const node of [one, two]) await lab.driver.attach(id, node, readOnly, never);
      expect(lab.holders(id)).to.deep.equal(['one', 'two']);
      expect(await refusal(lab.driver.attach(id, one, readWrite, never), 'Unavailable')).to.contain('for reading only');
      await lab.driver.detach(id, one, never);
      expect(await refusal(lab.driver.attach(id, one, readWrite, never), 'Unavailable')).to.contain(two.nodeId);
      await lab.driver.detach(id, two, never);
      await lab.driver.attach(id, one, readWrite, never);
      expect(lab.holders(id)).to.deep.equal(['one']);
    });

    it('that its handle does not place', async () => {
      const one = await lab.addInstance('one');
      const { id } = await create();
      const [name] = id.split('/').slice(-1);
      const vague = `projects/UNSPECIFIED/zones/UNSPECIFIED/disks/${name ?? ''}`;
      expect(await lab.driver.attach(vague, one, readWrite, never)).to.deep.equal({ deviceName: name });
      expect((await lab.driver.attachedVolumes([one], never)).get('one')).to.include.members([id, vague]);
      await lab.driver.detach(vague, one, never);
      expect(lab.holders(id)).to.deep.equal([]);
      expect((await lab.driver.expand(vague, { required: 11n * gibi }, never)).capacity).to.equal(11n * gibi);
      await lab.driver.delete(vague, never);
      expect(lab.volumes()).to.deep.equal([]);
    });

    it('that others made, by the device\'s name that they gave', async () => {
      const one = await lab.addInstance('one');
      await insertDisk('theirs');
      const id = `projects/${labProject}/zones/${labZone}/disks/theirs`;
      await lab.raw.make('POST', `zones/${labZone}/instances/one/attachDisk`, { source: id, deviceName: 'their-device' });
      expect(await lab.driver.attach(id, one, readWrite, never)).to.deep.equal({ deviceName: 'their-device' });
      await lab.driver.detach(id, one, never);
      expect(lab.holders(id)).to.deep.equal([]);
    });

    it('and takes no other disk away for one that has the same device\'s name', async () => {
      const one = await lab.addInstance('one');
      const { id } = await create();
      await insertDisk('other');
      await lab.raw.make('POST', `zones/${labZone}/instances/one/attachDisk`, { source: `projects/${labProject}/zones/${labZone}/disks/other`, deviceName: id.slice(id.lastIndexOf('/') + 1) });
      await lab.driver.detach(id, one, never);
      expect(lab.holders(`projects/${labProject}/zones/${labZone}/disks/other`)).to.deep.equal(['one']);
      expect(await refusal(lab.driver.attach(id, one, readWrite, never), 'Unavailable')).to.contain('device name');
    });

    it('not to what cannot take them', async () => {
      const elsewhere = await lab.addInstance('elsewhere', { zone: 'us-central1-b' });
      const newer = await lab.addInstance('newer', { machineType: 'n4-standard-2' });
      const { id } = await create();
      expect(await refusal(lab.driver.attach(id, elsewhere, readWrite, never), 'Invalid')).to.contain('same zone');
      expect(await refusal(lab.driver.attach(id, newer, readWrite, never), 'Invalid')).to.contain('n4-standard-2');
      expect(await refusal(lab.driver.attach(id, { name: 'x', nodeId: 'i-1', providerId: 'aws:///us-west-2a/i-1' }, readWrite, never), 'NotFound')).to.contain('"i-1"');
    });

    it('from the machine that has them, where the class says so', async () => {
      const [one, two] = [await lab.addInstance('one'), await lab.addInstance('two', { zone: 'us-central1-b' })];
      const kept = await create({ parameters: regional, topology: places(labZone, 'us-central1-b') });
      const moving = await create({ parameters: { ...regional, 'availability-class': 'regional-hard-failover' }, topology: places(labZone, 'us-central1-b') });
      for (const { id } of [kept, moving]) await lab.driver.attach(id, one, readWrite, never);
      expect(await refusal(lab.anotherDriver().attach(kept.id, two, readWrite, never), 'Unavailable')).to.contain(one.nodeId);
      await lab.anotherDriver().attach(moving.id, two, readWrite, never);
      expect(lab.holders(moving.id)).to.deep.equal(['two']);
      expect(lab.holders(kept.id)).to.deep.equal(['one']);
    });

    it('and takes them from a machine that is gone, at once', async () => {
      const one = await lab.addInstance('one');
      const { id } = await create();
      await lab.driver.attach(id, one, readWrite, never);
      lab.emulator.state.deleteInstance(one.nodeId);
      lab.forgetCalls();
      await lab.driver.detach(id, one, never);
      expect(lab.calls()).to.deep.equal({ 'compute.instances.get': 1 });
      expect((await lab.driver.attachedVolumes([one], never)).size).to.equal(0);
      expect(await refusal(lab.driver.attach(id, one, readWrite, never), 'NotFound')).to.contain('instances/one');
    });

    it('and counts what is on its way, or may be', async () => {
      const one = await lab.addInstance('one');
      const { id } = await create();
      lab.emulator.state.cloud.faults.plan({ faults: [{ method: 'compute.instances.attachDisk', call: 1, fault: 'cut' }] });
      await refusal(lab.driver.attach(id, one, readWrite, never), 'Unknown');
      expect((await lab.driver.attachedVolumes([one], never)).get('one')).to.include(id);
      await lab.driver.detach(id, one, never);
      expect((await lab.driver.attachedVolumes([one], never)).get('one')).not.to.include(id);
    });

    it('and knows with few calls what machines have', async () => {
      const nodes: AttachmentNode[] = [];
      for (let i = 0; i < 8; i++) nodes.push(await lab.addInstance(`node-${i}`, { zone: i % 2 === 0 ? labZone : 'us-central1-b' }));
      const volume = await create();
      await lab.driver.attach(volume.id, nodes[0] ?? nodeOf(''), readWrite, never);
      const fresh = lab.anotherDriver();
      lab.emulator.state.advance(60_000);
      lab.forgetCalls();
      const attached = await fresh.attachedVolumes([...nodes, nodeOf('gone')], never);
      expect([...attached.keys()]).to.deep.equal(nodes.map(({ name }) => name));
      expect(attached.get('node-0')).to.include(volume.id);
      expect(attached.get('node-1')).not.to.include(volume.id);
      expect(lab.calls()).to.deep.equal({ 'compute.instances.aggregatedList': 1, 'compute.instances.get': 1 });
      lab.emulator.state.run('unreachable', { zone: 'us-central1-b' });
      expect((await fresh.attachedVolumes(nodes, never)).size, 'what a list does not show is asked for').to.equal(8);
    });
  });

  describe('changes disks', () => {
    it('but not again before the platform allows it', async () => {
      const { id } = await create({ parameters: { type: 'hyperdisk-balanced' } });
      lab.emulator.state.advance(10 * 60_000);
      await lab.driver.modify(id, { iops: '4000' }, never);
      lab.forgetCalls();
      await lab.driver.modify(id, { iops: '4000' }, never);
      expect(lab.calls()).to.deep.equal({ 'compute.disks.get': 1 });
      expect(await refusal(lab.driver.modify(id, { iops: '5000' }, never), 'Exhausted')).to.match(/at \d{4}-\d\d-\d\dT[\d:.]+Z at the latest/);
      lab.emulator.state.advance(4 * 60 * 60_000);
      await lab.driver.modify(id, { iops: '5000', throughput: '250Mi' }, never);
      expect(lab.at(id)).to.include({ provisionedIops: '5000', provisionedThroughput: '250' });
      const plain = await create();
      expect(await refusal(lab.driver.modify(plain.id, { iops: '5000' }, never), 'Invalid')).to.contain('pd-balanced');
    });

    it('in size while machines have them, regional ones too', async () => {
      const one = await lab.addInstance('one');
      const { id } = await create({ parameters: regional });
      await lab.driver.attach(id, one, readWrite, never);
      lab.forgetCalls();
      expect(await lab.driver.expand(id, { required: 15n * gibi + 1n }, never)).to.deep.equal({ capacity: 16n * gibi, nodeExpansionRequired: true });
      expect(lab.calls()).to.deep.equal({ 'compute.regionDisks.get': 1, 'compute.regionDisks.resize': 1, 'compute.regionOperations.wait': 1 });
      expect(await lab.driver.expand(id, { required: 12n * gibi }, never)).to.deep.equal({ capacity: 16n * gibi, nodeExpansionRequired: true });
    });
  });

  describe('takes snapshots', () => {
    it('or images of disks in use, and makes disks from both', async () => {
      const one = await lab.addInstance('one');
      const { id } = await create();
      await lab.driver.attach(id, one, readWrite, never);
      const snapshot = await lab.driver.createSnapshot('snapshot-1', id, { 'storage-locations': 'eu', labels: 'a=b' }, never);
      expect(snapshot).to.deep.include({ id: `projects/${labProject}/global/snapshots/snapshot-1`, sourceVolumeId: id, size: 10n * gibi, ready: true });
      expect(lab.at(snapshot.id)).to.deep.include({ storageLocations: ['eu'], labels: { team: 'storage', a: 'b', 'keelson-cluster': 'lab' } });
      const image = await lab.driver.createSnapshot('snapshot-1', id, { 'snapshot-type': 'images', 'image-family': 'golden' }, never);
      expect(lab.at(image.id)).to.include({ family: 'golden' });
      expect(image.id).to.equal(`projects/${labProject}/global/images/snapshot-1`);
      for (const source of [snapshot, image]) {
        const made = await create({ capacity: { required: 1n, limit: 20n * gibi }, source: { kind: 'snapshot', id: source.id } }).catch((error: unknown) => error);
        expect(ProviderError.is(made, 'Invalid'), 'smaller than the source').to.equal(true);
        await create({ source: { kind: 'snapshot', id: source.id } });
        await lab.driver.deleteSnapshot(source.id, never);
      }
      expect(lab.snapshots()).to.deep.equal([]);
    });

    it('and touches none of others', async () => {
      const { id } = await create();
      const other = lab.anotherDriver({ clusterId: 'another' });
      const theirs = await other.createSnapshot('snapshot-1', id, {}, never);
      expect(await refusal(lab.driver.createSnapshot('snapshot-1', id, {}, never), 'AlreadyExists')).to.contain('keelson-cluster');
      expect(await refusal(lab.driver.deleteSnapshot(theirs.id, never), 'Invalid')).to.contain('keelson-cluster');
      expect(lab.snapshots()).to.deep.equal([theirs.id]);
      const mine = { kind: 'volume', id };
      expect((await lab.driver.owned(never)).map(({ kind, id: each }) => ({ kind, id: each }))).to.deep.equal([mine]);
      expect((await other.owned(never)).map(({ kind, id: each }) => ({ kind, id: each }))).to.deep.equal([{ kind: 'snapshot', id: theirs.id }]);
    });
  });

  it('calls the platform ten times for the life of a volume, and no more for one of many', async () => {
    const nodes: AttachmentNode[] = [];
    for (let i = 0; i < 10; i++) nodes.push(await lab.addInstance(`node-${i}`));
    for (const count of [1, 100]) {
      lab.forgetCalls();
      await Promise.all(Array.from({ length: count }, async (_each, i) => {
        const node = nodes[i % nodes.length] ?? nodeOf('');
        const { id } = await create();
        await lab.driver.attach(id, node, readWrite, never);
        await lab.driver.detach(id, node, never);
        await lab.driver.delete(id, never);
      }));
      expect(lab.calls()).to.deep.equal({
        'compute.disks.delete': count, 'compute.disks.get': count, 'compute.disks.insert': count, 'compute.instances.attachDisk': count, 'compute.instances.detachDisk': count,
        'compute.instances.get': count, 'compute.zoneOperations.wait': 4 * count,
      });
    }
    expect(lab.volumes()).to.deep.equal([]);
  });
});
