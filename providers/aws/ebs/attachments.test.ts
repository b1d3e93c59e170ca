import { AttachVolumeCommand, DetachVolumeCommand, StopInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { expect } from 'chai';
import type { AttachmentNode, AttachOptions, CreateVolumeRequest } from '#core/spi/volume-driver.ts';
import type { AwsLabOptions } from '#test/fixtures/aws-lab.ts';
import { attachOptions, EbsLab, GIB, never, refusal } from '#test/fixtures/ebs-lab.ts';

const shared: AttachOptions = { readOnly: false, use: { accessModes: ['ReadWriteMany'], volumeMode: 'Block', mountOptions: [] } };

describe('attachments of EBS volumes', () => {
  let ebs: EbsLab;
  let node: AttachmentNode;
  let other: AttachmentNode;
  afterEach(() => ebs.stop());

  async function open(options: AwsLabOptions = {}): Promise<void> {
    ebs = await EbsLab.make(options);
    const nodes = await ebs.nodes(2);
    [node, other] = [nodes[0]!, nodes[1]!];
    ebs.advance(10_000);
    ebs.takeCounts();
  }
  const create = async (change: Partial<CreateVolumeRequest> = {}): Promise<string> => (await ebs.driver.create(ebs.request(change), never)).id;
  const attach = (id: string, at = node, options = attachOptions): Promise<Readonly<Record<string, string>>> => ebs.driver.attach(id, at, options, never);
  const attachmentsOf = (id: string): unknown => ebs.region.volumes.get(id)?.attachments.map(({ instanceId, device, state }) => ({ instanceId, device, state }));

  it('get device names of their own, however many come at once', async () => {
    await open();
    const ids = await Promise.all(Array.from({ length: 20 }, () => create()));
    ebs.takeCounts();
    const devices = (await Promise.all(ids.map((id) => attach(id)))).map(({ devicePath }) => devicePath);
    expect(new Set(devices).size).to.equal(20);
    for (const [index, id] of ids.entries()) expect(attachmentsOf(id)).to.deep.equal([{ instanceId: node.nodeId, device: devices[index], state: 'attached' }]);
    const counts = ebs.takeCounts();
    expect(counts['AttachVolume'], 'none was sent twice').to.equal(20);
    expect(counts['DescribeInstances']).to.equal(1);
  });

  it('get other names than those that somebody else took meanwhile', async () => {
    await open();
    const [first, second, foreign] = [await create(), await create(), await create()];
    expect(await attach(first)).to.deep.equal({ devicePath: '/dev/xvdaa' });
    await ebs.lab.context.api.ec2(new AttachVolumeCommand({ VolumeId: foreign, InstanceId: node.nodeId, Device: '/dev/xvdab' }), never);
    expect(await attach(second)).to.deep.equal({ devicePath: '/dev/xvdac' });
    ebs.restart();
    expect(await attach(first), 'after a restart').to.deep.equal({ devicePath: '/dev/xvdaa' });
    expect(await attach(await create())).to.deep.equal({ devicePath: '/dev/xvdad' });
  });

  it('are known again after a lost answer', async () => {
    await open({ faults: { faults: [{ action: 'AttachVolume', nth: 1, kind: 'lost' }] } });
    const id = await create();
    await refusal(attach(id), 'Unknown');
    expect((await ebs.driver.attachedVolumes([node], never)).get(node.name)).to.include(id);
    expect(await attach(id)).to.deep.equal({ devicePath: '/dev/xvdaa' });
    expect(attachmentsOf(id)).to.deep.equal([{ instanceId: node.nodeId, device: '/dev/xvdaa', state: 'attached' }]);
  });

  it('wait until the machine has let go of them', async () => {
    await open({ delays: { volumeDetach: [20_000, 20_000] } });
    const id = await create();
    await attach(id);
    await ebs.lab.context.api.ec2(new DetachVolumeCommand({ VolumeId: id, InstanceId: node.nodeId }), never);
    await attach(id);
    expect(attachmentsOf(id)).to.deep.include.members([{ instanceId: node.nodeId, device: '/dev/xvdab', state: 'attached' }]);
    const detached = ebs.driver.detach(id, node, never);
    await Promise.all([attach(id, other), detached]);
    expect(attachmentsOf(id)).to.deep.equal([{ instanceId: other.nodeId, device: '/dev/xvdaa', state: 'attached' }]);
  });

  it('that never come are taken back, and get another name the next time', async () => {
    await open({ delays: { volumeAttach: [1_000_000, 1_000_000] } });
    const id = await create();
    expect(await refusal(attach(id), 'Unavailable')).to.match(/did not come to node node-1 \(i-\w+\) as \/dev\/xvdaa within 90 s, and was detached again/);
    expect(attachmentsOf(id)).to.deep.equal([]);
    expect(await refusal(attach(id), 'Unavailable')).to.include('/dev/xvdab');
  });

  it('that never end are told of', async () => {
    await open({ delays: { volumeDetach: [1_000_000, 1_000_000] } });
    const id = await create();
    await attach(id);
    expect(await refusal(ebs.driver.detach(id, node, never), 'Unavailable')).to.match(/is detaching at node node-1 .*still uses the device/);
    expect(await refusal(attach(id, other), 'Unavailable')).to.include(node.nodeId);
    ebs.advance(1_000_000);
    await ebs.driver.detach(id, node, never);
    expect(attachmentsOf(id)).to.deep.equal([]);
  });

  it('are refused in another zone, and where a machine is ending', async () => {
    await open();
    const [elsewhere] = await ebs.nodes(1, { zone: 'us-west-2b' });
    const id = await create();
    expect(await refusal(attach(id, { ...elsewhere!, name: 'far' }), 'Invalid')).to.match(/node far are not in the same zone/);
    await ebs.lab.context.api.ec2(new TerminateInstancesCommand({ InstanceIds: [node.nodeId] }), never);
    expect(await refusal(attach(id), 'NotFound')).to.match(/node node-1/);
    ebs.advance(120_000);
    expect(await refusal(attach(id), 'NotFound')).to.match(/terminated/);
    await attach(id, other);
    await ebs.lab.context.api.ec2(new TerminateInstancesCommand({ InstanceIds: [other.nodeId] }), never);
    await ebs.driver.detach(id, other, never);
  });

  it('come to stopped machines, which are in the answer that terminated ones are missing in', async () => {
    await open();
    const id = await create();
    await ebs.lab.context.api.ec2(new StopInstancesCommand({ InstanceIds: [node.nodeId] }), never);
    ebs.advance(60_000);
    await attach(id);
    await ebs.lab.context.api.ec2(new TerminateInstancesCommand({ InstanceIds: [other.nodeId] }), never);
    const unknown: AttachmentNode = { name: 'unknown', nodeId: 'i-00000000000000000' };
    const notOurs: AttachmentNode = { name: 'not-ours', nodeId: '../../etc' };
    let attached = await ebs.driver.attachedVolumes([node, other, unknown, notOurs], never);
    expect(attached.get(node.name)).to.include(id);
    ebs.advance(120_000);
    attached = await ebs.driver.attachedVolumes([node, other, unknown, notOurs], never);
    expect([...attached.keys()]).to.deep.equal([node.name]);
    await ebs.driver.detach(id, node, never);
    expect((await ebs.driver.attachedVolumes([node], never)).get(node.name)).not.to.include(id);
  });

  it('are asked about for hundreds of machines in one call', async () => {
    await open({ quotas: { vcpus: 10_000 } });
    const nodes = (await Promise.all(Array.from({ length: 3 }, () => ebs.nodes(100)))).flat().map((each, index) => ({ ...each, name: `n${index}` }));
    ebs.advance(10_000);
    ebs.takeCounts();
    expect((await ebs.driver.attachedVolumes(nodes, never)).size).to.equal(300);
    expect(ebs.takeCounts()).to.deep.equal({ DescribeInstances: 1 });
  });

  it('of one volume to several machines are for claims that want it', async () => {
    await open();
    const id = await create({ capacity: { required: 4n * GIB }, parameters: { type: 'io2', iops: '100' }, use: shared.use });
    expect(ebs.region.volumes.get(id)).to.include({ multiAttach: true });
    await Promise.all([attach(id, node, shared), attach(id, other, shared)]);
    expect((attachmentsOf(id) as unknown[]).length).to.equal(2);
    await ebs.driver.detach(id, other, never);
    expect(attachmentsOf(id)).to.deep.equal([{ instanceId: node.nodeId, device: '/dev/xvdaa', state: 'attached' }]);
    expect(await refusal(attach(id, other, attachOptions), 'Unavailable')).to.include(node.nodeId);
    expect(attachmentsOf(id), 'and it is with the first one as before').to.deep.equal([{ instanceId: node.nodeId, device: '/dev/xvdaa', state: 'attached' }]);
    const single = await create();
    await attach(single, node, shared);
    expect(await refusal(attach(single, other, shared), 'Unavailable')).to.include(node.nodeId);
  });

  it('are never those of a machine\'s own disk', async () => {
    await open();
    const root = [...ebs.region.volumes.rows()].find(({ attachments }) => attachments[0]?.instanceId === node.nodeId)!;
    expect(await refusal(ebs.driver.detach(root.id, node, never), 'Invalid')).to.match(/cannot be detached from node node-1/);
    expect(await refusal(ebs.driver.delete(root.id, never), 'Invalid')).to.include(root.id);
  });
});
