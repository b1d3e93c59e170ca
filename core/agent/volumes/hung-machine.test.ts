import { expect } from 'chai';
import { eventually } from '#test/fixtures/eventually.ts';
import { never, podWith, rejection, VolumeNode } from '#test/fixtures/node-volumes.ts';
import { parseMountInfo } from './system/mount-table.ts';
import { Mounter } from './system/mounter.ts';
import type { RunProgram } from './system/run-program.ts';

const table = String.raw`27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
36 27 0:40 / /mnt/share rw,noatime master:1 propagate_from:2 - nfs4 server:/srv rw
37 27 7:3 / /mnt/with\040space\011tab\134backslash\012newline rw - ext4 /dev/loop3 rw
`;

describe('a machine that does not answer', () => {
  let node: VolumeNode;
  let asked: string[];
  const mounts = parseMountInfo(table);

  /** Ends only when it is told to. */
  const hang: RunProgram = (program, args, signal) => {
    asked.push([program, ...args].join(' ').replaceAll(node.folder, ''));
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  };

  beforeEach(async () => {
    asked = [];
    node = await VolumeNode.make({ mounter: new Mounter({ able: true, run: (...args) => hang(...args), mounts: async () => mounts }) });
  });
  afterEach(() => node.remove());

  it('has a mount table that is read with its optional fields and escapes', () => {
    expect(mounts.map(({ path, fsType }) => `${fsType} ${path}`)).to.deep.equal(['ext4 /', 'nfs4 /mnt/share', 'ext4 /mnt/with space\ttab\\backslash\nnewline']);
  });

  it('keeps a pod waiting for two minutes at most, and no other pod', async () => {
    const failing = rejection(node.volumes.prepare(podWith([{ emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }], { uid: 'p1' }), never));
    await eventually(() => asked.length === 1, 'the mount');
    expect(asked).to.deep.equal(['mount -t tmpfs -o nosuid,nodev,size=1048576,mode=0777 tmpfs /pods/p1/volumes/kubernetes.io~empty-dir/v0']);
    expect((await node.volumes.prepare(podWith([{ emptyDir: {} }], { uid: 'p2' }), never)).size).to.equal(1);
    await node.clock.advance(120_000);
    expect((await failing).message).to.equal('MountVolume.SetUp failed for volume "v0" : no answer within 120 s: context deadline exceeded');
  });

  it('is asked for what lies on a server in a process of its own', async () => {
    const failing = rejection(node.volumes.prepare(podWith([{ hostPath: { path: '/mnt/share/data', type: 'Directory' } }], { uid: 'p1' }), never));
    await eventually(() => asked.length === 1, 'the look');
    expect(asked).to.deep.equal(['stat --format=%i /mnt/share/data']);
    await node.clock.advance(120_000);
    expect((await failing).message).to.contain('context deadline exceeded');
    expect((await node.volumes.prepare(podWith([{ hostPath: { path: '/usr', type: 'Directory' } }]), never)).get('v0')?.hostPath).to.equal('/usr');
  });
});
