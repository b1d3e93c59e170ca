import { randomUUID } from 'node:crypto';
import { chmod, copyFile, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '#core/kernel/clock.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { ProviderError } from '#core/spi/errors.ts';
import type { CreateVolumeRequest } from '#core/spi/volume-driver.ts';
import { recordingLogger } from '#test/fixtures/recording-logger.ts';
import { diskFiles } from './files.ts';
import { Kernel } from './kernel-state.ts';
import type { Machine } from './machine.ts';
import { LocalPools } from './pools.ts';
import { LocalVolumeDriver } from './volume-driver.ts';
import { MIB, never, Platform, volumeRequest } from './test-platform.ts';

describe('LocalVolumeDriver', () => {
  let platform: Platform;
  beforeEach(async () => {
    platform = await Platform.make();
  });
  afterEach(() => platform.remove());

  const failureOf = async (promise: Promise<unknown>): Promise<ProviderError> => {
    const error = await promise.then(() => undefined, (failure: unknown) => failure);
    if (!ProviderError.is(error)) throw new Error('expected a ProviderError', { cause: error });
    return error;
  };
  const failsWith = async (promise: Promise<unknown>, reason: string, ...words: string[]): Promise<void> => {
    const error = await failureOf(promise);
    expect(error.reason, error.message).to.equal(reason);
    for (const word of words) expect(error.message).to.include(word);
  };
  const create = (change: Partial<CreateVolumeRequest> = {}) => platform.driver.create(volumeRequest(change), never);

  describe('on the disk', () => {
    it('stores a sparse image of exactly the capacity and a record, for nobody else to read', async () => {
      const request = volumeRequest({ capacity: { required: 1024n * MIB + 1n } });
      const { id, capacity } = await platform.driver.create(request, never);
      expect([id, capacity]).to.deep.equal([request.name, 1025n * MIB]);
      const image = await stat(join(platform.root, id, 'volume.img'));
      expect([BigInt(image.size), image.blocks]).to.deep.equal([capacity, 0]);
      expect(JSON.parse(await readFile(join(platform.root, id, 'volume.json'), 'utf8'))).to.deep.include({ version: 1, name: id, owner: request.owner, capacity: String(capacity), enforced: true, parameters: {} });
      for (const path of ['.', id, `${id}/volume.img`, `${id}/volume.json`]) expect((await stat(join(platform.root, path))).mode & 0o077, path).to.equal(0);
    });

    it('keeps to a limit that is no multiple of 1 MiB, and to whole blocks', async () => {
      expect((await create({ capacity: { required: 1_000_000n, limit: 1_003_520n } })).capacity).to.equal(1_003_520n);
      await failsWith(create({ capacity: { required: 1_000_001n, limit: 1_000_002n } }), 'Invalid', '4096');
      await failsWith(create({ capacity: { required: 0n } }), 'Invalid', 'at least one byte');
    });

    it('stores volumes of a class with nodePath there, and finds them by their id', async () => {
      const { id } = await create({ provisioner: 'rancher.io/local-path', parameters: { nodePath: platform.other } });
      expect(await readdir(platform.other)).to.include(id);
      expect((await platform.again().driver.find(id, never))?.id).to.equal(id);
      await platform.again().driver.delete(id, never);
      expect(await platform.stored()).to.deep.equal([]);
    });

    it('counts the volumes of before a restart', async () => {
      await create({ capacity: { required: 1000n * MIB } });
      await create({ capacity: { required: 500n * MIB }, parameters: { enforceCapacity: 'false' } });
      const [report] = await platform.again().driver.capacity({}, never);
      expect(report).to.deep.equal({ topology: { 'kubernetes.io/hostname': 'node-1' }, available: 548n * MIB });
    });

    it('fills the pool and no more, however many ask at once', async () => {
      const results = await Promise.allSettled(Array.from({ length: 40 }, () => create({ capacity: { required: 100n * MIB } })));
      expect(results.filter(({ status }) => status === 'fulfilled').length).to.equal(20);
      for (const result of results) if (result.status === 'rejected') expect(ProviderError.is(result.reason, 'Exhausted'), String(result.reason)).to.equal(true);
      expect((await platform.stored()).length).to.equal(20);
    });

    it('tries again after a folder of volumes could not be used', async () => {
      await rm(platform.other, { recursive: true });
      await failsWith(create(), 'Unavailable', platform.other);
      await mkdir(platform.other, { mode: 0o700 });
      await create();
    });
  });

  describe('refuses', () => {
    const cases: readonly [string, Partial<CreateVolumeRequest>, string, string][] = [
      ['another provisioner', { provisioner: 'ebs.csi.aws.com' }, 'Invalid', 'ebs.csi.aws.com'],
      ['a name that is not of the owner', { name: 'pvc-somebody-else' }, 'Invalid', 'another UID'],
      ['ReadWriteMany', { use: { accessModes: ['ReadWriteOnce', 'ReadWriteMany'], volumeMode: 'Filesystem', mountOptions: [] } }, 'Invalid', 'ReadWriteMany'],
      ['ReadOnlyMany', { use: { accessModes: ['ReadOnlyMany'], volumeMode: 'Filesystem', mountOptions: [] } }, 'Invalid', 'ReadOnlyMany'],
      ['xfs', { use: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem', fsType: 'xfs', mountOptions: [] } }, 'Invalid', 'ext4 only'],
      ['a device that is a folder', { parameters: { enforceCapacity: 'false' }, use: { accessModes: ['ReadWriteOnce'], volumeMode: 'Block', mountOptions: [] } }, 'Invalid', 'Block'],
      ['a source', { source: { kind: 'volume', id: 'pvc-other' } }, 'Invalid', 'another volume'],
      ['a word for a boolean', { parameters: { enforceCapacity: 'yes' } }, 'Invalid', 'enforceCapacity'],
      ['a path that the machine does not allow', { parameters: { nodePath: '/etc' } }, 'Invalid', '/etc'],
      ['a path that leads to an allowed one', { parameters: { nodePath: '/etc/../tmp' } }, 'Invalid', 'nodePath'],
      ['path patterns', { parameters: { pathPattern: '{{ .PVC.Name }}' } }, 'Invalid', 'pathPattern'],
      ['another affinity', { parameters: { nodeAffinityKey: 'rack' } }, 'Invalid', 'nodeAffinityKey'],
      ['another machine', { topology: { requisite: [{ 'kubernetes.io/hostname': 'node-2' }], preferred: [] } }, 'Exhausted', 'node-1'],
      ['a zone that it does not know', { topology: { requisite: [{ 'kubernetes.io/hostname': 'node-1', 'topology.kubernetes.io/zone': 'a' }], preferred: [] } }, 'Exhausted', 'node-1'],
    ];
    for (const [what, change, reason, word] of cases) {
      it(what, async () => {
        await failsWith(create(change), reason, word);
        expect(await platform.stored()).to.deep.equal([]);
      });
    }

    it('images on a machine that cannot mount them, but not plain folders', async () => {
      const lack = { reason: 'mounting volumes needs root, and this process is not root', remedy: 'sudo npm start' };
      const machine: Machine = { mountLack: async () => lack, enforceLack: async () => lack };
      const unable = platform.again({ machine });
      await failsWith(unable.driver.create(volumeRequest(), never), 'Invalid', 'not root', 'sudo npm start', 'enforceCapacity: "false"');
      expect((await unable.driver.capacity({}, never))[0]?.available).to.equal(0n);
      const { id, context } = await unable.driver.create(volumeRequest({ parameters: { enforceCapacity: 'false' } }), never);
      expect(context).to.deep.equal({ capacityEnforced: 'false' });
      expect((await stat(join(platform.root, id, 'data'))).mode & 0o777).to.equal(0o700);
    });
  });

  it('takes the same class, differently written, for the same', async () => {
    const request = volumeRequest();
    const volume = await platform.driver.create(request, never);
    expect(await platform.driver.create({ ...request, parameters: { enforceCapacity: 'true', nodeAffinityKey: 'kubernetes.io/hostname' } }, never)).to.deep.equal(volume);
    await failsWith(platform.driver.create({ ...request, parameters: { nodePath: platform.other } }, never), 'AlreadyExists', 'other parameters');
    await failsWith(platform.driver.create({ ...request, use: { ...request.use, volumeMode: 'Block' } }, never), 'AlreadyExists', 'Filesystem');
  });

  it('serves all nodes of the machine alike, and guests that find what it made', async () => {
    const parts = { kernel: new Kernel(), machine: { mountLack: async () => undefined, enforceLack: async () => undefined }, clock: systemClock, nodeName: 'node-1' };
    const driver = new LocalVolumeDriver({ ...parts, pools: platform.pools, nodeNames: ['node-1', 'node-2'] });
    const on = (name: string) => ({ 'kubernetes.io/hostname': name });
    const { id, topology } = await driver.create(volumeRequest({ topology: { requisite: [on('node-2')], preferred: [] } }), never);
    expect(topology).to.deep.equal([on('node-1'), on('node-2')]);
    expect((await driver.capacity({}, never)).map((report) => report.topology)).to.deep.equal([on('node-1'), on('node-2')]);
    await failsWith(driver.create(volumeRequest({ topology: { requisite: [on('node-3')], preferred: [] } }), never), 'Exhausted', 'node-1, node-2');

    const halfMade = join(platform.root, '.creating', `pvc-${randomUUID()}`);
    await mkdir(halfMade);
    const guest = new LocalPools({ root: platform.root, isGuest: true }, diskFiles, systemClock, silentLogger);
    expect((await guest.find(id))?.record.name).to.equal(id);
    expect(await readdir(join(platform.root, '.creating'))).to.have.length(1);
    await platform.again().pools.open();
    expect(await readdir(join(platform.root, '.creating'))).to.deep.equal([]);
  });

  describe('leaves alone', () => {
    const victim = (): string => join(platform.folder, 'victim');
    beforeEach(async () => {
      await platform.pools.open();
      await mkdir(join(victim(), 'data'), { recursive: true });
      for (const file of ['volume.img', 'volume.json', 'data/precious']) await writeFile(join(victim(), file), 'precious');
    });
    const expectVictimWhole = async (): Promise<void> => {
      expect((await readdir(victim(), { recursive: true })).sort()).to.deep.equal(['data', 'data/precious', 'volume.img', 'volume.json']);
    };

    it('what a link in the place of a volume leads to', async () => {
      const request = volumeRequest();
      await symlink(victim(), join(platform.root, request.name));
      await failsWith(platform.driver.create(request, never), 'AlreadyExists', 'link');
      await failsWith(platform.driver.delete(request.name, never), 'Invalid', 'link');
      await failsWith(platform.driver.find(request.name, never), 'Invalid', 'link');
      await expectVictimWhole();
    });

    it('what a link in the place of an image, a record or a folder leads to', async () => {
      for (const [parameters, file] of [[{}, 'volume.img'], [{}, 'volume.json'], [{ enforceCapacity: 'false' }, 'data']] as const) {
        const { id } = await create({ parameters });
        const path = join(platform.root, id, file);
        if (file === 'volume.json') await copyFile(path, join(victim(), file));
        await rm(path, { recursive: true });
        await symlink(join(victim(), file), path);
        await failsWith(platform.driver.delete(id, never), 'Invalid', 'link');
        expect((await lstat(path)).isSymbolicLink()).to.equal(true);
      }
      await expectVictimWhole();
    });

    it('what a link inside a plain folder leads to', async () => {
      const { id } = await create({ parameters: { enforceCapacity: 'false' } });
      await symlink(victim(), join(platform.root, id, 'data', 'link'));
      await platform.driver.delete(id, never);
      expect(await platform.stored()).to.deep.equal([]);
      await expectVictimWhole();
    });

    it('what links in its working folders lead to', async () => {
      for (const place of ['.creating', '.trash']) await symlink(victim(), join(platform.root, place, 'pvc-link'));
      await platform.again().pools.open();
      expect(await platform.stored()).to.deep.equal([]);
      await expectVictimWhole();
      await rm(join(platform.root, '.trash'), { recursive: true });
      await symlink(victim(), join(platform.root, '.trash'));
      await failsWith(platform.again().driver.delete('pvc-a', never), 'Unavailable', '.trash');
      await expectVictimWhole();
    });

    it('a volume of another claim, and one without a record', async () => {
      const [one, two] = [await create(), await create()];
      await rm(join(platform.root, two.id), { recursive: true });
      await rename(join(platform.root, one.id), join(platform.root, two.id));
      await failsWith(platform.driver.delete(two.id, never), 'Invalid', one.id);
      const record = join(platform.root, two.id, 'volume.json');
      const text = await readFile(record, 'utf8');
      for (const [from, to] of [[`"name": "${one.id}"`, `"name": "${two.id}"`], [`"uid": "${one.id.slice(4)}"`, `"uid": "${two.id.slice(4)}"`]] as const) {
        await writeFile(record, text.replace(from, to));
        await failsWith(platform.driver.delete(two.id, never), 'Invalid', one.id.slice(4));
      }
      for (const text of ['', '{', 'null', '[]', '{"version":2}', `{"version":1,"name":"${two.id}","owner":{"uid":"${two.id.slice(4)}"},"capacity":"-1"}`]) {
        await writeFile(record, text);
        await failsWith(platform.driver.delete(two.id, never), 'Invalid', 'damaged');
      }
      await rm(record);
      await failsWith(platform.driver.delete(two.id, never), 'Invalid', 'no record');
      expect(await readdir(join(platform.root, two.id))).to.deep.equal(['volume.img']);
    });

    it('folders into which others may write', async () => {
      await chmod(platform.other, 0o777);
      await failsWith(platform.again().driver.create(volumeRequest(), never), 'Unavailable', `chmod go-w ${platform.other}`);
    });

    it('what else is in the folder of volumes', async () => {
      for (const name of ['notes', 'pvc-a_default_claim', '.creating/notes', '.trash/notes']) await mkdir(join(platform.root, name));
      const { id } = await platform.again().driver.create(volumeRequest(), never);
      await platform.again().driver.delete(id, never);
      expect(await platform.stored()).to.deep.equal(['notes', 'notes', 'notes', 'pvc-a_default_claim']);
    });

    it('volumes that something holds', async () => {
      const { id } = await create();
      const image = join(platform.root, id, 'volume.img');
      const mount = { device: '8:1', root: '/elsewhere', path: join(platform.root, id, 'mounted'), readOnly: false, fsType: 'ext4' };
      const held = [{ loops: [{ path: '/dev/loop7', device: '7:7', image }], mounts: [] }, { loops: [], mounts: [mount] }];
      for (const state of held) await failsWith(platform.again({ kernel: new Kernel(async () => state) }).driver.delete(id, never), 'Unavailable', 'in use');
      expect(await platform.stored()).to.deep.equal([id]);
    });
  });

  it('ends at once when aborted, and lets what it cannot stop end before the next call', async () => {
    const removal = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const remove = async (path: string): Promise<void> => {
      begun.resolve();
      await removal.promise;
      await diskFiles.remove(path);
    };
    const slow = platform.again({ files: { ...diskFiles, remove } });
    const { id } = await create();
    const [controller, reason] = [new AbortController(), new Error('stop')];
    const deletion = slow.driver.delete(id, controller.signal);
    await begun.promise;
    controller.abort(reason);
    expect(await deletion.catch((error: unknown) => error)).to.equal(reason);
    const next = slow.driver.delete(id, never);
    expect(await platform.stored()).to.deep.equal([id]);
    removal.resolve();
    await next;
    expect(await platform.stored()).to.deep.equal([]);
  });

  it('clears away at the start what a crash left, and says so when it cannot', async () => {
    await platform.pools.open();
    for (const place of ['.creating', '.trash']) await mkdir(join(platform.root, place, 'pvc-left', 'data', 'deep'), { recursive: true });
    await platform.again().pools.open();
    expect(await platform.stored()).to.deep.equal([]);
    await mkdir(join(platform.root, 'pvc-odd'));
    await writeFile(join(platform.root, 'pvc-odd', 'volume.json'), '{}');
    const log = recordingLogger();
    await platform.again({ log }).pools.open();
    expect(log.at('warn').map(({ fields }) => fields['path'])).to.deep.equal([join(platform.root, 'pvc-odd')]);
  });
});
