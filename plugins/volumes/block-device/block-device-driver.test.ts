import { mkdir, mkdtemp, open, readFile, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { PublishRequest, Volume, VolumeUse } from '#core/spi/volume-driver.ts';
import { NodeBench } from '#test/conformance/volume-driver-bench.ts';
import { mountingImages, program, requires, skipBecause, unmet } from '#test/fixtures/requires.ts';
import type { BlockDeviceDriver, BlockDeviceDriverParts } from './block-device-driver.ts';
import { runCommand, type RunCommand } from './commands.ts';
import { mayGrowMounted } from './file-systems.ts';
import { mountAt, readMounts } from './mounts.ts';
import { LoopVolumes } from '#test/fixtures/loop-volumes.ts';

const MIB = 1024n ** 2n;
const never = new AbortController().signal;
const filesystem: VolumeUse = { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', mountOptions: [] };
let made = 0;

describe('BlockDeviceDriver', function () {
  this.timeout(60_000);
  before(requires(...mountingImages));
  let disks: LoopVolumes;
  let benches: NodeBench[];
  beforeEach(async () => {
    disks = await LoopVolumes.make();
    benches = [];
  });
  afterEach(async () => {
    try {
      for (const bench of benches) await bench.clear();
    } finally {
      await disks.remove();
    }
  });

  const benchOf = async (parts: Partial<BlockDeviceDriverParts> = {}): Promise<NodeBench> => {
    const folder = await mkdtemp(join(tmpdir(), 'keelson-node-'));
    const bench = new NodeBench(disks.node({ agentDir: folder, ...parts }), folder);
    benches.push(bench);
    return bench;
  };
  const create = (bytes = 32n * MIB): Promise<Volume> => {
    const uid = `${(++made).toString(16).padStart(8, '0')}-0000-4000-8000-000000000000`;
    return disks.create({ name: `pvc-${uid}`, owner: { namespace: 'default', name: 'claim', uid }, provisioner: disks.name, capacity: { required: bytes }, parameters: {}, use: filesystem }, never);
  };
  const deviceOf = (volume: Volume): Promise<string> => disks.plugIn(volume.id, volume.capacity);
  const failure = async (promise: Promise<unknown>): Promise<{ readonly reason: string; readonly message: string }> => {
    const error = await promise.then(() => undefined, (found: unknown) => found);
    if (!ProviderError.is(error)) throw new Error(`expected a ProviderError, not ${String(error)}`);
    return { reason: error.reason, message: error.message };
  };
  const bytesAt = async (path: string, position: number, length: number): Promise<Buffer> => {
    await using file = await open(path, 'r');
    return (await file.read(Buffer.alloc(length), 0, length, position)).buffer;
  };
  const write = async (path: string, position: number, text: string): Promise<void> => {
    await using file = await open(path, 'r+');
    await file.write(text, position);
    await file.sync();
  };
  /** Runs everything but what a test wants to see. */
  const spy = (programs: readonly string[], calls: string[][]): RunCommand => async (name, args, signal) => {
    if (!programs.includes(name)) return runCommand(name, args, signal);
    calls.push([name, ...args]);
    return { exitCode: 0, output: '', complaint: '' };
  };

  describe('a device on which something is', () => {
    for (const [what, position] of [['at its beginning', 0], ['later in its first MiB', 900_000]] as const) {
      it(`is not formatted: data ${what}`, async () => {
        const [bench, volume] = [await benchOf(), await create()];
        const device = await deviceOf(volume);
        await write(device, position, 'not a file system');
        const { reason, message } = await failure(bench.bring(volume));
        expect(reason).to.equal('Invalid');
        expect(message).to.include('holds data but no file system');
        expect((await bytesAt(device, position, 17)).toString()).to.equal('not a file system');
      });
    }

    it('is not formatted: another file system, or a partition table', async () => {
      const [bench, one, two] = [await benchOf(), await create(), await create()];
      await runCommand('mkswap', [await deviceOf(one)], never);
      expect(await failure(bench.bring(one))).to.deep.include({ reason: 'Invalid', message: `volume ${one.id} holds swap, not ext4; it is not formatted over` });
      // The mark of a partition table in the first sector.
      const sector = Buffer.alloc(512);
      sector.writeUInt16LE(0xaa55, 510);
      sector.set([0, 0, 2, 0, 0x83, 0, 0, 0, 1, 0, 0, 0, 0, 8, 0, 0], 446);
      await write(await deviceOf(two), 0, sector.toString('latin1')).catch(() => undefined);
      await using file = await open(await deviceOf(two), 'r+');
      await file.write(sector, 0, 512, 0);
      await file.sync();
      expect(await failure(bench.bring(two))).to.have.property('reason', 'Invalid');
    });

    it('is mounted as it is when it has the file system, also one of the same family', async () => {
      const [bench, volume] = [await benchOf(), await create()];
      await runCommand('mkfs.ext3', ['-q', '-F', '-L', 'kept', await deviceOf(volume)], never);
      const { targetPath } = await bench.bring(volume);
      expect(mountAt(await readMounts(), targetPath)?.fsType).to.be.oneOf(['ext3', 'ext4']);
      expect((await runCommand('blkid', ['--match-tag', 'LABEL', '--output', 'value', await deviceOf(volume)], never)).output.trim()).to.equal('kept');
    });
  });

  it('formats again what was interrupted, on this node or another one, and only that', async () => {
    const [bench, volume] = [await benchOf(), await create()];
    const device = await deviceOf(volume);
    const interrupted = await benchOf({
      run: async (name, args, signal) => {
        if (name !== 'mkfs.ext4') return runCommand(name, args, signal);
        // As it leaves a device when it is killed before its last write.
        await write(device, 500_000, 'half a file system');
        throw new ProviderError('Unavailable', 'mkfs.ext4 was killed');
      },
    });
    expect(await failure(interrupted.bring(volume))).to.have.property('message', 'mkfs.ext4 was killed');
    const { targetPath } = await bench.bring(volume);
    await writeFile(join(targetPath, 'file'), 'x');
    const note = await bytesAt(device, Number(volume.capacity - 128n * 1024n), 512);
    expect(note.includes('Keelson is making'), 'a note that formatting goes on').to.equal(false);
  });

  it('formats as it is told', async () => {
    const bench = await benchOf({ format: () => ({ blockSize: '2048', inodeSize: '512', numberOfInodes: '4096' }) });
    const volume = await create();
    const { targetPath } = await bench.bring(volume);
    expect(await statfs(targetPath)).to.include({ bsize: 2048, files: 4096 });
    const { output } = await runCommand('dumpe2fs', ['-h', await deviceOf(volume)], never);
    expect(output).to.match(/^Inode size:\s+512$/m).and.match(/^Reserved block count:\s+0$/m);
  });

  it('makes each of its file systems with the arguments of its own', async () => {
    const calls: string[][] = [];
    const format = (): { readonly blockSize: string; readonly inodeSize: string } => ({ blockSize: '4096', inodeSize: '512' });
    const bench = await benchOf({ run: spy(['mkfs.xfs', 'mkfs.ext3', 'mount', 'umount', 'resize2fs'], calls), format });
    const [one, two] = [await create(), await create()];
    await bench.node.stage({ ...(await bench.request(one)), use: { ...filesystem, fsType: 'xfs', mountOptions: ['noatime'] } }, never);
    const staged = await bench.request(two);
    await bench.node.stage({ ...staged, use: { ...filesystem, fsType: 'ext3' } }, never);
    const [xfs, ext3] = [await deviceOf(one), await deviceOf(two)];
    expect(calls.slice(0, 4)).to.deep.equal([
      ['mkfs.xfs', '-f', '-K', '-b', 'size=4096', '-i', 'size=512', xfs],
      ['mount', '-t', 'xfs', '-o', 'nouuid,noatime', xfs, (await bench.request(one)).stagingPath],
      ['mkfs.ext3', '-q', '-F', '-m', '0', '-E', 'nodiscard', '-b', '4096', '-I', '512', ext3],
      ['mount', '-t', 'ext3', ext3, staged.stagingPath],
    ]);
  });

  it('refuses what cannot be, and says it', async () => {
    const volume = await create();
    const stage = async (format: ReturnType<NonNullable<BlockDeviceDriverParts['format']>>, use: Partial<VolumeUse>): Promise<unknown> => {
      const bench = await benchOf({ format: () => format });
      return failure(bench.node.stage({ ...(await bench.request(volume)), use: { ...filesystem, ...use } }, never));
    };
    expect(await stage({}, { fsType: 'ntfs' })).to.deep.include({ reason: 'Invalid', message: `volume ${volume.id} cannot have the file system "ntfs", only ext2, ext3, ext4, xfs` });
    expect(await stage({}, { mountOptions: ['bind'] })).to.deep.include({ reason: 'Invalid', message: 'mount option "bind" is not possible for a volume of disks.test' });
    expect(await stage({ blockSize: '-F' }, {})).to.deep.include({ reason: 'Invalid', message: 'blockSize must be a whole number, not "-F"' });
    expect(await stage({ numberOfInodes: '100' }, { fsType: 'xfs' })).to.deep.include({ reason: 'Invalid', message: 'an xfs file system has no numberOfInodes' });
    const bench = await benchOf();
    const request = { ...(await bench.bring(volume, 'pod', { ...filesystem, volumeMode: 'Block' })), readOnly: true, targetPath: join(bench.folder, 'reader'), use: { ...filesystem, volumeMode: 'Block' as const } };
    expect(await failure(bench.node.publish(request, never))).to.have.property('reason', 'Invalid');
  });

  it('is told that a program is missing by what brings it', async function () {
    if (unmet(program('mkfs.xfs', 'xfsprogs')) === undefined) skipBecause(this, 'mkfs.xfs is here');
    const bench = await benchOf();
    const use = { ...filesystem, fsType: 'xfs' };
    expect(await failure(bench.bring(await create(), 'pod', use))).to.deep.include({ reason: 'Unavailable', message: 'mkfs.xfs is not installed (apt-get install xfsprogs)' });
  });

  it('makes, mounts and grows xfs', async function () {
    const lack = unmet(program('mkfs.xfs', 'xfsprogs'));
    if (lack !== undefined) skipBecause(this, lack);
    const [bench, volume] = [await benchOf(), await create(400n * MIB)];
    const request = await bench.bring(volume, 'pod', { ...filesystem, fsType: 'xfs' });
    await disks.plugIn(volume.id, 800n * MIB);
    await (bench.node as BlockDeviceDriver).expandOnNode(volume.id, request.stagingPath, never);
    const { blocks, bsize } = await statfs(request.targetPath);
    expect(blocks * bsize).to.be.greaterThan(700 * Number(MIB));
  });

  describe('growing', () => {
    const sizeAt = async (path: string): Promise<number> => {
      const { blocks, bsize } = await statfs(path);
      return blocks * bsize;
    };

    it('follows the device while pods use it, each time it has grown', async function () {
      if (!(await mayGrowMounted())) skipBecause(this, 'needs the capability CAP_SYS_RESOURCE');
      const [bench, volume] = [await benchOf(), await create()];
      const node = bench.node as BlockDeviceDriver;
      const { stagingPath, targetPath } = await bench.bring(volume);
      await writeFile(join(targetPath, 'file'), 'kept');
      await node.expandOnNode(volume.id, stagingPath, never);
      const before = await sizeAt(targetPath);
      await disks.plugIn(volume.id, 128n * MIB);
      for (let round = 0; round < 2; round++) await node.expandOnNode(volume.id, stagingPath, never);
      expect(before).to.be.lessThan(Number(32n * MIB));
      expect(await sizeAt(targetPath)).to.be.greaterThan(Number(100n * MIB));
      expect(await readFile(join(targetPath, 'file'), 'utf8')).to.equal('kept');
    });

    it('is made up for when the volume grew while no machine had it', async () => {
      const [bench, volume] = [await benchOf(), await create()];
      await bench.takeAway(await bench.bring(volume));
      await disks.plugIn(volume.id, 128n * MIB);
      const { targetPath } = await bench.bring(volume, 'later');
      expect(await sizeAt(targetPath)).to.be.greaterThan(Number(100n * MIB));
    });

    it('waits for the next mount where the agent may not grow what is mounted', async function () {
      if (await mayGrowMounted()) skipBecause(this, 'this process has the capability CAP_SYS_RESOURCE');
      const [bench, volume] = [await benchOf(), await create()];
      const request = await bench.bring(volume);
      await writeFile(join(request.targetPath, 'file'), 'kept');
      await disks.plugIn(volume.id, 128n * MIB);
      const { reason, message } = await failure((bench.node as BlockDeviceDriver).expandOnNode(volume.id, request.stagingPath, never));
      expect([reason, message]).to.deep.equal(['Unavailable', `the file system of volume ${volume.id} grows when it is mounted next: to grow a mounted one, the agent needs the capability CAP_SYS_RESOURCE`]);
      await bench.takeAway(request);
      const { targetPath } = await bench.bring(volume, 'later');
      expect(await sizeAt(targetPath)).to.be.greaterThan(Number(100n * MIB));
      expect(await readFile(join(targetPath, 'file'), 'utf8')).to.equal('kept');
    });

    it('starts no program when there is nothing to do', async () => {
      const calls: string[][] = [];
      const [bench, volume] = [await benchOf({ run: spy(['resize2fs'], calls) }), await create()];
      const { stagingPath } = await bench.bring(volume);
      await (bench.node as BlockDeviceDriver).expandOnNode(volume.id, stagingPath, never);
      expect(calls).to.deep.equal([]);
    });

    it('of a device that a pod has needs nothing, and of what is not there is refused', async () => {
      const [bench, volume, other] = [await benchOf(), await create(), await create()];
      const node = bench.node as BlockDeviceDriver;
      const request = await bench.bring(volume, 'pod', { ...filesystem, volumeMode: 'Block' });
      for (const path of [request.targetPath, request.stagingPath]) await node.expandOnNode(volume.id, path, never);
      expect(await failure(node.expandOnNode(other.id, (await bench.request(other)).stagingPath, never))).to.have.property('reason', 'NotFound');
      expect((await node.usage(volume.id, request.targetPath, never)).bytes).to.deep.equal({ total: volume.capacity, used: volume.capacity, available: 0n });
    });
  });

  describe('a device that is not there', () => {
    it('is waited for', async () => {
      const [bench, volume] = [await benchOf({ patienceMs: 10_000 }), await create()];
      await disks.pullOut(volume.id);
      const staging = bench.bring(volume);
      await systemClock.sleep(300);
      await disks.plugIn(volume.id, volume.capacity);
      await writeFile(join((await staging).targetPath, 'file'), 'x');
    });

    it('is Unavailable when it does not come', async () => {
      const [bench, volume] = [await benchOf({ patienceMs: 300 }), await create()];
      await disks.pullOut(volume.id);
      expect(await failure(bench.bring(volume))).to.deep.equal({ reason: 'Unavailable', message: `the device of volume ${volume.id} has not appeared on this machine in 0.3 seconds` });
    });

    it('keeps nobody from unmounting what was there', async () => {
      const [bench, volume] = [await benchOf(), await create()];
      const request = await bench.bring(volume);
      await disks.pullOut(volume.id);
      await bench.takeAway(request);
      expect(mountAt(await readMounts(), request.stagingPath)).to.equal(undefined);
      const folder = { ...request, stagingPath: join(bench.folder, 'elsewhere') };
      await mkdir(folder.stagingPath);
      await runCommand('mount', ['-t', 'tmpfs', 'tmpfs', folder.stagingPath], never);
      try {
        expect(await failure(bench.node.unstage(volume.id, folder.stagingPath, never))).to.have.property('reason', 'Invalid');
      } finally {
        await runCommand('umount', [folder.stagingPath], never);
      }
    });
  });

  it('gives a read-only device to pods without writing to it', async () => {
    const [bench, volume] = [await benchOf(), await create()];
    const first = await bench.bring(volume);
    await writeFile(join(first.targetPath, 'file'), 'kept');
    await bench.takeAway(first);
    await disks.pullOut(volume.id);
    const { device } = await disks.disks.insert(volume.id, Number(volume.capacity), { readOnly: true });
    await runCommand('ln', ['-s', device, disks.link(volume.id)], never);
    const request: PublishRequest = { ...(await bench.request(volume, 'reader')), readOnly: true };
    await bench.node.stage(request, never);
    await bench.node.publish(request, never);
    expect(await readFile(join(request.targetPath, 'file'), 'utf8')).to.equal('kept');
    expect(await failure(bench.node.publish({ ...request, readOnly: false, targetPath: request.targetPath }, never))).to.have.property('reason', 'Invalid');
    const block: PublishRequest = { ...request, targetPath: join(bench.folder, 'device'), use: { ...filesystem, volumeMode: 'Block' } };
    await bench.node.publish(block, never);
    expect((await stat(block.targetPath)).isBlockDevice()).to.equal(true);
    await bench.node.unpublish(volume.id, block.targetPath, never);
  });

  it('leaves to other nodes of the computer what they have mounted', async () => {
    const volume = await create();
    const [one, two] = [await benchOf(), await benchOf()];
    // Drivers of their own, as in the processes of two agents.
    const [first, second] = [disks.node({ agentDir: one.folder }), disks.node({ agentDir: two.folder })];
    const [here, there] = [await one.request(volume), await two.request(volume)];
    for (const [node, request] of [[first, here], [second, there]] as const) {
      await node.stage(request, never);
      await node.publish(request, never);
    }
    expect(await failure(first.unstage(volume.id, here.stagingPath, never))).to.have.property('message', `volume ${volume.id} is still mounted at ${here.targetPath}`);
    await first.unpublish(volume.id, here.targetPath, never);
    await first.unstage(volume.id, here.stagingPath, never);
    await writeFile(join(there.targetPath, 'file'), 'x');
    await second.unpublish(volume.id, there.targetPath, never);
    await second.unstage(volume.id, there.stagingPath, never);
  });

  it('mounts a partition that the volume names, and unmounts it without its name', async function () {
    const lack = unmet(program('sfdisk', 'fdisk'));
    if (lack !== undefined) skipBecause(this, lack);
    const volume = await create(64n * MIB);
    const device = await deviceOf(volume);
    await runCommand('sh', ['-c', `printf 'start=2048, size=65536, type=83\n' | sfdisk -q ${device}`], never);
    await runCommand('losetup', ['--detach', device], never);
    await disks.pullOut(volume.id);
    const { output } = await runCommand('losetup', ['--find', '--show', '--partscan', join(disks.disks.folder, `${volume.id}.disk`)], never);
    await runCommand('ln', ['-s', output.trim(), disks.link(volume.id)], never);
    const partitioned = { ...disks.finder, find: async (id: string, hints: { readonly volumeContext: Readonly<Record<string, string>> }, signal: AbortSignal) => {
      const whole = await disks.finder.find(id, { volumeContext: {}, publishContext: {} }, signal);
      return whole === undefined || hints.volumeContext['partition'] === undefined ? whole : `${whole}p1`;
    } };
    const bench = await benchOf({ finder: partitioned });
    const request = { ...(await bench.request(volume)), volumeContext: { partition: '1' } };
    if (await stat(`${output.trim()}p1`).then(() => false, () => true)) skipBecause(this, 'this kernel shows no partitions of loop devices here');
    await bench.node.stage(request, never);
    await bench.node.publish(request, never);
    await writeFile(join(request.targetPath, 'file'), 'x');
    await bench.takeAway(request);
    expect(mountAt(await readMounts(), request.stagingPath)).to.equal(undefined);
  });
});
