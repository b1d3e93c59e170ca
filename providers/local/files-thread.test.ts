import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { execa } from 'execa';
import { errorCode } from '#plugins/volumes/block-device/block-device.module.ts';
import { FilesThread } from './files-thread.ts';

describe('FilesThread', () => {
  let folder: string;
  let thread: FilesThread;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-files-'));
    thread = new FilesThread();
  });
  afterEach(async () => {
    await thread.close();
    await rm(folder, { recursive: true });
  });

  it('makes, moves, measures and removes', async () => {
    const { files } = thread;
    const before = await files.space(folder);
    await files.build?.(join(folder, 'made'), { text: { text: 'ü\n' }, image: { bytes: 1n << 40n }, below: 'folder' });
    await files.move(join(folder, 'made'), join(folder, 'moved'));
    await files.syncFolder(folder);
    expect((await readdir(join(folder, 'moved'))).sort()).to.deep.equal(['below', 'image', 'text']);
    expect(await readFile(join(folder, 'moved', 'text'), 'utf8')).to.equal('ü\n');
    expect((await stat(join(folder, 'moved', 'image'))).size).to.equal(2 ** 40);
    expect((await stat(join(folder, 'moved'))).mode & 0o777).to.equal(0o700);
    expect((await files.space(folder)).total).to.equal(before.total);
    await files.remove(join(folder, 'moved'));
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('says what the system said, and where', async () => {
    const { files } = thread;
    await mkdir(join(folder, 'there'));
    const failure: unknown = await files.build?.(join(folder, 'there'), {}).catch((error: unknown) => error);
    expect(errorCode(failure)).to.equal('EEXIST');
    expect(failure).to.be.instanceOf(Error).with.property('message').that.includes(join(folder, 'there'));
    expect(failure).to.include({ syscall: 'mkdir', path: join(folder, 'there') });
    expect(errorCode(await files.move(join(folder, 'nothing'), folder).catch((error: unknown) => error))).to.equal('ENOENT');
  });

  it('does many errands at a time, waits for them at its end, and begins anew afterwards', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `v${index}`);
    const made = Promise.all(names.map(async (name) => thread.files.build?.(join(folder, name), { text: { text: name } })));
    await thread.close();
    await made;
    expect(await readdir(folder)).to.have.length(50);
    await Promise.all(names.map((name) => thread.files.remove(join(folder, name))));
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it('does what is asked of it while it ends', async () => {
    const first = thread.files.build?.(join(folder, 'first'), {});
    const closed = thread.close();
    const names = Array.from({ length: 200 }, (_, index) => `f${index}`);
    const second = thread.files.build?.(join(folder, 'second'), Object.fromEntries(names.map((name) => [name, { text: name }])));
    await closed;
    await Promise.all([first, second]);
    expect(await readdir(join(folder, 'second'))).to.have.length(200);
  });

  it('keeps no process from its end, but lets it finish what is under way', async () => {
    const program = `import { FilesThread } from ${JSON.stringify(join(import.meta.dirname, 'files-thread.ts'))};
      const { files } = new FilesThread();
      await files.build(${JSON.stringify(join(folder, 'first'))}, {});
      void files.build(${JSON.stringify(join(folder, 'second'))}, { text: { text: 'whole' } });`;
    await execa(process.execPath, ['--input-type=module', '--disable-warning=ExperimentalWarning', '--eval', program], { cwd: join(import.meta.dirname, '..', '..'), timeout: 20_000 });
    expect(await readFile(join(folder, 'second', 'text'), 'utf8')).to.equal('whole');
  });
});
