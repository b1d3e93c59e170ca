import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pruneCompileCache, type CompileCacheBounds } from './compile-cache.ts';

const own = `${process.version}-${process.arch}-1c717fce-0`;
const other = `v20.0.0-${process.arch}-1c717fce-0`;
const bounds: CompileCacheBounds = { bytes: 10 * 4096, keepMs: 100_000, keepOthersMs: 10_000, everyMs: 5000 };

describe('pruneCompileCache', () => {
  let dir: string;
  let folder: string;
  const now = Date.now();
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'keelson-compile-cache-'));
    folder = join(dir, '.cache', 'keelson');
    for (const version of [own, other]) await mkdir(join(folder, version), { recursive: true });
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  const put = async (version: string, name: string, agoMs: number, bytes = 10): Promise<void> => {
    await writeFile(join(folder, version, name), 'x'.repeat(bytes));
    const used = new Date(now - agoMs);
    await utimes(join(folder, version, name), used, used);
  };
  const left = async (): Promise<string[]> => [...await readdir(join(folder, own)), ...await readdir(join(folder, other))].sort();

  it('removes what has not been used for long, sooner when another Node compiled it', async () => {
    await put(own, 'used', 50_000);
    await put(own, 'unused', 150_000);
    await put(other, 'others', 5000);
    await put(other, 'others-old', 50_000);
    await pruneCompileCache(folder, bounds, now);
    expect(await left()).to.deep.equal(['others', 'used']);
  });

  it('removes what was used longest ago when there is too much', async () => {
    for (let i = 0; i < 12; i++) await put(own, `e${String(i).padStart(2, '0')}`, 1000 * i, 100);
    await pruneCompileCache(folder, bounds, now);
    expect(await left()).to.deep.equal(['e00', 'e01', 'e02', 'e03', 'e04', 'e05', 'e06']);
  });

  it('looks through the folder once in a while only', async () => {
    await pruneCompileCache(folder, bounds, now);
    await put(own, 'unused', 150_000);
    await pruneCompileCache(folder, bounds, now + 1000);
    expect(await left()).to.deep.equal(['unused']);
    await pruneCompileCache(folder, bounds, now + 6000);
    expect(await left()).to.deep.equal([]);
  });

  it('leaves the folders of others alone', async () => {
    const foreign = join(dir, '.cache', 'somebody');
    await mkdir(join(foreign, own), { recursive: true });
    await writeFile(join(foreign, own, 'x'), 'x');
    await pruneCompileCache(foreign, { ...bounds, keepMs: -1, bytes: 0 }, now + 1e9);
    await pruneCompileCache(undefined, bounds, now);
    await pruneCompileCache(join(dir, 'nowhere', '.cache', 'keelson'), bounds, now);
    expect(await readdir(foreign)).to.deep.equal([own]);
    expect(await readdir(join(foreign, own))).to.deep.equal(['x']);
  });
});
