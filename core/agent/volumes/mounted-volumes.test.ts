import { mkdir, mkdtemp, open, readdir, readFile, realpath, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { ConfigMap, Secret } from '#core/api/schema/core-v1/config.ts';
import { CSIDriver } from '#core/api/schema/storage-v1.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { readLoopDevices } from '#providers/local/loop-devices.ts';
import { Platform, volumeRequest } from '#providers/local/test-platform.ts';
import { crashWorld, type CrashWorld } from '#test/fixtures/crash-world.ts';
import { never, podWith, rejection, VolumeNode } from '#test/fixtures/node-volumes.ts';
import { mounting, mountingImages, requires } from '#test/fixtures/requires.ts';
import type { NodeVolumes } from './node-volumes.ts';
import { mountAt, mountsWithin, readMounts } from './system/mount-table.ts';
import { Mounter } from './system/mounter.ts';
import { removeTree } from './system/remove-tree.ts';

const run = (program: string, args: readonly string[]) => execa(program, args, { stdin: 'ignore' });

/** With one partition. */
function masterBootRecord(): Buffer {
  const record = Buffer.alloc(512);
  record[446 + 4] = 0x83;
  record.writeUInt32LE(64, 446 + 8);
  record.writeUInt32LE(1000, 446 + 12);
  record.writeUInt16LE(0xaa55, 510);
  return record;
}

/** A container that starts anywhere on the machine has a copy of all mounts for a moment, and holds their devices: then it is tried again, as the agent does. */
async function releaseSoon(volumes: NodeVolumes, uid: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await volumes.release(uid, never);
    } catch (error) {
      if (attempt === 50 || !String(error).includes('held open by another program')) throw error;
      await systemClock.sleep(100);
    }
  }
}

async function unmountAll(folder: string): Promise<void> {
  await new Mounter({ able: true }).unmountWithin(folder, never);
}

describe('volumes that are mounted', () => {
  before(requires(...mounting));

  let node: VolumeNode;

  beforeEach(async () => {
    node = await VolumeNode.make({ mounter: new Mounter({ able: true }), clock: systemClock });
    await node.client.create(Secret, { metadata: { namespace: 'default', name: 'cred' }, data: { key: 'c2VjcmV0' } });
    await node.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'conf' }, data: { a: '1' } });
  });
  afterEach(async function () {
    if (node === undefined) return;
    await unmountAll(node.folder);
    await node.remove();
  });

  const prepare = async (pod: Pod, name = 'v0'): Promise<string> => (await node.volumes.prepare(pod, never)).get(name)?.hostPath ?? '';
  const mountedHere = async () => mountsWithin(await readMounts(), node.folder).map(({ path, fsType }) => `${fsType} ${path.slice(node.folder.length)}`).sort();

  it('are in memory where they should, found again by a new agent, and gone with the pod', async () => {
    const pod = podWith([{ emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }, { secret: { secretName: 'cred' } }, { configMap: { name: 'conf' } }], { uid: 'p1', spec: { securityContext: { fsGroup: 2000 } } });
    const path = await prepare(pod);
    const mounts = ['tmpfs /pods/p1/volumes/kubernetes.io~empty-dir/v0', 'tmpfs /pods/p1/volumes/kubernetes.io~secret/v1'];
    expect(await mountedHere()).to.deep.equal(mounts);
    const { mode, gid } = await stat(path);
    expect([(mode & 0o7777).toString(8), gid]).to.deep.equal(['2777', 2000]);
    await writeFile(join(path, 'kept'), 'x');
    expect(await rejection(writeFile(join(path, 'big'), Buffer.alloc(2_000_000)))).to.have.property('code', 'ENOSPC');
    expect(Number((await node.volumes.localUsage('p1', never)).get('v0'))).to.be.within(1_000_000, 1_100_000);
    await node.restart();
    expect(await readFile(join(await prepare(pod), 'kept'), 'utf8')).to.equal('x');
    expect(await mountedHere()).to.deep.equal(mounts);
    await node.volumes.release('p1', never);
    expect([await mountedHere(), await node.left()]).to.deep.equal([[], []]);
  });

  it('are not removed while something holds them, and then are', async () => {
    const pod = podWith([{ emptyDir: { medium: 'Memory' } }, { emptyDir: {} }], { uid: 'p1' });
    const path = await prepare(pod);
    await writeFile(join(path, 'held'), 'x');
    const held = await open(join(path, 'held'));
    try {
      const error = await rejection(node.volumes.release('p1', never));
      expect(error.message).to.match(/^UnmountVolume\.TearDown failed for volume "v0" : .*could not be unmounted: .*busy/);
      expect(await readFile(join(path, 'held'), 'utf8')).to.equal('x');
      expect(await node.volumes.known(never)).to.deep.equal([{ uid: 'p1' }]);
    } finally {
      await held.close();
    }
    await node.volumes.release('p1', never);
    expect(await node.left()).to.deep.equal([]);
  });

  it('are never removed through a mount point', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'keelson-outside-'));
    try {
      await writeFile(join(outside, 'precious'), 'x');
      const path = await prepare(podWith([{ emptyDir: {} }], { uid: 'p1' }));
      for (const name of ['a', 'a/b']) await mkdir(join(path, name));
      const place = join(path, 'a/b');
      await run('mount', ['-t', 'tmpfs', 'tmpfs', place]);
      await writeFile(join(place, 'other'), 'y');
      expect((await rejection(removeTree(path))).message).to.contain('lies on another file system');
      expect(await readFile(join(place, 'other'), 'utf8')).to.equal('y');
      await run('mount', ['--bind', outside, join(path, 'a')]);
      await node.volumes.release('p1', never);
      expect([await node.left(), await readFile(join(outside, 'precious'), 'utf8'), await mountedHere()]).to.deep.equal([[], 'x', []]);
    } finally {
      await rm(outside, { recursive: true, force: true });
    }
  });

  it('are not forgotten while they are mounted, whatever their driver says', async () => {
    await node.claim('data');
    const path = await prepare(podWith([{ persistentVolumeClaim: { claimName: 'data' } }], { uid: 'p1' }));
    await run('mount', ['-t', 'tmpfs', 'tmpfs', path]);
    await writeFile(join(path, 'precious'), 'x');
    const undo = node.driver.unpublish.bind(node.driver);
    node.driver.unpublish = async () => undefined;
    expect((await rejection(node.volumes.release('p1', never))).message).to.equal(`UnmountVolume.TearDown failed for volume "pv-data" : ${path} is still mounted`);
    expect([await readFile(join(path, 'precious'), 'utf8'), [...node.driver.staged]]).to.deep.equal(['x', ['vol-data']]);
    await run('umount', [path]);
    node.driver.unpublish = undo;
    await node.volumes.release('p1', never);
    expect(await node.left()).to.deep.equal([]);
  });

  it('of type local are bound, read-only if they must', async () => {
    const disk = join(node.folder, 'disk');
    await mkdir(join(disk, 'sub'), { recursive: true });
    await writeFile(join(disk, 'sub/file'), 'x');
    await node.claim('local', { volume: { csi: undefined, local: { path: disk }, mountOptions: ['noatime'] } });
    const volume = { persistentVolumeClaim: { claimName: 'local' } };
    const path = await prepare(podWith([volume], { uid: 'p1', spec: { securityContext: { fsGroup: 2000 } } }));
    await writeFile(join(path, 'new'), 'y');
    const { gid, mode } = await stat(join(disk, 'sub/file'));
    expect([await readFile(join(disk, 'new'), 'utf8'), gid, (mode & 0o777).toString(8)]).to.deep.equal(['y', 2000, '664']);
    const readOnly = await prepare(podWith([{ persistentVolumeClaim: { claimName: 'local', readOnly: true } }], { uid: 'p2' }));
    expect(await rejection(writeFile(join(readOnly, 'no'), ''))).to.have.property('code', 'EROFS');
    expect(await readFile('/proc/self/mountinfo', 'utf8')).to.match(new RegExp(` ${path} \\S*noatime`));
    await node.restart();
    for (const uid of ['p1', 'p2']) await node.volumes.release(uid, never);
    expect([await node.left(), await readdir(disk)]).to.deep.equal([['disk', 'disk/new', 'disk/sub', 'disk/sub/file'], ['new', 'sub']]);
  });
});

describe('volumes of the local provider', function () {
  this.timeout(60_000);
  before(requires(...mountingImages));

  let platform: Platform;
  let node: VolumeNode;

  beforeEach(async () => {
    platform = await Platform.make();
    node = await VolumeNode.make({ mounter: new Mounter({ able: true }), drivers: [platform.node], clock: systemClock });
    await node.client.create(CSIDriver, { metadata: { name: platform.node.name }, spec: { attachRequired: false, fsGroupPolicy: 'File' } });
  });
  afterEach(async () => {
    if (node === undefined) return;
    await unmountAll(node.folder);
    await node.remove();
    await platform.remove();
  });

  const provision = async (name: string, block = false): Promise<string> => {
    const { id } = await platform.driver.create(volumeRequest({ use: { accessModes: ['ReadWriteOnce'], volumeMode: block ? 'Block' : 'Filesystem', mountOptions: [] } }), never);
    await node.claim(name, { volume: { volumeMode: block ? 'Block' : 'Filesystem', csi: { driver: platform.node.name, volumeHandle: id } } });
    return id;
  };
  const prepare = async (pod: Pod) => (await node.volumes.prepare(pod, never)).get('v0');
  const nothingLeft = async () => {
    expect(mountsWithin(await readMounts(), node.folder), 'mounts').to.deep.equal([]);
    expect((await readLoopDevices()).filter(({ image }) => image.startsWith(platform.folder)), 'loop devices').to.deep.equal([]);
    expect(await node.left()).to.deep.equal([]);
  };

  it('keep their data when pods come and go, and agents', async () => {
    const id = await provision('data');
    const volume = { persistentVolumeClaim: { claimName: 'data' } };
    const first = await prepare(podWith([volume], { uid: 'p1' }));
    await writeFile(join(first?.hostPath ?? '', 'kept'), 'x');
    await node.restart({ drivers: [platform.again().node] });
    const second = await prepare(podWith([volume], { uid: 'p2' }));
    await releaseSoon(node.volumes, 'p1');
    expect(await readFile(join(second?.hostPath ?? '', 'kept'), 'utf8')).to.equal('x');
    await releaseSoon(node.volumes, 'p2');
    await nothingLeft();
    const third = await prepare(podWith([volume], { uid: 'p3' }));
    expect(await readFile(join(third?.hostPath ?? '', 'kept'), 'utf8')).to.equal('x');
    expect((await rejection(platform.driver.delete(id, never))).message).to.contain(id);
    await releaseSoon(node.volumes, 'p3');
    await platform.driver.delete(id, never);
    expect(await platform.stored()).to.deep.equal([]);
  });

  it('are devices when their mode is Block', async () => {
    await provision('disk', true);
    const pod = podWith([{ persistentVolumeClaim: { claimName: 'disk' } }], { uid: 'p1', spec: { containers: [{ name: 'c', image: 'i', resources: {}, volumeDevices: [{ name: 'v0', devicePath: '/dev/x' }] }] } });
    const prepared = await prepare(pod);
    expect([prepared?.kind, (await stat(prepared?.hostPath ?? '')).isBlockDevice()]).to.deep.equal(['device', true]);
    await releaseSoon(node.volumes, 'p1');
    await nothingLeft();
  });

  it('of type local may be devices, on which a file system is made once', async () => {
    const image = join(node.folder, 'image');
    await writeFile(image, '');
    await truncate(image, 16 * 2 ** 20);
    const { stdout: device } = await run('losetup', ['--find', '--show', image]);
    try {
      await node.claim('disk', { volume: { csi: undefined, local: { path: device } } });
      const podOf = (uid: string) => podWith([{ persistentVolumeClaim: { claimName: 'disk' } }], { uid, spec: { securityContext: { fsGroup: 2000 } } });
      const [first, second] = await Promise.all(['p1', 'p2'].map((uid) => prepare(podOf(uid))));
      await writeFile(join(first?.hostPath ?? '', 'kept'), 'x');
      expect([await readFile(join(second?.hostPath ?? '', 'kept'), 'utf8'), (await stat(first?.hostPath ?? '')).gid]).to.deep.equal(['x', 2000]);
      for (const uid of ['p1', 'p2']) await releaseSoon(node.volumes, uid);
      expect(await readFile(join((await prepare(podOf('p3')))?.hostPath ?? '', 'kept'), 'utf8')).to.equal('x');
      await releaseSoon(node.volumes, 'p3');
      expect(await node.left()).to.deep.equal(['image']);
      await run('wipefs', ['--all', device]);
      await writeFile(device, masterBootRecord(), { flag: 'r+' });
      expect((await rejection(node.volumes.prepare(podOf('p4'), never))).message).to.contain('has a partition table; it is not formatted');
      await releaseSoon(node.volumes, 'p4');
    } finally {
      await unmountAll(node.folder);
      await run('losetup', ['--detach', device]);
    }
  });

  it('are given to the pod\'s group: once, and never beyond their links', async () => {
    await provision('data');
    const podOf = (uid: string, group: number, policy = 'Always') => podWith([{ persistentVolumeClaim: { claimName: 'data' } }], { uid, spec: { securityContext: { fsGroup: group, fsGroupChangePolicy: policy } } });
    const path = (await prepare(podOf('p1', 2000)))?.hostPath ?? '';
    const of = async (name: string) => {
      const { gid, mode } = await stat(join(path, name));
      return `${gid} ${(mode & 0o7777).toString(8)}`;
    };
    expect(await of('.')).to.equal('2000 2775');
    await mkdir(join(path, 'sub'));
    await writeFile(join(path, 'sub/file'), '', { mode: 0o600 });
    await writeFile(join(node.folder, 'outside'), '', { mode: 0o600 });
    await symlink(join(node.folder, 'outside'), join(path, 'link'));
    await run('mkfifo', [join(path, 'fifo')]);
    await run('chgrp', ['0', join(path, 'sub/file'), join(path, 'sub')]);
    await prepare(podOf('p1', 2000));
    expect((await of('sub/file')).startsWith('0 '), 'a pod that has it already is left alone').to.equal(true);
    await releaseSoon(node.volumes, 'p1');
    await prepare(podOf('p2', 2000, 'OnRootMismatch'));
    const second = join(node.folder, 'pods/p2/volumes/kubernetes.io~csi/pv-data/mount');
    expect((await stat(join(second, 'sub/file'))).gid, 'the root is right already').to.equal(0);
    await releaseSoon(node.volumes, 'p2');
    await prepare(podOf('p3', 3000, 'OnRootMismatch'));
    const third = join(node.folder, 'pods/p3/volumes/kubernetes.io~csi/pv-data/mount');
    const states = await Promise.all(['.', 'sub', 'sub/file', 'fifo'].map(async (name) => {
      const { gid, mode } = await stat(join(third, name));
      return `${gid} ${(mode & 0o7777).toString(8)}`;
    }));
    expect(states).to.deep.equal(['3000 2775', '3000 2775', '3000 660', '3000 664']);
    const outside = await stat(join(node.folder, 'outside'));
    expect([outside.gid, outside.mode & 0o777]).to.deep.equal([0, 0o600]);
    await releaseSoon(node.volumes, 'p3');
  });

  describe('of an agent that is killed', () => {
    let world: CrashWorld;
    let folder: string;
    let id: string;

    beforeEach(async function () {
      ({ id } = await platform.driver.create(volumeRequest(), never));
      world = await crashWorld(platform.folder, id);
      folder = await realpath(join(platform.folder, 'agent'));
    });
    afterEach(() => unmountAll(folder));

    /** How many steps it took; undefined when it was killed. */
    const child = async (action: string, at: number): Promise<number | undefined> => {
      const { exitCode, signal, stdout, stderr } = await execa(process.execPath, ['test/fixtures/crashing-volumes.ts', platform.folder, action, String(at), id], { stdin: 'ignore', reject: false });
      expect(exitCode === 0 || signal === 'SIGKILL', stderr).to.equal(true);
      return exitCode === 0 ? Number(stdout) : undefined;
    };

    const release = async (): Promise<void> => {
      // A program that the killed agent had started may still be at work.
      for (let attempt = 0; ; attempt++) {
        try {
          return await releaseSoon(world.volumes, world.pod.metadata.uid);
        } catch (error) {
          if (attempt === 3) throw error;
          await systemClock.sleep(50);
        }
      }
    };

    const expectPrepared = async (when: string): Promise<void> => {
      const all = await world.volumes.prepare(world.pod, never);
      const [data = '', , secret = '', config = ''] = ['v0', 'v1', 'v2', 'v3'].map((name) => all.get(name)?.hostPath);
      expect(mountAt(await readMounts(), data)?.fsType, when).to.equal('ext4');
      expect((await stat(data)).gid, when).to.equal(2000);
      expect([await readFile(join(secret, 'key'), 'utf8'), await readFile(join(config, 'a'), 'utf8')], when).to.deep.equal(['secret', '1']);
    };

    const expectNothing = async (when: string): Promise<void> => {
      expect(mountsWithin(await readMounts(), folder), `mounts, ${when}`).to.deep.equal([]);
      expect((await readLoopDevices()).filter(({ image }) => image.startsWith(platform.folder)), `loop devices, ${when}`).to.deep.equal([]);
      expect(await world.node.left(), `files, ${when}`).to.deep.equal([]);
    };

    for (const action of ['prepare', 'release'] as const) {
      it(`in the middle of ${action} are found and finished by the next`, async function () {
        this.timeout(120_000);
        const begin = async (): Promise<void> => {
          if (action === 'release') await world.volumes.prepare(world.pod, never);
        };
        await begin();
        const steps = (await child(action, -1)) ?? 0;
        expect(steps).to.be.greaterThan(30);
        await release();
        const stride = Math.ceil(steps / 8);
        let kills = 0;
        for (let at = 0; at < steps; at += stride) {
          await begin();
          if ((await child(action, at)) === undefined) kills++;
          if ((at / stride) % 2 === 0) await expectPrepared(`killed at ${at}`);
          await release();
          await expectNothing(`killed at ${at}`);
        }
        expect(kills).to.be.greaterThan(5);
      });
    }
  });
});
