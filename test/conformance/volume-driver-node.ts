import { mkdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import type { VolumeUse } from '#core/spi/volume-driver.ts';
import { reportsTopology, reportsUsage } from '#core/spi/volume-driver.ts';
import { NodeBench } from './volume-driver-bench.ts';
import type { Checks, Subject } from './volume-driver-subject.ts';
import { expectFailure, filesystemUse, hostileIds, never } from './volume-driver-subject.ts';
import { fillUp, overwriteDevice, readDevice } from './volume-driver-writing.ts';

type NodeCheck = (bench: NodeBench, subject: Subject, skip: (reason: string) => never) => Promise<void>;
type Define = (title: string, check: NodeCheck) => void;

export function nodeChecks(checks: Checks): void {
  const define: Define = (title, check) => checks.define(title, async (subject, skip) => {
    const node = subject.given.node ?? skip(subject.given.nodeMissing ?? 'no node driver given');
    const bench = await NodeBench.make(node);
    try {
      await check(bench, subject, skip);
    } finally {
      await bench.clear();
    }
  });
  mountChecks(define);
  orderChecks(define);
  contentChecks(define);
}

function mountChecks(define: Define): void {
  define('brings a volume to a pod and takes it away, each step twice', async (bench, subject) => {
    const request = await bench.request(await subject.create());
    const file = join(request.targetPath, 'file');
    for (const round of ['first', 'second']) {
      await bench.node.stage(request, never);
      await bench.node.publish(request, never);
      await writeFile(file, round);
    }
    expect(await readFile(file, 'utf8')).to.equal('second');
    for (let round = 0; round < 2; round++) await bench.node.unpublish(request.volumeId, request.targetPath, never);
    expect(await kindOf(request.targetPath), 'the target').to.equal('nothing');
    for (let round = 0; round < 2; round++) await bench.node.unstage(request.volumeId, request.stagingPath, never);
    expect(await kindOf(join(request.stagingPath, 'file')), 'the file under the staging path').to.equal('nothing');
    await subject.delete(request.volumeId);
    await subject.expectOnly();
  });

  define('keeps what was written while the volume is away', async (bench, subject) => {
    const volume = await subject.create();
    const request = await bench.bring(volume);
    await writeFile(join(request.targetPath, 'file'), 'kept');
    await bench.takeAway(request);
    const again = await bench.bring(volume, 'later');
    expect(await readFile(join(again.targetPath, 'file'), 'utf8')).to.equal('kept');
  });

  define('shows one volume to two pods', async (bench, subject) => {
    const volume = await subject.create();
    const [one, two] = [await bench.bring(volume, 'one'), await bench.bring(volume, 'two')];
    await writeFile(join(one.targetPath, 'file'), 'from one');
    await bench.node.unpublish(volume.id, one.targetPath, never);
    expect(await readFile(join(two.targetPath, 'file'), 'utf8')).to.equal('from one');
  });

  define('lets nobody write to what is published read-only', async (bench, subject) => {
    const volume = await subject.create();
    const writer = await bench.bring(volume, 'writer');
    await writeFile(join(writer.targetPath, 'file'), 'x');
    const reader = { ...(await bench.request(volume, 'reader')), readOnly: true };
    for (let round = 0; round < 2; round++) await bench.node.publish(reader, never);
    expect(await codeOf(writeFile(join(reader.targetPath, 'file'), 'y'))).to.equal('EROFS');
    await writeFile(join(writer.targetPath, 'file'), 'z');
    expect(await readFile(join(reader.targetPath, 'file'), 'utf8')).to.equal('z');
  });

  define('brings a device to a pod', async (bench, subject, skip) => {
    const use: VolumeUse = { ...filesystemUse, volumeMode: 'Block' };
    const volume = await subject.create(subject.request({ use })).catch((error: unknown) => {
      if (ProviderError.is(error, 'Invalid')) return skip('the driver refuses volumeMode Block');
      throw error;
    });
    const request = await bench.bring(volume, 'pod', use);
    for (const call of ['stage', 'publish'] as const) await bench.node[call](request, never);
    expect(await kindOf(request.targetPath)).to.equal('device');
    expect(await overwriteDevice(request.targetPath, volume.capacity, 'raw')).to.deep.equal(['raw', 'raw']);
    await bench.takeAway(request);
    expect(await kindOf(request.targetPath)).to.equal('nothing');
    const again = await bench.bring(volume, 'later', use);
    expect(await readDevice(again.targetPath, volume.capacity, 3)).to.deep.equal(['raw', 'raw']);
  });
}

function orderChecks(define: Define): void {
  define('undoes what was never done', async (bench, subject) => {
    const volume = await subject.create();
    const request = await bench.request(volume);
    await bench.takeAway(request);
    await bench.node.unpublish(volume.id, join(bench.folder, 'no', 'such', 'folder'), never);
    for (const id of ['pvc-unknown', ...hostileIds]) await bench.takeAway({ ...request, volumeId: id });
    await bench.node.stage(request, never);
    await bench.takeAway(request);
    await subject.delete(volume.id);
  });

  define('refuses to bring a volume that is not there', async (bench, subject) => {
    const request = await bench.request(await subject.create());
    for (const volumeId of ['pvc-unknown', ...hostileIds]) {
      await expectFailure(bench.node.stage({ ...request, volumeId }, never), 'NotFound', 'Invalid');
      await expectFailure(bench.node.publish({ ...request, volumeId }, never), 'NotFound', 'Invalid');
    }
    expect(await kindOf(request.targetPath)).to.equal('nothing');
  });

  define('refuses to publish what is not staged', async (bench, subject) => {
    const request = await bench.request(await subject.create());
    await expectFailure(bench.node.publish(request, never), 'Unavailable', 'Invalid', 'NotFound');
    expect(await kindOf(request.targetPath)).to.equal('nothing');
  });

  define('leaves a pod its volume when unstaged too early', async (bench, subject) => {
    const request = await bench.bring(await subject.create());
    await bench.node.unstage(request.volumeId, request.stagingPath, never).catch((error: unknown) => {
      if (!ProviderError.is(error, 'Unavailable')) throw error;
    });
    await writeFile(join(request.targetPath, 'file'), 'still there');
    await bench.takeAway(request);
    await subject.delete(request.volumeId);
  });

  define('refuses a path at which another volume is', async (bench, subject) => {
    const [one, two] = [await bench.bring(await subject.create(), 'one'), await bench.bring(await subject.create(), 'two')];
    await writeFile(join(one.targetPath, 'file'), 'one');
    await expectFailure(bench.node.publish({ ...two, targetPath: one.targetPath }, never), 'Invalid');
    await expectFailure(bench.node.stage({ ...two, stagingPath: one.stagingPath }, never), 'Invalid');
    await expectFailure(bench.node.unpublish(two.volumeId, one.targetPath, never), 'Invalid');
    await expectFailure(bench.node.unstage(two.volumeId, one.stagingPath, never), 'Invalid');
    expect(await readFile(join(one.targetPath, 'file'), 'utf8')).to.equal('one');
  });

  define('deletes no volume that is in use', async (bench, subject) => {
    const request = await bench.bring(await subject.create());
    await writeFile(join(request.targetPath, 'file'), 'in use');
    await expectFailure(subject.delete(request.volumeId), 'Unavailable');
    await bench.node.unpublish(request.volumeId, request.targetPath, never);
    await expectFailure(subject.delete(request.volumeId), 'Unavailable');
    await bench.node.publish(request, never);
    expect(await readFile(join(request.targetPath, 'file'), 'utf8')).to.equal('in use');
    await bench.takeAway(request);
    await subject.delete(request.volumeId);
    await subject.expectOnly();
  });

  define('takes up again what was interrupted', async (bench, subject) => {
    const request = await bench.request(await subject.create());
    for (const ms of [0, 1, 2, 4, 8, 16]) {
      const reason = new Error(`interrupted after ${ms} ms`);
      const controller = new AbortController();
      const staging = codeOrReason(bench.node.stage(request, controller.signal));
      await delay(ms);
      controller.abort(reason);
      expect(await staging).to.be.oneOf([undefined, reason]);
    }
    await bench.node.stage(request, never);
    await bench.node.publish(request, never);
    await writeFile(join(request.targetPath, 'file'), 'x');
  });

  define('does each step once for ten calls at once', async (bench, subject) => {
    const request = await bench.request(await subject.create());
    const atOnce = (call: () => Promise<void>): Promise<unknown> => Promise.all(Array.from({ length: 10 }, call));
    await atOnce(() => bench.node.stage(request, never));
    await atOnce(() => bench.node.publish(request, never));
    await writeFile(join(request.targetPath, 'file'), 'x');
    await atOnce(() => bench.node.unpublish(request.volumeId, request.targetPath, never));
    expect(await kindOf(request.targetPath)).to.equal('nothing');
    await atOnce(() => bench.node.unstage(request.volumeId, request.stagingPath, never));
    await rmdir(request.stagingPath);
    await mkdir(request.stagingPath);
    await subject.delete(request.volumeId);
  });
}

function contentChecks(define: Define): void {
  define('is full at its capacity, and its neighbour loses nothing', async (bench, subject) => {
    const [volume, neighbour] = [await subject.create(), await subject.create()];
    const [full, other] = [await bench.bring(volume, 'full'), await bench.bring(neighbour, 'neighbour')];
    await writeFile(join(other.targetPath, 'file'), 'before');
    const written = await fillUp(join(full.targetPath, 'file'), volume.capacity * 2n);
    expect(written > 0n && written <= volume.capacity, `${written} bytes written to a volume of ${volume.capacity}`).to.equal(true);
    expect(await codeOf(writeFile(join(full.targetPath, 'more'), Buffer.alloc(1024 * 1024)))).to.equal('ENOSPC');
    expect(await readFile(join(other.targetPath, 'file'), 'utf8')).to.equal('before');
    const half = neighbour.capacity / 2n;
    expect(await fillUp(join(other.targetPath, 'half'), half) >= half, 'the neighbour still holds half its capacity').to.equal(true);
  });

  define('tells how full a volume is', async (bench, subject, skip) => {
    const { node } = bench;
    if (!reportsUsage(node)) return skip('the node driver is no VolumeStats');
    const volume = await subject.create();
    const request = await bench.bring(volume);
    const before = await node.usage(volume.id, request.targetPath, never);
    expect(before.bytes.total > 0n && before.bytes.total <= volume.capacity, `${before.bytes.total} bytes in a volume of ${volume.capacity}`).to.equal(true);
    await fillUp(join(request.targetPath, 'file'), 2n * 1024n * 1024n);
    const after = await node.usage(volume.id, request.targetPath, never);
    expect(after.bytes.used - before.bytes.used >= 2n * 1024n * 1024n, 'used bytes').to.equal(true);
    expect(after.bytes.available < before.bytes.available, 'available bytes').to.equal(true);
    await bench.takeAway(request);
    await expectFailure(node.usage(volume.id, request.targetPath, never), 'NotFound');
    await expectFailure(node.usage('pvc-unknown', bench.folder, never), 'NotFound');
  });

  define('is where its volumes can be reached', async ({ node }, subject, skip) => {
    if (!reportsTopology(node)) return skip('the node driver is no NodeTopologyReporter');
    const { nodeId, topology } = await node.nodeTopology(never);
    expect(nodeId).not.to.equal('');
    const volume = await subject.create(subject.request({ topology: { requisite: [topology], preferred: [topology] } }));
    const reachable = volume.topology.length === 0 || volume.topology.some((segment) => Object.entries(segment).every(([key, value]) => topology[key] === value));
    expect(reachable, `${JSON.stringify(volume.topology)} from ${JSON.stringify(topology)}`).to.equal(true);
    const elsewhere = { ...topology, [Object.keys(topology)[0] ?? '']: 'somewhere-else' };
    await expectFailure(subject.create(subject.request({ topology: { requisite: [elsewhere], preferred: [elsewhere] } })), 'Exhausted', 'Invalid');
  });
}

async function kindOf(path: string): Promise<'nothing' | 'folder' | 'device' | 'file'> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return 'nothing';
  return found.isDirectory() ? 'folder' : found.isBlockDevice() ? 'device' : 'file';
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error));
const codeOrReason = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);
