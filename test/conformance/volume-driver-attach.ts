import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { canAttach, type AttachmentNode, type AttachOptions, type Volume, type VolumeAttacher, type VolumeDriver } from '#core/spi/volume-driver.ts';
import { interrupted, rejection } from './volume-driver-interruption.ts';
import type { Checks, Subject } from './volume-driver-subject.ts';
import { expectFailure, filesystemUse, hostileIds, never } from './volume-driver-subject.ts';

const MOMENTS = 20;
const options: AttachOptions = { readOnly: false, use: filesystemUse };

/** A driver that attaches, and two machines of its platform. */
class AttachBench {
  readonly subject: Subject;
  readonly driver: VolumeDriver & VolumeAttacher;
  readonly one: AttachmentNode;
  readonly two: AttachmentNode;

  constructor(subject: Subject, driver: VolumeDriver & VolumeAttacher, [one, two]: readonly [AttachmentNode, AttachmentNode]) {
    this.subject = subject;
    this.driver = driver;
    this.one = one;
    this.two = two;
  }

  attach(volume: Volume, node = this.one): Promise<Readonly<Record<string, string>>> {
    return this.driver.attach(volume.id, node, options, never);
  }

  detach(volume: Volume, node = this.one): Promise<void> {
    return this.driver.detach(volume.id, node, never);
  }

  /** By the driver's own word, and where the platform can be seen past it, really. */
  async expectOn(volume: Volume, ...nodes: readonly AttachmentNode[]): Promise<void> {
    const names = nodes.map(({ name }) => name).toSorted();
    const attached = await this.driver.attachedVolumes([this.one, this.two], never);
    expect([...attached].flatMap(([name, ids]) => (ids.includes(volume.id) ? [name] : [])).toSorted(), 'nodes that have it').to.deep.equal(names);
    const holders = await this.subject.given.holders?.(volume.id);
    if (holders !== undefined) expect([...holders].toSorted(), 'machines that have it').to.deep.equal(names);
  }
}

type AttachCheck = (bench: AttachBench, skip: (reason: string) => never) => Promise<void>;

export function attachChecks(checks: Checks): void {
  const define = (title: string, check: AttachCheck): void => checks.define(title, async (subject, skip) => {
    const { driver, given: { nodes } } = subject;
    if (!canAttach(driver)) return skip('the driver is no VolumeAttacher');
    const [one, two] = nodes ?? [];
    if (one === undefined || two === undefined) throw new Error('a driver that attaches is checked with two nodes');
    await check(new AttachBench(subject, driver, [one, two]), skip);
  });

  define('attaches a volume and takes it back, each twice', async (bench) => {
    const volume = await bench.subject.create();
    const context = await bench.attach(volume);
    for (const [key, value] of Object.entries(context)) expect([typeof key, typeof value]).to.deep.equal(['string', 'string']);
    expect(await bench.attach(volume), 'what it says again').to.deep.equal(context);
    await bench.expectOn(volume, bench.one);
    for (let round = 0; round < 2; round++) await bench.detach(volume);
    await bench.expectOn(volume);
    await bench.attach(volume, bench.two);
    await bench.expectOn(volume, bench.two);
    await bench.detach(volume, bench.two);
    await bench.subject.delete(volume.id);
    await bench.subject.expectOnly();
  });

  define('never moves a volume that another node has, and names that node', async (bench) => {
    const volume = await bench.subject.create();
    await bench.attach(volume);
    const { message } = await expectFailure(bench.attach(volume, bench.two), 'Unavailable');
    expect([bench.one.name, bench.one.nodeId].some((name) => message.includes(name)), message).to.equal(true);
    await bench.detach(volume, bench.two);
    await bench.expectOn(volume, bench.one);
  });

  define('deletes no volume that a node has', async (bench) => {
    const volume = await bench.subject.create();
    await bench.attach(volume);
    await expectFailure(bench.subject.delete(volume.id), 'Unavailable');
    await bench.subject.expectOnly(volume);
    await bench.expectOn(volume, bench.one);
  });

  define('says that a volume or a node is not there, and detaches both all the same', async (bench) => {
    const volume = await bench.subject.create();
    const { missingNode } = bench.subject.given;
    for (const id of hostileIds) {
      await expectFailure(bench.driver.attach(id, bench.one, options, never), 'NotFound');
      await bench.driver.detach(id, bench.one, never);
    }
    if (missingNode !== undefined) {
      await expectFailure(bench.attach(volume, missingNode), 'NotFound');
      await bench.detach(volume, missingNode);
      expect([...(await bench.driver.attachedVolumes([bench.one, missingNode], never)).keys()]).to.deep.equal([bench.one.name]);
    }
    await bench.expectOn(volume);
  });

  define('tells of many nodes at once what they have', async (bench) => {
    const [first, second] = [await bench.subject.create(), await bench.subject.create()];
    await bench.attach(first);
    await bench.attach(second, bench.two);
    const attached = await bench.driver.attachedVolumes([bench.one, bench.two], never);
    expect([...attached.keys()].toSorted()).to.deep.equal([bench.one.name, bench.two.name].toSorted());
    expect(attached.get(bench.one.name)).to.include(first.id).and.not.to.include(second.id);
    expect(attached.get(bench.two.name)).to.include(second.id).and.not.to.include(first.id);
    expect((await bench.driver.attachedVolumes([], never)).size).to.equal(0);
  });

  define('refuses what is more than a machine can take, and takes it when there is room', async (bench, skip) => {
    const { attachLimit } = bench.subject.given;
    if (attachLimit === undefined) return skip('no limit is known');
    const volumes: Volume[] = [];
    for (let i = 0; i <= attachLimit; i++) volumes.push(await bench.subject.create());
    const [first, last] = [volumes[0], volumes.at(-1)];
    if (first === undefined || last === undefined) throw new Error('the limit is less than one volume');
    for (const volume of volumes.slice(0, -1)) await bench.attach(volume);
    await expectFailure(bench.attach(last), 'Exhausted');
    await bench.attach(first);
    await bench.expectOn(last);
    await bench.detach(first);
    await bench.attach(last);
    await bench.expectOn(last, bench.one);
  });

  define('does nothing that is aborted beforehand', async (bench) => {
    const [free, held] = [await bench.subject.create(), await bench.subject.create()];
    await bench.attach(held);
    const reason = new Error('aborted beforehand');
    const aborted = AbortSignal.abort(reason);
    expect(await rejection(bench.driver.attach(free.id, bench.one, options, aborted))).to.equal(reason);
    expect(await rejection(bench.driver.detach(held.id, bench.one, aborted))).to.equal(reason);
    expect(await rejection(bench.driver.attachedVolumes([bench.one], aborted))).to.equal(reason);
    await bench.expectOn(free);
    await bench.expectOn(held, bench.one);
  });

  define('ends attached, or not attached, however often it is interrupted', async (bench) => {
    const volume = await bench.subject.create();
    for (let moment = 0; moment < MOMENTS; moment++) {
      await interrupted((signal) => bench.driver.attach(volume.id, bench.one, options, signal), moment);
      if (moment % 2 === 0) await bench.attach(volume);
      else await bench.detach(volume);
      await bench.expectOn(volume, ...(moment % 2 === 0 ? [bench.one] : []));
      await interrupted((signal) => bench.driver.detach(volume.id, bench.one, signal), moment);
      await bench.detach(volume);
      await bench.expectOn(volume);
    }
  });

  define('gives a volume to one of two nodes that want it at once', async (bench) => {
    const volume = await bench.subject.create();
    const nodes = Array.from({ length: 10 }, (_each, index) => (index % 2 === 0 ? bench.one : bench.two));
    const outcomes = await Promise.allSettled(nodes.map((node) => bench.attach(volume, node)));
    const winners = new Set(nodes.filter((_node, index) => outcomes[index]?.status === 'fulfilled'));
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(ProviderError.is(outcome.reason, 'Unavailable'), String(outcome.reason)).to.equal(true);
    expect(winners.size, 'nodes that got it').to.equal(1);
    await bench.expectOn(volume, ...winners);
  });
}
