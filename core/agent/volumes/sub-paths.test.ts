import { mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigMap } from '#core/api/schema/core-v1/config.ts';
import { systemClock } from '#core/kernel/clock.ts';
import { never, podWith, rejection, VolumeNode } from '#test/fixtures/node-volumes.ts';
import { linux, mounting, requires } from '#test/fixtures/requires.ts';
import { mountsWithin, readMounts } from './system/mount-table.ts';
import { Mounter } from './system/mounter.ts';
import { runProgram, type RunProgram } from './system/run-program.ts';

describe('subPath', () => {
  before(requires(linux));

  let node: VolumeNode;
  let root: string;
  const pod = podWith([{ emptyDir: {} }], { uid: 'p1' });

  const begin = async (able: boolean): Promise<void> => {
    node = await VolumeNode.make({ mounter: new Mounter({ able }), clock: systemClock });
    root = (await node.volumes.prepare(pod, never)).get('v0')?.hostPath ?? '';
  };
  afterEach(async () => {
    if (node === undefined) return;
    await new Mounter({ able: true }).unmountWithin(node.folder, never);
    await node.remove();
  });

  const fix = (path: string, more: object = {}) => node.volumes.subPath({ podUid: 'p1', container: 'c', index: 0, volume: 'v0', hostPath: root, path, ...more }, never);

  describe('in a volume', () => {
    beforeEach(() => begin(false));

    it('makes missing folders, as open to the pod as the volume', async () => {
      const path = await fix('a/b');
      expect([path, (await stat(path)).mode & 0o777, (await stat(join(root, 'a'))).mode & 0o777]).to.deep.equal([join(root, 'a/b'), 0o777, 0o777]);
      await writeFile(join(path, 'file'), 'x');
      expect(await readFile(await fix('./a//b/file'), 'utf8')).to.equal('x');
    });

    it('follows links that stay within, such as those of a ConfigMap', async () => {
      await node.client.create(ConfigMap, { metadata: { namespace: 'default', name: 'conf' }, data: { 'app.conf': 'x' } });
      const hostPath = (await node.volumes.prepare(podWith([{ configMap: { name: 'conf' } }], { uid: 'p2' }), never)).get('v0')?.hostPath ?? '';
      expect(await readFile(await fix('app.conf', { podUid: 'p2', hostPath }), 'utf8')).to.equal('x');
      await mkdir(join(root, 'real/deep'), { recursive: true });
      await symlink('../real/./deep', join(root, 'real/link'));
      expect(await fix('real/link/new')).to.equal(join(root, 'real/deep/new'));
    });

    it('refuses what leads out', async () => {
      await symlink('/etc', join(root, 'absolute'));
      await symlink('../../../../../../../../etc', join(root, 'relative'));
      await symlink('loop', join(root, 'loop'));
      await writeFile(join(root, 'file'), '');
      for (const path of ['absolute', 'absolute/passwd', 'relative', 'relative/passwd', 'loop', 'file/x', '../x', 'a/../../x', '/etc', 'a\0b']) {
        expect((await rejection(fix(path))).message, path).to.match(/^failed to prepare subPath for volumeMount "v0" of container "c": ".*" (leads|must)/);
      }
    });
  });

  describe('that is mounted', () => {
    before(requires(...mounting));
    beforeEach(() => begin(true));

    it('stays what it was when it was looked at, whatever the pod puts in its place', async () => {
      await mkdir(join(root, 'data'));
      await writeFile(join(root, 'data/file'), 'the pod\'s');
      const path = await fix('data');
      expect(path).to.equal(join(node.folder, 'pods/p1/volume-subpaths/v0/c/0'));
      await rename(join(root, 'data'), join(root, 'away'));
      await symlink('/etc', join(root, 'data'));
      expect(await readFile(join(path, 'file'), 'utf8')).to.equal('the pod\'s');
      expect((await rejection(fix('data'))).message).to.contain('leads out of its volume');
    });

    it('is what was looked at, though the pod changes it before the mount', async () => {
      await mkdir(join(root, 'data'));
      await writeFile(join(root, 'data/file'), 'the pod\'s');
      const swapping: RunProgram = async (program, args, signal) => {
        if (program === 'mount') {
          await rename(join(root, 'data'), join(root, 'away'));
          await symlink('/etc', join(root, 'data'));
        }
        return runProgram(program, args, signal);
      };
      await node.restart({ mounter: new Mounter({ able: true, run: swapping }) });
      expect(await readFile(join(await fix('data'), 'file'), 'utf8')).to.equal('the pod\'s');
    });

    it('is bound once, again when it became another, and gone with the pod', async () => {
      await writeFile(join(root, 'file'), 'old');
      expect([await readFile(await fix('file'), 'utf8'), await readFile(await fix('file'), 'utf8')]).to.deep.equal(['old', 'old']);
      const mounts = async () => mountsWithin(await readMounts(), node.folder).length;
      expect(await mounts()).to.equal(1);
      await rm(join(root, 'file'));
      await mkdir(join(root, 'file'));
      await node.restart();
      expect((await stat(await fix('file'))).isDirectory()).to.equal(true);
      await fix('file', { index: 1 });
      expect(await mounts()).to.equal(2);
      await node.volumes.release('p1', never);
      expect([await mounts(), await node.left()]).to.deep.equal([0, []]);
    });
  });
});
