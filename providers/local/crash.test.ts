import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { execa } from 'execa';
import { ProviderError } from '#core/spi/errors.ts';
import type { Trouble } from './failing-files.ts';
import { FailingFiles } from './failing-files.ts';
import { diskFiles } from './files.ts';
import { MIB, never, Platform, volumeRequest } from './test-platform.ts';

const MOST_STEPS = 60;

interface Steps {
  readonly trouble: Trouble;
  readonly code?: string;
  /** Prepares the platform, without trouble. */
  readonly before?: (platform: Platform) => Promise<unknown>;
  /** What has trouble. */
  readonly call: (troubled: Platform) => Promise<unknown>;
  /** What must hold afterwards: for the platform after a restart, and for the one that had trouble. */
  readonly afterwards: (restarted: Platform, troubled: Platform, failure: Error | undefined) => Promise<void>;
}

/** Has trouble at the first step of a call, at its second, and so on, each time on a new platform; resolves to how many steps it has. */
async function atEachStep({ trouble, code = 'EIO', before, call, afterwards }: Steps): Promise<number> {
  for (let at = 1; at <= MOST_STEPS; at++) {
    const platform = await Platform.make();
    try {
      await before?.(platform);
      const failing = new FailingFiles(diskFiles, at, trouble, Object.assign(new Error(`injected ${code}`), { code }));
      const troubled = platform.again({ files: failing.files });
      const failure = await call(troubled).then(() => undefined, (error: Error) => error);
      if (!failing.happened) return at - 1;
      if (failure !== undefined) expect(ProviderError.is(failure), `${trouble} at ${failing.names[at - 1]} (step ${at}): ${String(failure)}`).to.equal(true);
      await afterwards(platform.again(), troubled, failure);
    } finally {
      await platform.remove();
    }
  }
  throw new Error(`more than ${MOST_STEPS} steps`);
}

describe('local volumes and crashes', function () {
  this.timeout(120_000);
  const request = volumeRequest({ capacity: { required: MIB } });
  const make = ({ driver }: Platform): Promise<unknown> => driver.create(request, never);
  const remove = ({ driver }: Platform): Promise<unknown> => driver.delete(request.name, never);
  const imageSize = async ({ root }: Platform, name: string): Promise<bigint> => BigInt((await stat(join(root, name, 'volume.img'))).size);

  for (const trouble of ['die', 'die after'] as const) {
    it(`makes one whole volume when asked again after a crash at any step of making it (${trouble})`, async () => {
      const steps = await atEachStep({ trouble, call: make, async afterwards(restarted) {
        const volume = await restarted.driver.create(request, never);
        expect(await restarted.stored()).to.deep.equal([request.name]);
        expect(await imageSize(restarted, volume.id)).to.equal(volume.capacity);
        expect(await restarted.driver.find(request.name, never)).to.deep.equal(volume);
        await remove(restarted);
        expect(await restarted.stored()).to.deep.equal([]);
      } });
      expect(steps).to.be.above(15);
    });

    it(`can tell and clean up what a crash at any step of making left (${trouble})`, async () => {
      await atEachStep({ trouble, call: make, async afterwards(restarted) {
        const found = await restarted.driver.find(request.name, never);
        expect(await restarted.stored()).to.deep.equal(found === undefined ? [] : [request.name]);
        if (found !== undefined) await restarted.driver.delete(found.id, never);
        expect(await restarted.stored()).to.deep.equal([]);
      } });
    });

    it(`leaves nothing of a volume when asked again after a crash at any step of removing it (${trouble})`, async () => {
      const steps = await atEachStep({ trouble, before: make, call: remove, async afterwards(restarted) {
        await remove(restarted);
        expect(await restarted.stored()).to.deep.equal([]);
        await make(restarted);
        expect(await restarted.stored()).to.deep.equal([request.name]);
      } });
      expect(steps).to.be.above(10);
    });
  }

  it('recovers without a restart from a failure at any step of making', async () => {
    await atEachStep({ trouble: 'fail', call: make, async afterwards(_restarted, troubled, failure) {
      if (failure !== undefined) expect(ProviderError.is(failure, 'Unavailable', 'Unknown'), String(failure)).to.equal(true);
      await make(troubled);
      expect(await troubled.stored()).to.deep.equal([request.name]);
      await remove(troubled);
      expect(await troubled.stored()).to.deep.equal([]);
    } });
  });

  it('recovers without a restart from a failure at any step of removing', async () => {
    await atEachStep({ trouble: 'fail', before: make, call: remove, async afterwards(_restarted, troubled) {
      await remove(troubled);
      expect(await troubled.stored()).to.deep.equal([]);
    } });
  });

  it('says Exhausted for a full disk only when it left nothing', async () => {
    const reasons = new Set<string>();
    await atEachStep({ trouble: 'fail', code: 'ENOSPC', call: make, async afterwards(_restarted, troubled, failure) {
      if (!ProviderError.is(failure)) return;
      reasons.add(failure.reason);
      if (!ProviderError.leftNothing(failure)) return;
      expect(await troubled.stored()).to.deep.equal([]);
      expect((await troubled.driver.capacity({}, never))[0]?.available).to.equal(2048n * MIB);
    } });
    expect(reasons).to.include('Exhausted');
  });

  it('answers only when all is on disk, in this order', async () => {
    const platform = await Platform.make();
    try {
      await platform.pools.open();
      const record = new FailingFiles(diskFiles, Number.POSITIVE_INFINITY, 'fail');
      const recorded = platform.again({ files: record.files });
      const writing = async (call: Promise<unknown>): Promise<string[]> => {
        const before = record.names.length;
        await call;
        return record.names.slice(before).filter((name) => !['entry', 'readText', 'space', 'list', 'realpath', 'ensureFolder'].includes(name));
      };
      expect(await writing(make(recorded))).to.deep.equal(['makeFolder', 'makeSparse', 'writeNew', 'syncFolder', 'move', 'syncFolder']);
      expect(await writing(make(recorded)), 'again').to.deep.equal(['syncFolder']);
      expect(await writing(remove(recorded))).to.deep.equal(['move', 'syncFolder', 'remove', 'remove']);
    } finally {
      await platform.remove();
    }
  });

  it('makes a removal durable when that failed at first', async () => {
    const platform = await Platform.make();
    try {
      await make(platform);
      let syncs = 0;
      const syncFolder = async (path: string): Promise<void> => {
        if (++syncs === 1) throw Object.assign(new Error('injected'), { code: 'EIO' });
        await diskFiles.syncFolder(path);
      };
      const troubled = platform.again({ files: { ...diskFiles, syncFolder } });
      expect(ProviderError.is(await remove(troubled).catch((error: unknown) => error), 'Unavailable')).to.equal(true);
      await remove(troubled);
      expect(syncs).to.equal(2);
    } finally {
      await platform.remove();
    }
  });

  it('has every acknowledged volume whole after kill -9, and makes the others when asked again', async () => {
    const platform = await Platform.make();
    try {
      const requests = Array.from({ length: 300 }, () => volumeRequest({ capacity: { required: MIB } }));
      const names = requests.map(({ name }) => name);
      for (const killAfter of [1, 40, 110, 230]) {
        const acknowledged = await createAndKill(platform, names, killAfter);
        const restarted = platform.again();
        await restarted.pools.open();
        const stored = await restarted.stored();
        expect(stored, `after a kill at ${killAfter}`).to.include.members(acknowledged);
        for (const name of stored) expect(await imageSize(platform, name)).to.equal(MIB);
      }
      const last = platform.again();
      await Promise.all(requests.map((each) => last.driver.create(each, never)));
      expect(await last.stored()).to.deep.equal(names.toSorted());
    } finally {
      await platform.remove();
    }
  });
});

/** Lets another process make the volumes and kills it at the so-many-th answer; resolves to the names that it answered for. */
async function createAndKill({ folder }: Platform, names: readonly string[], killAfter: number): Promise<string[]> {
  const script = fileURLToPath(new URL('crash-child.ts', import.meta.url));
  const child = execa(process.execPath, ['--disable-warning=ExperimentalWarning', script, folder, ...names], { reject: false, stderr: 'inherit', buffer: false });
  const acknowledged: string[] = [];
  for await (const line of child.iterable()) {
    acknowledged.push(line);
    if (acknowledged.length === killAfter) child.kill('SIGKILL');
  }
  expect((await child).signal).to.equal('SIGKILL');
  return acknowledged;
}
