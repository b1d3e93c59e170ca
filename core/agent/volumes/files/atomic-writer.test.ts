import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { rejection } from '#test/fixtures/node-volumes.ts';
import { linux, requires, root } from '#test/fixtures/requires.ts';
import { writeAtomically, type FileContent, type Payload } from './atomic-writer.ts';

const text = (data: string, mode = 0o644): FileContent => ({ data: Buffer.from(data), mode });
const payload = (files: Record<string, string>): Payload => new Map(Object.entries(files).map(([path, data]) => [path, text(data)]));

describe('writeAtomically', () => {
  let folder: string;
  let now = Date.UTC(2026, 0, 2, 3, 4, 5);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-writer-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = (files: Record<string, string>) => writeAtomically(folder, payload(files), (now += 1000));
  const generations = async () => (await readdir(folder)).filter((name) => /^\.\.\d/.test(name));

  it('shows files through links over ..data, as upstream does', async () => {
    await write({ name: 'web', 'k8s/labels': 'a', 'k8s/deep/er': 'b' });
    expect((await readdir(folder)).filter((name) => !name.startsWith('..')).sort()).to.deep.equal(['k8s', 'name']);
    expect([await readlink(join(folder, 'name')), await readlink(join(folder, 'k8s'))]).to.deep.equal(['..data/name', '..data/k8s']);
    expect(await readlink(join(folder, '..data'))).to.match(/^\.\.2026_01_02_03_04_06\.[0-9a-f]{12}$/);
    expect(await readFile(join(folder, 'k8s/deep/er'), 'utf8')).to.equal('b');
  });

  it('changes all at once, removes what is no more, and writes nothing when nothing changed', async () => {
    expect(await write({ a: '1', b: '1', 'c/d': '1' })).to.equal(true);
    const [first] = await generations();
    expect(await write({ a: '1', b: '1', 'c/d': '1' })).to.equal(false);
    expect(await generations()).to.deep.equal([first]);
    expect(await write({ a: '2', c: 'a file now' })).to.equal(true);
    expect((await readdir(folder)).filter((name) => !name.startsWith('..')).sort()).to.deep.equal(['a', 'c']);
    expect([await readFile(join(folder, 'a'), 'utf8'), await readFile(join(folder, 'c'), 'utf8')]).to.deep.equal(['2', 'a file now']);
    expect(await generations()).to.have.length(1);
    expect(await write({})).to.equal(true);
    expect((await readdir(folder)).filter((name) => !name.startsWith('..'))).to.deep.equal([]);
  });

  it('gives files their modes whatever the umask says, and sees a mode that changed', async () => {
    const mask = process.umask(0o077);
    try {
      await writeAtomically(folder, new Map([['open', text('x', 0o644)], ['d/run', text('x', 0o755)], ['shut', text('x', 0o400)]]), now);
    } finally {
      process.umask(mask);
    }
    const modes = async () => Promise.all(['open', 'd/run', 'shut', 'd'].map(async (name) => ((await stat(join(folder, name))).mode & 0o777).toString(8)));
    expect(await modes()).to.deep.equal(['644', '755', '400', '755']);
    await writeAtomically(folder, new Map([['open', text('x', 0o600)], ['d/run', text('x', 0o755)], ['shut', text('x', 0o400)]]), now);
    expect(await modes()).to.deep.equal(['600', '755', '400', '755']);
  });

  it('refuses paths that lead out of the folder or into its own names', async () => {
    const bad = ['', '/etc/passwd', '../x', 'a/../../x', 'a/..', '..data', '...', '..2026_01_02_03_04_05.1/x', './..data', '.', './', 'a\0b', 'x'.repeat(256), `${'d/'.repeat(2048)}x`];
    for (const path of bad) expect(await rejection(write({ [path]: 'x' })), JSON.stringify(path.slice(0, 40))).to.be.instanceOf(RangeError);
    expect(await readdir(folder)).to.deep.equal([]);
    expect((await rejection(write({ a: 'x', 'a/b': 'y' }))).message).to.contain('a is to be a file, and a folder for a/b');
    await write({ 'x/..data': 'deeper down it is a name as any', __proto__: 'no' });
    expect(await readFile(join(folder, 'x/..data'), 'utf8')).to.contain('any');
  });

  it('repairs what a killed writer left, at whatever step that was', async () => {
    await write({ a: '1', gone: '1' });
    await mkdir(join(folder, '..2026_01_02_03_04_59.abcdef123456'));
    await writeFile(join(folder, '..2026_01_02_03_04_59.abcdef123456/a'), 'half');
    await symlink('..2026_01_02_03_04_59.abcdef123456', join(folder, '..data_tmp'));
    await symlink('..data/new', join(folder, 'new'));
    expect(await write({ a: '2', new: '2' })).to.equal(true);
    expect((await readdir(folder)).sort()).to.have.length(4);
    expect(await generations()).to.have.length(1);
    // The new generation is in force, but the links of the old one are not yet gone and a new one not yet there.
    await rm(join(folder, 'new'));
    await symlink('..data/gone', join(folder, 'gone'));
    expect(await write({ a: '2', new: '2' })).to.equal(false);
    expect((await readdir(folder)).filter((name) => !name.startsWith('..')).sort()).to.deep.equal(['a', 'new']);
  });

  it('puts its own in the place of what a pod put there, and follows no link out of the folder', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'keelson-outside-'));
    try {
      await writeFile(join(outside, 'a'), 'precious');
      await symlink(outside, join(folder, '..data'));
      await mkdir(join(folder, 'a'));
      await writeFile(join(folder, 'a/x'), 'in the way');
      await write({ a: '1' });
      expect(await readFile(join(folder, 'a'), 'utf8')).to.equal('1');
      expect(await readFile(join(outside, 'a'), 'utf8')).to.equal('precious');
    } finally {
      await rm(outside, { recursive: true, force: true });
    }
  });

  it('never shows a reader two generations at once, nor half a file', async () => {
    const big = (n: number) => `${n} `.repeat(20_000);
    const names = ['a', 'b', 'sub/c'];
    const at = (n: number) => Object.fromEntries(names.map((name) => [name, big(n)]));
    await write(at(0));
    let writing = true;
    let seen = 0;
    const reader = async (): Promise<void> => {
      while (writing) {
        try {
          // Who resolves ..data once reads one generation, as upstream promises.
          const data = await realpath(join(folder, '..data'));
          const texts = await Promise.all(names.map((name) => readFile(join(data, name), 'utf8')));
          expect(new Set(texts).size).to.equal(1);
          expect(texts[0]).to.equal(big(Number.parseInt(texts[0] ?? '', 10)));
          seen++;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        }
      }
    };
    const readers = Promise.all([reader(), reader(), reader()]);
    for (let n = 1; n <= 40; n++) await write(at(n));
    writing = false;
    await readers;
    expect(seen).to.be.greaterThan(20);
    expect(await readFile(join(folder, 'sub/c'), 'utf8')).to.equal(big(40));
  });

  describe('as root', () => {
    before(requires(linux, root));

    it('gives files to the group and the user that shall read them', async () => {
      await writeAtomically(folder, new Map([['s/a', { ...text('x', 0o600), user: 1234 }], ['b', text('x', 0o400)]]), now, { group: 4321 });
      const owner = async (name: string) => {
        const { uid, gid, mode } = await stat(join(folder, name));
        return [uid, gid, (mode & 0o7777).toString(8)];
      };
      expect(await owner('s/a')).to.deep.equal([1234, 4321, '640']);
      expect(await owner('b')).to.deep.equal([0, 4321, '440']);
      expect(await owner('s')).to.deep.equal([0, 4321, '2755']);
      await chmod(join(folder, 'b'), 0o777);
      expect(await writeAtomically(folder, new Map([['s/a', { ...text('x', 0o600), user: 1234 }], ['b', text('x', 0o400)]]), now, { group: 4321 })).to.equal(true);
      expect((await lstat(join(folder, 'b'))).isSymbolicLink()).to.equal(true);
      expect(await owner('b')).to.deep.equal([0, 4321, '440']);
    });
  });
});
