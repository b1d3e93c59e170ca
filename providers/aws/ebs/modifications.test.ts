import { expect } from 'chai';
import type { AwsLabOptions } from '#test/fixtures/aws-lab.ts';
import { EbsLab, GIB, never, refusal } from '#test/fixtures/ebs-lab.ts';

describe('changes of EBS volumes', () => {
  let ebs: EbsLab;
  let id: string;
  afterEach(() => ebs.stop());

  async function open(options: AwsLabOptions = {}, parameters: Readonly<Record<string, string>> = {}): Promise<void> {
    ebs = await EbsLab.make(options);
    ({ id } = await ebs.driver.create(ebs.request({ capacity: { required: 10n * GIB }, parameters }), never));
    ebs.advance(10_000);
    ebs.takeCounts();
  }
  const expand = (gib: bigint): ReturnType<EbsLab['driver']['expand']> => ebs.driver.expand(id, { required: gib * GIB }, never);
  const modify = (parameters: Readonly<Record<string, string>>): Promise<void> => ebs.driver.modify(id, parameters, never);
  const volume = (): NonNullable<ReturnType<EbsLab['region']['volumes']['get']>> => ebs.region.volumes.get(id)!;

  it('are one where an expansion and a modification come together', async () => {
    await open();
    const [expanded] = await Promise.all([expand(20n), modify({ iops: '4000', throughput: '250' }), modify({ iops: '4000', throughput: '250' })]);
    expect(expanded).to.deep.equal({ capacity: 20n * GIB, nodeExpansionRequired: true });
    expect(volume()).to.include({ sizeGiB: 20, iops: 4000, throughput: 250, type: 'gp3' });
    expect(ebs.takeCounts()['ModifyVolume']).to.equal(1);
  });

  it('do not fail because of others that come with them', async () => {
    // With an older limit of EC2's than this driver knows.
    await open({ faults: { faults: [{ action: 'ModifyVolume', nth: 1, kind: 'before', code: 'InvalidParameterValue', status: 400 }, { action: 'ModifyVolume', nth: 3, kind: 'before', code: 'InvalidParameterValue', status: 400 }] } });
    const [expanded, refused] = await Promise.all([expand(20n), refusal(modify({ iops: '4000' }), 'Invalid')]);
    expect(expanded.capacity).to.equal(20n * GIB);
    expect(refused).to.match(/InvalidParameterValue/);
    expect(volume()).to.include({ sizeGiB: 20, iops: 3000 });
  });

  it('are none where everything is as asked for', async () => {
    await open({}, { iops: '4000' });
    await modify({ type: 'gp3', iops: '4000', throughput: '125' });
    await expand(10n);
    expect(ebs.takeCounts()['ModifyVolume']).to.equal(undefined);
  });

  it('are done when the volume is only optimized any more', async () => {
    await open({ delays: { volumeOptimize: [3_600_000, 3_600_000] } });
    await expand(20n);
    expect(volume().sizeGiB).to.equal(20);
    expect(ebs.region.modifications.get(id)?.state).to.equal('optimizing');
    expect(await refusal(expand(30n), 'Exhausted')).to.match(/still at the change that began at \d{4}-.*\(optimizing, 1 %\)/);
  });

  it('are put off by EC2\'s limits, and the message says until when', async () => {
    await open({ quotas: { modificationPauseSeconds: 6 * 3600 } });
    await expand(20n);
    const began = ebs.region.modifications.get(id)!.startedAt;
    ebs.advance(600_000);
    expect(await refusal(expand(30n), 'Exhausted')).to.include(`Another change is possible at ${new Date(began + 6 * 3_600_000).toISOString()}, if not before.`);
    ebs.advance(6 * 3_600_000);
    await expand(30n);
    expect(volume().sizeGiB).to.equal(30);
  });

  it('of four in a day are the last', async () => {
    await open();
    for (const gib of [11n, 12n, 13n, 14n]) {
      await expand(gib);
      ebs.advance(600_000);
    }
    expect(await refusal(expand(15n), 'Exhausted')).to.match(/4 times within 24 hours.*Another change is possible at/);
    ebs.advance(24 * 3_600_000);
    await expand(15n);
  });

  for (const kind of ['before', 'after', 'lost'] as const) {
    it(`are known again after an answer that failed (${kind})`, async () => {
      await open({ faults: { faults: [{ action: 'ModifyVolume', nth: 1, kind }] } });
      await refusal(expand(20n), 'Unknown');
      ebs.restart();
      expect((await expand(20n)).capacity).to.equal(20n * GIB);
      expect(volume().sizeGiB).to.equal(20);
      expect(ebs.region.modifications.get(id)?.to.sizeGiB).to.equal(20);
    });
  }

  it('give more operations to what grows, where the class wants it', async () => {
    await open({}, { type: 'io2', iopsPerGB: '50', allowAutoIOPSIncreaseOnModify: 'true' });
    await expand(20n);
    expect(volume()).to.include({ sizeGiB: 20, iops: 1000 });
    expect(ebs.takeCounts()['ModifyVolume']).to.equal(1);
  });

  it('set and remove tags, but none that is this driver\'s', async () => {
    await open({}, { tagSpecification_1: 'old=1' });
    await modify({ tagSpecification_1: 'claim={{ .PVCNamespace }}/{{ .PVCName }}', tagSpecification_2: 'cost-center=', tagDeletion_1: 'old', tagDeletion_2: 'never-there' });
    const tags = Object.fromEntries(volume().tags);
    expect(tags).to.include({ claim: 'default/claim', 'cost-center': '' }).and.not.to.have.property('old');
    const counts = ebs.takeCounts();
    expect(counts).to.include({ CreateTags: 1, DeleteTags: 1 }).and.not.to.have.property('ModifyVolume');
    ebs.advance(10_000);
    await modify({ tagSpecification_1: 'claim={{ .PVCNamespace }}/{{ .PVCName }}', tagDeletion_1: 'old' });
    expect(ebs.takeCounts()).to.have.all.keys('DescribeVolumes');
    expect(await refusal(modify({ tagDeletion_1: 'CSIVolumeName' }), 'Invalid')).to.match(/reserved/);
    expect(await refusal(modify({ tagSpecification_1: 'x={{ .PVCLabels }}' }), 'Invalid')).to.match(/no \.PVCLabels/);
  });

  it('are refused where they make no sense', async () => {
    await open({}, { type: 'gp2' });
    expect(await refusal(modify({ iops: '4000' }), 'Invalid')).to.match(/gp2 has no iops.*4000/);
    expect(await refusal(modify({ type: 'st1' }), 'Invalid')).to.match(/st1 holds from 125/);
    expect(await refusal(modify({ type: 'io2' }), 'Invalid')).to.match(/io2 needs/);
    expect(await refusal(expand(16_385n), 'Invalid')).to.match(/gp2 holds from 1 to 16384 GiB, not 16385/);
    await modify({ type: 'gp3' });
    expect(volume()).to.include({ type: 'gp3', iops: 3000, throughput: 125 });
  });
});
