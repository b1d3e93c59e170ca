import { createHash } from 'node:crypto';
import { CreateVolumeCommand } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import { attachOptions, EbsLab, GIB, never, refusal, zone } from '#test/fixtures/ebs-lab.ts';
import type { AwsLabOptions } from '#test/fixtures/aws-lab.ts';

const zoneSegment = (name: string): Readonly<Record<string, string>> => ({ 'topology.kubernetes.io/zone': name });
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('EbsVolumeDriver', () => {
  let ebs: EbsLab;
  const open = async (options: AwsLabOptions = {}): Promise<EbsLab> => (ebs = await EbsLab.make(options));
  afterEach(() => ebs.stop());

  const only = (): EbsLab['volumes'][number] => {
    expect(ebs.volumes).to.have.lengthOf(1);
    return ebs.volumes[0]!;
  };

  describe('makes volumes', () => {
    it('as the class says, with the marks of the cluster and of whoever wants it', async () => {
      await open({ config: { clusterId: 'blue', extraTags: { team: 'storage' } } });
      const request = ebs.request({
        capacity: { required: 10n * GIB + 1n },
        parameters: { type: 'io2', iopsPerGB: '50', encrypted: 'true', kmsKeyId: 'arn:aws:kms:us-west-2:1:key/k', blockSize: '4096', tagSpecification_1: 'ns={{ .PVCNamespace }}', allowAutoIOPSIncreaseOnModify: 'true' },
      });
      const volume = await ebs.driver.create(request, never);
      expect(volume).to.deep.equal({ id: only().id, capacity: 11n * GIB, context: { blocksize: '4096' }, topology: [zoneSegment(zone)] });
      expect(only()).to.include({ type: 'io2', sizeGiB: 11, iops: 550, encrypted: true, kmsKeyId: 'arn:aws:kms:us-west-2:1:key/k', zone, clientToken: sha256(request.name), multiAttach: false });
      expect(Object.fromEntries(only().tags)).to.deep.equal({
        CSIVolumeName: request.name, 'ebs.csi.aws.com/cluster': 'true', 'kubernetes.io/cluster/blue': 'owned', KubernetesCluster: 'blue', 'ebs.csi.aws.com/cluster-name': 'blue', Name: `blue-dynamic-${request.name}`,
        'kubernetes.io/created-for/pv/name': request.name, 'kubernetes.io/created-for/pvc/name': 'claim', 'kubernetes.io/created-for/pvc/namespace': 'default',
        'keelson.dev/formatting': 'blocksize=4096', 'ebs.csi.aws.com/IOPSPerGb': '50', 'ebs.csi.aws.com/AllowAutoIOPSIncreaseOnModify': 'true', ns: 'default', team: 'storage',
      });
    });

    it('of 100 GiB when nobody says how large, of gp3 when nobody says which', async () => {
      await open();
      const { capacity } = await ebs.driver.create(ebs.request({ capacity: { required: 0n } }), never);
      expect(capacity).to.equal(100n * GIB);
      expect(only()).to.include({ type: 'gp3', sizeGiB: 100, iops: 3000, throughput: 125 });
    });

    it('under the limit, or not at all', async () => {
      await open();
      expect((await ebs.driver.create(ebs.request({ capacity: { required: 0n, limit: 5n * GIB + 1n } }), never)).capacity).to.equal(5n * GIB);
      expect(await refusal(ebs.driver.create(ebs.request({ capacity: { required: GIB + 1n, limit: 2n * GIB - 1n } }), never), 'Invalid')).to.match(/no whole number of GiB/);
      expect(await refusal(ebs.driver.create(ebs.request({ parameters: { type: 'st1' } }), never), 'Invalid')).to.match(/st1 holds from 125 to 16384 GiB, not 1 GiB/);
      expect(await refusal(ebs.driver.create(ebs.request({ capacity: { required: -1n } }), never), 'Invalid')).to.match(/-1 bytes/);
    });

    it('again when the first was deleted, though its token is used up', async () => {
      await open();
      const request = ebs.request();
      const first = await ebs.driver.create(request, never);
      await ebs.driver.delete(first.id, never);
      ebs.restart();
      const second = await ebs.driver.create(request, never);
      expect(second.id).not.to.equal(first.id);
      expect(only().clientToken).to.equal(sha256(`${request.name}-2`));
      await ebs.driver.delete(second.id, never);
      ebs.takeCounts();
      expect((await ebs.driver.create(request, never)).id).to.equal(only().id);
      expect(only().clientToken).to.equal(sha256(`${request.name}-3`));
      expect(ebs.takeCounts()['CreateVolume'], 'the tokens that were used up are remembered').to.equal(2);
    });

    it('and not a second one when the token is known with other parameters', async () => {
      await open({ delays: { consistency: [3000, 4000] } });
      const request = ebs.request();
      const controller = new AbortController();
      const lost = ebs.driver.create(request, controller.signal).catch((error: unknown) => error);
      while (ebs.volumes.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      controller.abort(new Error('stopped'));
      await lost;
      ebs.restart();
      // Late reads do not show the first one yet.
      expect(await refusal(ebs.driver.create({ ...request, capacity: { required: 2n * GIB } }, never), 'AlreadyExists')).to.include(only().id);
      expect((await ebs.driver.create(request, never)).id).to.equal(only().id);
    });

    it('and finds one that was made before the account was full', async () => {
      await open({ quotas: { volumeStorageGiB: 10 }, delays: { consistency: [2000, 3000] }, faults: { faults: [{ action: 'CreateVolume', nth: 1, kind: 'lost' }, { action: 'CreateVolume', nth: 2, kind: 'before', code: 'VolumeLimitExceeded', status: 400 }] } });
      const request = ebs.request({ capacity: { required: 10n * GIB } });
      await refusal(ebs.driver.create(request, never), 'Unknown');
      expect((await ebs.driver.create(request, never)).id).to.equal(only().id);
      const other = ebs.request();
      expect(await refusal(ebs.driver.create(other, never), 'Exhausted')).to.match(/storage limit/);
      expect(await ebs.driver.find(other.name, never)).to.equal(undefined);
    });

    it('and says so when EC2 gives one up, leaving nothing', async () => {
      await open();
      const request = ebs.request({ parameters: { encrypted: 'true', kmsKeyId: 'arn:aws:kms:us-west-2:1:key/disabled' } });
      const giveUp = ebs.lab.emulator.state.onChange(({ kind, after }) => {
        if (kind !== 'volumes' || (after as { state?: string } | undefined)?.state !== 'creating') return;
        const { id } = after!;
        queueMicrotask(() => ebs.region.volumes.remove(id));
      });
      expect(await refusal(ebs.driver.create(request, never), 'Unavailable')).to.match(/gave it up; mostly that is because the key arn:aws:kms:us-west-2:1:key\/disabled cannot be used/);
      giveUp();
      expect(ebs.volumes).to.have.lengthOf(0);
      expect((await ebs.driver.create(request, never)).id).to.equal(only().id);
    });

    it('and takes away one that ended in error', async () => {
      await open();
      const request = ebs.request();
      let failures = 0;
      const fail = ebs.lab.emulator.state.onChange(({ kind, after }) => {
        if (kind !== 'volumes' || (after as { state?: string } | undefined)?.state !== 'creating' || failures++ > 0) return;
        const { id } = after!;
        queueMicrotask(() => ebs.region.volumes.update(id, { state: 'error' }));
      });
      const { id } = await ebs.driver.create(request, never);
      fail();
      expect(only()).to.include({ id, state: 'available' });
    });
  });

  describe('chooses the zone', () => {
    const made = async (change: Parameters<EbsLab['request']>[0]): Promise<string> => ebs.region.volumes.get((await ebs.driver.create(ebs.request(change), never)).id)!.zone;
    const of = (requisite: readonly string[], preferred = requisite): { readonly topology: NonNullable<ReturnType<EbsLab['request']>['topology']> } => ({ topology: { requisite: requisite.map(zoneSegment), preferred: preferred.map(zoneSegment) } });

    it('that is preferred', async () => {
      await open();
      expect(await made(of(['us-west-2a', 'us-west-2b', 'us-west-2c'], ['us-west-2c', 'us-west-2a']))).to.equal('us-west-2c');
      expect(await made(of(['us-west-2b'], []))).to.equal('us-west-2b');
      expect(await made({ topology: { requisite: [{ 'topology.ebs.csi.aws.com/zone': 'us-west-2b', 'kubernetes.io/os': 'linux' }], preferred: [] } })).to.equal('us-west-2b');
      expect(await made({ topology: { requisite: [{ 'topology.k8s.aws/zone-id': 'usw2-az3' }], preferred: [] } })).to.equal('us-west-2c');
      expect(await made({ provisioner: 'kubernetes.io/aws-ebs', topology: undefined, parameters: { zone: 'us-west-2d' } })).to.equal('us-west-2d');
    });

    it('that the settings name, or the first, when nobody cares', async () => {
      await open();
      expect(await made({ topology: undefined })).to.equal('us-west-2a');
      expect(await made({ topology: undefined })).to.equal('us-west-2a');
      expect(ebs.takeCounts()['DescribeAvailabilityZones']).to.equal(1);
      await ebs.stop();
      await open({ config: { zone: 'us-west-2b' } });
      expect(await made({ topology: undefined })).to.equal('us-west-2b');
      expect(ebs.takeCounts()['DescribeAvailabilityZones']).to.equal(undefined);
    });

    it('that has room, among those that are allowed', async () => {
      await open();
      ebs.lab.emulator.state.setCapacity('us-west-2', 'us-west-2a/gp3', 0);
      const request = ebs.request(of(['us-west-2a', 'us-west-2b']));
      const volume = await ebs.driver.create(request, never);
      expect(only().zone).to.equal('us-west-2b');
      ebs.lab.emulator.state.setCapacity('us-west-2', 'us-west-2a/gp3', null);
      ebs.restart();
      expect(await ebs.driver.create(request, never), 'not a second one when there is room again').to.deep.equal(volume);
      expect(ebs.volumes).to.have.lengthOf(1);
      ebs.lab.emulator.state.setCapacity('us-west-2', 'us-west-2a/gp3', 0);
      expect(await refusal(ebs.driver.create(ebs.request(of(['us-west-2a'])), never), 'Exhausted')).to.match(/us-west-2a/);
      expect(ebs.volumes).to.have.lengthOf(1);
    });

    it('and says what is wrong with a topology', async () => {
      await open();
      expect(await refusal(ebs.driver.create(ebs.request({ topology: { requisite: [{ 'kubernetes.io/hostname': 'n' }], preferred: [] } }), never), 'Invalid')).to.match(/names a zone by topology.kubernetes.io\/zone.*hostname/);
      expect(await refusal(ebs.driver.create(ebs.request({ topology: { requisite: [{ 'topology.ebs.csi.aws.com/outpost-id': 'op-1' }], preferred: [] } }), never), 'Invalid')).to.match(/outposts.*op-1/);
      expect(await refusal(ebs.driver.create(ebs.request(of(['us-west-2z'])), never), 'Invalid')).to.match(/us-west-2z/);
      expect(ebs.volumes).to.have.lengthOf(0);
    });

    it('and does not take a volume in another one for the same', async () => {
      await open();
      const request = ebs.request(of(['us-west-2a']));
      await ebs.driver.create(request, never);
      expect(await refusal(ebs.driver.create({ ...request, ...of(['us-west-2b']) }, never), 'AlreadyExists')).to.match(/in zone us-west-2a; us-west-2b is asked for/);
    });
  });

  it('refuses what no EBS volume can be used for', async () => {
    await open();
    const use = (change: Partial<typeof attachOptions.use>): ReturnType<EbsLab['request']> => ebs.request({ use: { ...attachOptions.use, ...change } });
    expect(await refusal(ebs.driver.create(use({ accessModes: ['ReadOnlyMany'] }), never), 'Invalid')).to.match(/ReadOnlyMany/);
    expect(await refusal(ebs.driver.create(use({ accessModes: ['ReadWriteMany'] }), never), 'Invalid')).to.match(/volumeMode Block only/);
    expect(await refusal(ebs.driver.create(use({ accessModes: ['ReadWriteMany'], volumeMode: 'Block' }), never), 'Invalid')).to.match(/type io2, not gp3/);
    expect(await refusal(ebs.driver.create(use({ fsType: 'zfs' }), never), 'Invalid')).to.match(/"zfs"/);
    expect(await refusal(ebs.driver.create({ ...ebs.request(), source: { kind: 'volume', id: 'vol-00000000' } }, never), 'Invalid')).to.match(/from another volume/);
    expect(await refusal(ebs.driver.create({ ...ebs.request(), parameters: { volumeInitializationRate: '100' } }, never), 'Invalid')).to.match(/from a snapshot/);
    expect(await refusal(ebs.driver.create({ ...ebs.request(), provisioner: 'x.io/y' }, never), 'Invalid')).to.match(/"x.io\/y"/);
    expect(ebs.lab.emulator.state.journal).to.have.lengthOf(0);
  });

  it('tells by its message which permission is missing', async () => {
    await open({ deny: ['ec2:CreateVolume'] });
    expect(await refusal(ebs.driver.create(ebs.request(), never), 'Unavailable')).to.match(/ec2:CreateVolume/);
  });

  describe('deletes', () => {
    it('nothing that this cluster did not make', async () => {
      await open();
      const other = ebs.lab.contextWith({ config: { clusterId: 'other' } });
      const { VolumeId: foreign = '' } = await other.api.ec2(new CreateVolumeCommand({ AvailabilityZone: zone, Size: 1, VolumeType: 'gp3', TagSpecifications: [{ ResourceType: 'volume', Tags: [{ Key: 'kubernetes.io/cluster/other', Value: 'owned' }, { Key: 'CSIVolumeName', Value: 'pvc-1' }] }] }), never);
      ebs.advance(10_000);
      expect(await refusal(ebs.driver.delete(foreign, never), 'Invalid')).to.include(foreign);
      expect(only()).to.include({ id: foreign, state: 'available' });
      expect(await ebs.driver.find('pvc-1', never)).to.equal(undefined);
      expect(await ebs.driver.owned(never)).to.deep.equal([]);
    });

    it('what another process made, also while it is being made', async () => {
      await open({ delays: { volumeCreate: [20_000, 20_000] } });
      const controller = new AbortController();
      const lost = ebs.driver.create(ebs.request(), controller.signal).catch((error: unknown) => error);
      while (ebs.volumes.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      controller.abort();
      await lost;
      ebs.restart();
      await ebs.driver.delete(only().id, never);
      expect(ebs.volumes).to.have.lengthOf(0);
    });

    it('nothing that is in use, and says where', async () => {
      await open();
      const [node] = await ebs.nodes(1);
      const { id } = await ebs.driver.create(ebs.request(), never);
      await ebs.driver.attach(id, node!, attachOptions, never);
      for (let round = 0; round < 2; round++) {
        expect(await refusal(ebs.driver.delete(id, never), 'Unavailable')).to.include(node!.nodeId);
        ebs.restart();
      }
      expect(only().id).to.equal(id);
    });
  });

  it('tells of what it owns, page by page', async () => {
    await open();
    const request = ebs.request();
    await ebs.driver.create(request, never);
    const ids = Array.from({ length: 700 }, () => ebs.region.newId('vol'));
    const first = only();
    for (const id of ids) ebs.region.volumes.insert({ ...first, id, sequence: ebs.region.nextSequence() }, true);
    ebs.takeCounts();
    const owned = await ebs.driver.owned(never);
    expect(owned).to.have.lengthOf(701);
    expect(new Set(owned.map(({ name }) => name))).to.deep.equal(new Set([request.name]));
    expect(ebs.takeCounts()).to.deep.equal({ DescribeVolumes: 2, DescribeSnapshots: 1 });
  });
});
