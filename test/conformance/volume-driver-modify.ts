import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { canModify, type CreateVolumeRequest, type Volume, type VolumeDriver, type VolumeModifier } from '#core/spi/volume-driver.ts';
import { interrupted, rejection } from './volume-driver-interruption.ts';
import type { Checks, Subject } from './volume-driver-subject.ts';
import { expectFailure, hostileIds, never } from './volume-driver-subject.ts';

type Attributes = Readonly<Record<string, string>>;

const MOMENTS = 10;

/** A driver that changes what volumes are, a volume, and two classes of attributes. */
class ModifyBench {
  readonly subject: Subject;
  readonly driver: VolumeDriver & VolumeModifier;
  readonly request: CreateVolumeRequest;
  readonly volume: Volume;
  readonly one: Attributes;
  readonly two: Attributes;

  constructor(subject: Subject, driver: VolumeDriver & VolumeModifier, request: CreateVolumeRequest, volume: Volume) {
    const { attributes, otherAttributes } = subject.given;
    if (attributes === undefined || otherAttributes === undefined) throw new Error('a driver that modifies is checked with two classes of attributes');
    this.subject = subject;
    this.driver = driver;
    this.request = request;
    this.volume = volume;
    this.one = attributes;
    this.two = otherAttributes;
  }

  modify(attributes: Attributes, id = this.volume.id): Promise<void> {
    return this.driver.modify(id, attributes, never);
  }

  async pass(): Promise<void> {
    await this.subject.given.pass?.();
  }

  /** Undefined where the platform cannot be seen past the driver. */
  async attributes(volume = this.volume): Promise<Attributes | undefined> {
    return this.subject.given.attributesOf?.(volume.id);
  }

  async expectAttributes(expected: Attributes | undefined, volume = this.volume): Promise<void> {
    const there = await this.attributes(volume);
    if (there !== undefined && expected !== undefined) expect(there).to.include(expected);
  }
}

export function modifyChecks(checks: Checks): void {
  const define = (title: string, check: (bench: ModifyBench) => Promise<void>): void => checks.define(title, async (subject, skip) => {
    const { driver } = subject;
    if (!canModify(driver)) return skip('the driver is no VolumeModifier');
    const request = subject.request();
    await check(new ModifyBench(subject, driver, request, await subject.create(request)));
  });

  define('changes what a volume is, each time twice', async (bench) => {
    for (const attributes of [bench.one, bench.two, bench.one]) {
      for (let round = 0; round < 2; round++) await bench.modify(attributes);
      await bench.expectAttributes(attributes);
      await bench.pass();
      await bench.modify(attributes);
      await bench.expectAttributes(attributes);
    }
    await bench.subject.expectOnly(bench.volume);
    await bench.subject.delete(bench.volume.id);
    await bench.subject.expectOnly();
  });

  define('refuses unknown keys and values by their names, and changes nothing', async (bench) => {
    const before = await bench.attributes();
    expect((await expectFailure(bench.modify({ ...bench.one, 'no-such-attribute': 'x' }), 'Invalid')).message).to.include('no-such-attribute');
    expect((await expectFailure(bench.modify(Object.fromEntries([['__proto__', 'x']])), 'Invalid')).message).to.include('__proto__');
    await bench.expectAttributes(before);
  });

  define('changes nothing that is not there', async (bench) => {
    for (const id of ['pvc-unknown', ...hostileIds, `${bench.volume.id}\0`]) await expectFailure(bench.modify(bench.one, id), 'NotFound');
    await bench.subject.delete(bench.volume.id);
    await expectFailure(bench.modify(bench.one), 'NotFound');
    await bench.subject.expectOnly();
  });

  define('changes nothing when aborted beforehand', async (bench) => {
    const before = await bench.attributes();
    const reason = new Error('aborted beforehand');
    expect(await rejection(bench.driver.modify(bench.volume.id, bench.one, AbortSignal.abort(reason)))).to.equal(reason);
    await bench.expectAttributes(before);
  });

  define('ends as asked for, however often it is interrupted', async (bench) => {
    for (let moment = 0; moment < MOMENTS; moment++) {
      const attributes = moment % 2 === 0 ? bench.one : bench.two;
      await interrupted((signal) => bench.driver.modify(bench.volume.id, attributes, signal), moment);
      await bench.modify(attributes);
      await bench.expectAttributes(attributes);
      await bench.pass();
    }
  });

  define('makes one change of ten calls at once', async (bench) => {
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => bench.modify(bench.one)));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(ProviderError.is(outcome.reason, 'Unavailable'), String(outcome.reason)).to.equal(true);
    }
    await bench.modify(bench.one);
    await bench.expectAttributes(bench.one);
  });

  define('makes a volume with the attributes of a class', async (bench) => {
    const request = bench.subject.request({ mutableParameters: bench.two });
    const volume = await bench.subject.create(request);
    expect(await bench.subject.create(request)).to.deep.equal(volume);
    await bench.expectAttributes(bench.two, volume);
    await bench.pass();
    await bench.driver.modify(volume.id, bench.one, never);
    await bench.expectAttributes(bench.one, volume);
  });

  define('refuses to make a volume with unknown attributes', async (bench) => {
    const request = bench.subject.request({ mutableParameters: { 'no-such-attribute': 'x' } });
    expect((await expectFailure(bench.subject.create(request), 'Invalid')).message).to.include('no-such-attribute');
    await bench.subject.expectOnly(bench.volume);
  });
}
