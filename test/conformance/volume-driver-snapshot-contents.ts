import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { canSnapshot, type CreateVolumeRequest, type Volume } from '#core/spi/volume-driver.ts';
import { NodeBench } from './volume-driver-bench.ts';
import { SnapshotBench } from './volume-driver-snapshots.ts';
import type { Checks } from './volume-driver-subject.ts';

/** What stands in volumes that are made from snapshots of a volume in use. */
export function snapshotContentChecks(checks: Checks): void {
  const define = (title: string, check: (bench: SnapshotBench, place: NodeBench) => Promise<void>): void => checks.define(title, async (subject, skip) => {
    const { driver, given: { node, nodeMissing } } = subject;
    if (!canSnapshot(driver)) return skip('the driver is no VolumeSnapshotter');
    if (node === undefined) return skip(nodeMissing ?? 'no node driver given');
    const place = await NodeBench.make(node);
    try {
      await check(new SnapshotBench(subject, driver, await subject.create()), place);
    } finally {
      await place.clear();
    }
  });

  define('gives a volume from a snapshot what was written before, and nothing of what was written after', async (bench, place) => {
    const file = join((await place.bring(bench.volume)).targetPath, 'file');
    // As a pod does that wants its data to be there.
    await writeFile(file, 'before', { flush: true });
    const snapshot = await bench.takeReady();
    await writeFile(file, 'after', { flush: true });
    const restored = await restore(bench, bench.requestFrom(snapshot));
    const { targetPath } = await place.bring(restored, 'restored');
    expect(await readFile(join(targetPath, 'file'), 'utf8')).to.equal('before');
    await writeFile(join(targetPath, 'file'), 'changed', { flush: true });
    const again = await place.bring(await restore(bench, bench.requestFrom(snapshot)), 'again');
    expect(await readFile(join(again.targetPath, 'file'), 'utf8')).to.equal('before');
    expect(await readFile(file, 'utf8')).to.equal('after');
  });

  define('mounts a volume beside the one from which it was made', async (bench, place) => {
    const { volume } = bench;
    await writeFile(join((await place.bring(volume)).targetPath, 'file'), 'x', { flush: true });
    const snapshot = await bench.takeReady();
    const larger = await restore(bench, bench.requestFrom(snapshot, { capacity: { required: volume.capacity * 2n } }));
    expect(await readFile(join((await place.bring(larger, 'larger')).targetPath, 'file'), 'utf8')).to.equal('x');
  });
}

const restore = ({ subject }: SnapshotBench, request: CreateVolumeRequest): Promise<Volume> => subject.create(request);
