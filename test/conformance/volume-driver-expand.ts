import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { canAttach, canExpand, canExpandOnNode, canFind, type CreateVolumeRequest, type Volume, type VolumeDriver, type VolumeExpander } from '#core/spi/volume-driver.ts';
import { NodeBench } from './volume-driver-bench.ts';
import { interrupted, rejection } from './volume-driver-interruption.ts';
import type { Checks, Subject } from './volume-driver-subject.ts';
import { expectFailure, filesystemUse, hostileIds, never } from './volume-driver-subject.ts';
import { fillUp } from './volume-driver-writing.ts';

const MOMENTS = 10;

/** A driver that grows volumes, and a volume of the usual size. */
class ExpandBench {
  readonly subject: Subject;
  readonly driver: VolumeDriver & VolumeExpander;
  readonly request: CreateVolumeRequest;
  readonly volume: Volume;
  /** Twice the usual size. */
  readonly double: bigint;

  constructor(subject: Subject, driver: VolumeDriver & VolumeExpander, request: CreateVolumeRequest, volume: Volume) {
    this.subject = subject;
    this.driver = driver;
    this.request = request;
    this.volume = volume;
    this.double = subject.size * 2n;
  }

  expand(required: bigint, limit?: bigint): ReturnType<VolumeExpander['expand']> {
    return this.driver.expand(this.volume.id, { required, ...(limit === undefined ? {} : { limit }) }, never);
  }

  async pass(): Promise<void> {
    await this.subject.given.pass?.();
  }

  /** By the driver's own word, and where the platform can be seen past it, really. */
  async expectSize(least: bigint, most = least): Promise<void> {
    const says = (await this.expand(1n)).capacity;
    const finds = canFind(this.driver) ? (await this.driver.find(this.request.name, never))?.capacity : undefined;
    const real = await this.subject.given.sizeOf?.(this.volume.id);
    for (const [who, size] of Object.entries({ says, finds, real })) {
      if (size !== undefined) expect(size >= least && size <= most, `${size} bytes (${who}), expected ${least} to ${most}`).to.equal(true);
    }
    await this.subject.expectOnly(this.volume);
  }
}

export function expandChecks(checks: Checks): void {
  const define = (title: string, check: (bench: ExpandBench, skip: (reason: string) => never) => Promise<void>): void =>
    checks.define(title, async (subject, skip) => {
      const { driver } = subject;
      if (!canExpand(driver)) return skip('the driver is no VolumeExpander');
      const request = subject.request();
      await check(new ExpandBench(subject, driver, request, await subject.create(request)), skip);
    });
  sizeChecks(define);
  refusalChecks(define);
  repetitionChecks(define);
  usedChecks(define);
}

type Define = (title: string, check: (bench: ExpandBench, skip: (reason: string) => never) => Promise<void>) => void;

function sizeChecks(define: Define): void {
  define('grows a volume, and says the same when asked again', async (bench) => {
    const grown = await bench.expand(bench.double);
    expect(grown.capacity >= bench.double, `${grown.capacity} bytes`).to.equal(true);
    expect(await bench.expand(bench.double)).to.deep.equal(grown);
    await bench.pass();
    expect(await bench.expand(bench.double), 'later').to.deep.equal(grown);
    await bench.expectSize(grown.capacity);
  });

  define('never shrinks a volume', async (bench) => {
    const { capacity } = bench.volume;
    expect((await bench.expand(1n)).capacity).to.equal(capacity);
    expect((await bench.expand(capacity)).capacity).to.equal(capacity);
    const grown = await bench.expand(bench.double);
    await bench.pass();
    expect((await bench.expand(capacity)).capacity).to.equal(grown.capacity);
    await bench.expectSize(grown.capacity);
  });

  define('keeps to the limit of the new size', async (bench) => {
    expect((await bench.expand(bench.double, bench.double)).capacity).to.equal(bench.double);
    await bench.expectSize(bench.double);
  });

  define('knows a volume that has grown by its name', async (bench) => {
    const { capacity } = await bench.expand(bench.double);
    expect(await bench.subject.create(bench.request)).to.deep.equal({ ...bench.volume, capacity });
    await bench.pass();
    await bench.subject.delete(bench.volume.id);
    await bench.subject.expectOnly();
  });
}

function refusalChecks(define: Define): void {
  define('grows nothing that is not there', async (bench) => {
    for (const id of ['pvc-unknown', ...hostileIds, `${bench.volume.id}/`, `${bench.volume.id}\0`]) {
      await expectFailure(bench.driver.expand(id, { required: bench.double }, never), 'NotFound');
    }
    await bench.subject.delete(bench.volume.id);
    await expectFailure(bench.expand(bench.double), 'NotFound');
    await bench.subject.expectOnly();
  });

  define('refuses to grow to more than there is, and the volume is as it was', async (bench, skip) => {
    const { tooLarge } = bench.subject.given;
    if (tooLarge === undefined) return skip('no size given that is too large');
    await expectFailure(bench.expand(tooLarge), 'Exhausted');
    await expectFailure(bench.expand(2n ** 62n), 'Exhausted', 'Invalid');
    await bench.expectSize(bench.volume.capacity);
    const { capacity } = await bench.expand(bench.double);
    await bench.expectSize(capacity);
  });

  define('refuses a limit under the new size', async (bench) => {
    await expectFailure(bench.expand(bench.double, bench.double - 1n), 'Invalid');
    await bench.expectSize(bench.volume.capacity);
  });

  define('grows nothing when aborted beforehand', async (bench) => {
    const reason = new Error('aborted beforehand');
    expect(await rejection(bench.driver.expand(bench.volume.id, { required: bench.double }, AbortSignal.abort(reason)))).to.equal(reason);
    await bench.expectSize(bench.volume.capacity);
  });
}

function repetitionChecks(define: Define): void {
  define('grows to what was asked for, however often it is interrupted', async (bench) => {
    for (let moment = 0; moment < MOMENTS; moment++) {
      const required = bench.subject.size * BigInt(2 + moment);
      await interrupted((signal) => bench.driver.expand(bench.volume.id, { required }, signal), moment);
      const { capacity } = await bench.expand(required);
      await bench.expectSize(required, capacity);
      await bench.pass();
    }
  });

  define('grows to the largest of several sizes that are asked for at once', async (bench) => {
    const sizes = [2n, 4n, 3n, 4n, 2n, 3n].map((factor) => bench.subject.size * factor);
    const outcomes = await Promise.allSettled(sizes.map(async (required) => ({ required, ...(await bench.expand(required)) })));
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') expect(outcome.value.capacity >= outcome.value.required, 'large enough').to.equal(true);
      // A platform may want one change to be over before the next.
      else expect(ProviderError.is(outcome.reason, 'Exhausted', 'Unavailable'), String(outcome.reason)).to.equal(true);
    }
    await bench.pass();
    const { capacity } = await bench.expand(bench.subject.size * 4n);
    await bench.expectSize(bench.subject.size * 4n, capacity);
  });

  define('is of one mind when a volume grows and is removed at once', async (bench) => {
    const { volume, subject } = bench;
    await Promise.all(Array.from({ length: 6 }, async (_each, index) => {
      if (index % 2 === 1) return subject.delete(volume.id);
      const error = await rejection(bench.expand(bench.double));
      expect(error === undefined || ProviderError.is(error, 'NotFound', 'Unavailable'), 'grown, or not there').to.equal(true);
    }));
    await bench.pass();
    await subject.delete(volume.id);
    await subject.expectOnly();
  });
}

function usedChecks(define: Define): void {
  define('grows a volume that a machine has', async (bench, skip) => {
    const { driver, subject, volume } = bench;
    const [node] = subject.given.nodes ?? [];
    if (!canAttach(driver) || node === undefined) return skip('the driver is no VolumeAttacher');
    await driver.attach(volume.id, node, { readOnly: false, use: filesystemUse }, never);
    const { capacity } = await bench.expand(bench.double);
    await bench.expectSize(bench.double, capacity);
    await driver.detach(volume.id, node, never);
  });

  define('grows a file system that is in use, and loses nothing', async (bench, skip) => {
    const { driver, subject, volume } = bench;
    const { node } = subject.given;
    if (node === undefined || !canExpandOnNode(node)) return skip(subject.given.nodeMissing ?? 'the node driver is no NodeVolumeExpander');
    if (subject.given.growthMissing !== undefined) return skip(subject.given.growthMissing);
    const place = await NodeBench.make(node);
    try {
      const { targetPath, stagingPath } = await place.bring(volume);
      await writeFile(join(targetPath, 'file'), 'kept');
      await node.expandOnNode(volume.id, stagingPath, never);
      const { capacity, nodeExpansionRequired } = await driver.expand(volume.id, { required: bench.double }, never);
      if (nodeExpansionRequired) for (let round = 0; round < 2; round++) await node.expandOnNode(volume.id, stagingPath, never);
      const written = await fillUp(join(targetPath, 'large'), capacity * 2n);
      expect(written > volume.capacity && written <= capacity, `${written} bytes written to a volume of ${capacity}`).to.equal(true);
      expect(await readFile(join(targetPath, 'file'), 'utf8')).to.equal('kept');
      await expectFailure(node.expandOnNode('pvc-unknown', stagingPath, never), 'NotFound', 'Invalid');
    } finally {
      await place.clear();
    }
  });

  define('grows a volume that is not in use, and its file system where it is used next', async (bench, skip) => {
    const { subject, volume } = bench;
    const { node } = subject.given;
    if (node === undefined || !canExpandOnNode(node)) return skip(subject.given.nodeMissing ?? 'the node driver is no NodeVolumeExpander');
    const place = await NodeBench.make(node);
    try {
      const first = await place.bring(volume);
      await writeFile(join(first.targetPath, 'file'), 'kept');
      await place.takeAway(first);
      const { capacity } = await bench.expand(bench.double);
      const { targetPath, stagingPath } = await place.bring({ ...volume, capacity }, 'later');
      await node.expandOnNode(volume.id, stagingPath, never);
      const written = await fillUp(join(targetPath, 'large'), capacity * 2n);
      expect(written > volume.capacity && written <= capacity, `${written} bytes written to a volume of ${capacity}`).to.equal(true);
      expect(await readFile(join(targetPath, 'file'), 'utf8')).to.equal('kept');
    } finally {
      await place.clear();
    }
  });
}
