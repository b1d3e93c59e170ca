import { open, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import type { Volume } from '#core/spi/volume-driver.ts';
import { NodeBench } from '#test/conformance/volume-driver-bench.ts';
import { mountingImages, requires } from '#test/fixtures/requires.ts';
import { runCommand } from '#plugins/volumes/block-device/block-device.module.ts';
import type { Machine } from './machine.ts';
import { readLoopDevices } from './loop-devices.ts';
import { never, Platform, volumeRequest } from './test-platform.ts';

describe('LocalNodeVolumeDriver', function () {
  this.timeout(120_000);
  before(requires(...mountingImages));
  let platform: Platform;
  let bench: NodeBench;
  beforeEach(async () => {
    platform = await Platform.make();
    bench = await NodeBench.make(platform.node);
  });
  afterEach(async () => {
    try {
      await bench.clear();
    } finally {
      await platform.remove();
    }
  });

  const create = (): Promise<Volume> => platform.driver.create(volumeRequest(), never);
  const imageOf = ({ id }: Volume): string => join(platform.root, id, 'volume.img');
  const loopsOf = async (volume: Volume): Promise<string[]> => (await readLoopDevices()).filter(({ image }) => image === imageOf(volume)).map(({ path }) => path);
  const expectRefusal = async (promise: Promise<unknown>, reason: string, word: string): Promise<void> => {
    const error = await promise.then(() => undefined, (failure: unknown) => failure);
    expect(ProviderError.is(error) ? error.reason : error, String(error)).to.equal(reason);
    expect(error).to.have.property('message').that.includes(word);
  };

  it('takes up an image that was attached before', async () => {
    const volume = await create();
    const { output } = await runCommand('losetup', ['--find', '--show', imageOf(volume)], never);
    await bench.bring(volume);
    expect(await loopsOf(volume)).to.deep.equal([output.trim()]);
  });

  it('detaches every device of the image', async () => {
    const volume = await create();
    const request = await bench.bring(volume);
    await runCommand('losetup', ['--find', imageOf(volume)], never);
    expect((await loopsOf(volume)).length).to.equal(2);
    await bench.takeAway(request);
    expect(await loopsOf(volume)).to.deep.equal([]);
  });

  it('formats no image that holds data, and leaves it detached', async () => {
    const volume = await create();
    await overwrite(imageOf(volume), 'not a file system');
    await expectRefusal(bench.bring(volume), 'Invalid', 'holds data');
    expect((await readFile(imageOf(volume))).toString('utf8', 0, 17)).to.equal('not a file system');
    expect(await loopsOf(volume)).to.deep.equal([]);
    await platform.driver.delete(volume.id, never);
  });

  it('formats no image that holds another file system', async () => {
    const volume = await create();
    await runCommand('mkfs.ext4', ['-q', '-F', '-O', '^has_journal,^extent', '-t', 'ext2', imageOf(volume)], never);
    await expectRefusal(bench.bring(volume), 'Invalid', 'ext2');
  });

  it('formats again what was interrupted while being formatted', async () => {
    const volume = await create();
    await overwrite(imageOf(volume), 'half a file system');
    await writeFile(join(platform.root, volume.id, 'formatting'), '');
    const { targetPath } = await bench.bring(volume);
    await writeFile(join(targetPath, 'file'), 'x');
    expect(await stat(join(platform.root, volume.id, 'formatting')).catch(() => 'gone')).to.equal('gone');
  });

  it('refuses options that would mount something else', async () => {
    const volume = await create();
    const request = await bench.request(volume);
    for (const option of ['bind', 'remount', 'loop=/dev/loop0', 'noatime,remount', 'X-mount.mkdir', 'offset=4096', '', '--bind', 'a b']) {
      await expectRefusal(bench.node.stage({ ...request, use: { ...request.use, mountOptions: [option] } }, never), 'Invalid', 'mount option');
    }
    await bench.node.stage({ ...request, use: { ...request.use, mountOptions: ['noatime', 'commit=30'] } }, never);
    expect(await readFile('/proc/self/mountinfo', 'utf8')).to.match(new RegExp(`${request.stagingPath} \\S*noatime.*commit=30`));
  });

  it('makes read-only what was interrupted before it became so', async () => {
    const request = await bench.bring(await create());
    await bench.node.publish({ ...request, readOnly: true }, never);
    expect(await writeFile(join(request.targetPath, 'file'), 'x').catch((error: NodeJS.ErrnoException) => error.code)).to.equal('EROFS');
    await expectRefusal(bench.node.publish(request, never), 'Invalid', 'read-only');
  });

  it('mounts on no link', async () => {
    const volume = await create();
    const request = await bench.request(volume);
    const link = join(bench.folder, 'link');
    await symlink(platform.root, link);
    await expectRefusal(bench.node.stage({ ...request, stagingPath: link }, never), 'Invalid', 'link');
    await bench.node.stage(request, never);
    await expectRefusal(bench.node.publish({ ...request, targetPath: link }, never), 'Invalid', 'link');
    await expectRefusal(bench.node.publish({ ...request, targetPath: `${bench.folder}/a/../b` }, never), 'Invalid', 'absolute path');
  });

  it('removes no folder that holds something', async () => {
    const volume = await create();
    const request = await bench.request(volume);
    const file = join(bench.folder, 'file');
    await writeFile(file, 'precious');
    await expectRefusal(bench.node.unpublish(volume.id, bench.folder, never), 'Invalid', 'holds something');
    await expectRefusal(bench.node.unpublish(volume.id, file, never), 'Invalid', 'holds something');
    expect(await readFile(file, 'utf8')).to.equal('precious');
    await bench.takeAway(request);
  });

  it('brings many volumes at once, each on a device of its own', async () => {
    const volumes = await Promise.all(Array.from({ length: 6 }, create));
    const requests = await Promise.all(volumes.map((volume) => bench.bring(volume)));
    await Promise.all(requests.map(({ targetPath, volumeId }) => writeFile(join(targetPath, 'file'), volumeId)));
    for (const { targetPath, volumeId } of requests) expect(await readFile(join(targetPath, 'file'), 'utf8')).to.equal(volumeId);
    await Promise.all(requests.map((request) => bench.takeAway(request)));
    expect((await Promise.all(volumes.map(loopsOf))).flat()).to.deep.equal([]);
  });

  it('unstages nothing while a pod has it', async () => {
    const volume = await create();
    const request = await bench.bring(volume);
    await expectRefusal(bench.node.unstage(volume.id, request.stagingPath, never), 'Unavailable', request.targetPath);
    await bench.node.unstage(volume.id, bench.folder, never);
    await writeFile(join(request.stagingPath, 'file'), 'x');
    expect(await readFile(join(request.targetPath, 'file'), 'utf8')).to.equal('x');
  });

  it('finds the state again after a restart of the process', async () => {
    const volume = await create();
    const request = await bench.bring(volume);
    await writeFile(join(request.targetPath, 'file'), 'x');
    const restarted = platform.again();
    await restarted.node.stage(request, never);
    await restarted.node.publish(request, never);
    await expectRefusal(restarted.driver.delete(volume.id, never), 'Unavailable', 'in use');
    await restarted.node.unpublish(volume.id, request.targetPath, never);
    await restarted.node.unstage(volume.id, request.stagingPath, never);
    await restarted.driver.delete(volume.id, never);
    expect(await platform.stored()).to.deep.equal([]);
  });

  it('says what the machine lacks', async () => {
    const request = await bench.request(await create());
    const lack = async () => ({ reason: 'the program mount is not installed', remedy: 'apt-get install mount' });
    const machine: Machine = { mountLack: lack, enforceLack: lack };
    await expectRefusal(platform.again({ machine }).node.stage(request, never), 'Invalid', 'apt-get install mount');
  });
});

async function overwrite(path: string, text: string): Promise<void> {
  await using file = await open(path, 'r+');
  await file.write(text, 0);
  await file.sync();
}
