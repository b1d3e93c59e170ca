import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { FailingFiles, type Trouble } from './failing-files.ts';
import { diskFiles } from './files.ts';
import { MIB, never, Platform, volumeRequest } from './test-platform.ts';

describe('local volumes that grow', () => {
  let platform: Platform;
  afterEach(() => platform.remove());

  const available = async (): Promise<bigint> => (await platform.driver.capacity({}, never))[0]?.available ?? 0n;
  const imageOf = async (name: string): Promise<bigint> => BigInt((await stat(join(platform.root, name, 'volume.img'))).size);

  it('take from the pool what they grow by, and give it back', async () => {
    platform = await Platform.make({ poolSize: 256n * MIB });
    const before = await available();
    const { id } = await platform.driver.create(volumeRequest(), never);
    await platform.driver.expand(id, { required: 100n * MIB }, never);
    expect([await available(), await imageOf(id)]).to.deep.equal([before - 100n * MIB, 100n * MIB]);
    expect((await platform.again({ poolSize: 256n * MIB }).driver.capacity({}, never))[0]?.available, 'after a restart').to.equal(before - 100n * MIB);
    await platform.driver.delete(id, never);
    expect(await available()).to.equal(before);
  });

  it('never get more together than there is', async () => {
    platform = await Platform.make({ poolSize: 256n * MIB });
    const ids = await Promise.all(Array.from({ length: 8 }, async () => (await platform.driver.create(volumeRequest(), never)).id));
    const outcomes = await Promise.allSettled(ids.map((id) => platform.driver.expand(id, { required: 64n * MIB }, never)));
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of refused) expect(ProviderError.is(reason, 'Exhausted'), String(reason)).to.equal(true);
    expect([8 - refused.length, await available()]).to.deep.equal([2, 32n * MIB]);
  });

  it('are whole multiples of a block, within their limit', async () => {
    platform = await Platform.make();
    const { id } = await platform.driver.create(volumeRequest(), never);
    expect((await platform.driver.expand(id, { required: 20n * MIB + 1n }, never)).capacity).to.equal(21n * MIB);
    expect((await platform.driver.expand(id, { required: 21n * MIB + 1n, limit: 21n * MIB + 5000n }, never)).capacity).to.equal(21n * MIB + 4096n);
  });

  it('only count for more as plain folders', async () => {
    platform = await Platform.make({ poolSize: 256n * MIB });
    const before = await available();
    const { id } = await platform.driver.create(volumeRequest({ parameters: { enforceCapacity: 'false' } }), never);
    expect(await platform.driver.expand(id, { required: 100n * MIB }, never)).to.deep.equal({ capacity: 100n * MIB, nodeExpansionRequired: false });
    expect(await available()).to.equal(before - 100n * MIB);
  });

  it('are as large as asked for in the end, whatever step fails and whenever the process dies', async () => {
    for (const trouble of ['fail', 'die', 'die after'] as const satisfies readonly Trouble[]) {
      for (let at = 1, happened = true; happened; at++) happened = await growWith(at, trouble);
    }
    platform = await Platform.make();
  });

  /** @returns false when the growing was over before the step came */
  async function growWith(at: number, trouble: Trouble): Promise<boolean> {
    platform = await Platform.make({ poolSize: 256n * MIB });
    try {
      const { id, capacity } = await platform.driver.create(volumeRequest(), never);
      const failing = new FailingFiles(diskFiles, at, trouble);
      const troubled = platform.again({ files: failing.files, poolSize: 256n * MIB });
      await troubled.driver.expand(id, { required: 64n * MIB }, never).catch(() => undefined);
      if (!failing.happened) return false;
      const next = trouble === 'fail' ? troubled : platform.again({ poolSize: 256n * MIB });
      const found = await next.driver.find(id, never);
      expect([capacity, 64n * MIB], `capacity after ${trouble} at step ${at}`).to.include(found?.capacity);
      expect((await next.driver.expand(id, { required: 64n * MIB }, never)).capacity).to.equal(64n * MIB);
      expect([await imageOf(id), (await next.driver.capacity({}, never))[0]?.available], `${trouble} at step ${at}`).to.deep.equal([64n * MIB, 192n * MIB]);
      await next.driver.delete(id, never);
      expect(await platform.stored()).to.deep.equal([]);
      return true;
    } finally {
      await platform.remove();
    }
  }
});
