import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { canFind } from '#core/spi/volume-driver.ts';
import { interrupted, rejection } from './volume-driver-interruption.ts';
import type { Checks } from './volume-driver-subject.ts';
import { never } from './volume-driver-subject.ts';

const MOMENTS = 30;

export function concurrencyChecks(checks: Checks): void {
  checks.define('does nothing when aborted beforehand', async (subject) => {
    const volume = await subject.create();
    const reason = new Error('aborted beforehand');
    const aborted = AbortSignal.abort(reason);
    expect(await rejection(subject.driver.create(subject.request(), aborted))).to.equal(reason);
    expect(await rejection(subject.driver.delete(volume.id, aborted))).to.equal(reason);
    if (canFind(subject.driver)) expect(await rejection(subject.driver.find(subject.request().name, aborted))).to.equal(reason);
    await subject.expectOnly(volume);
  });

  checks.define('makes one volume, however often it is interrupted', async (subject) => {
    const made = [];
    for (let moment = 0; moment < MOMENTS; moment++) {
      const request = subject.request();
      await interrupted((signal) => subject.driver.create(request, signal), moment);
      made.push(await subject.create(request));
      await subject.expectOnly(...made);
    }
  });

  checks.define('removes the volume, however often it is interrupted', async (subject) => {
    for (let moment = 0; moment < MOMENTS; moment++) {
      const { id } = await subject.create();
      await interrupted((signal) => subject.driver.delete(id, signal), moment);
      await subject.delete(id);
      await subject.expectOnly();
    }
  });

  checks.define('can be cleaned up by find and delete after an interruption', async (subject, skip) => {
    const { driver } = subject;
    if (!canFind(driver)) return skip('the driver is no VolumeFinder');
    for (let moment = 0; moment < MOMENTS; moment++) {
      const request = subject.request();
      await interrupted((signal) => driver.create(request, signal), moment);
      const found = await driver.find(request.name, never);
      if (found !== undefined) await driver.delete(found.id, never);
      await subject.expectOnly();
    }
  });

  checks.define('makes one volume for 20 calls at once', async (subject) => {
    const request = subject.request();
    const volumes = await Promise.all(Array.from({ length: 20 }, () => subject.create(request)));
    for (const volume of volumes) expect(volume).to.deep.equal(volumes[0]);
    await subject.expectOnly(...volumes.slice(0, 1));
  });

  checks.define('makes one volume for calls of two sizes at once', async (subject) => {
    const request = subject.request();
    const larger = { ...request, capacity: { required: subject.size * 2n } };
    const requests = Array.from({ length: 10 }, (_each, index) => (index % 2 === 0 ? request : larger));
    const outcomes = await Promise.allSettled(requests.map(async (each) => ({ asked: each.capacity.required, volume: await subject.create(each) })));
    const ids = new Set<string>();
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') {
        ids.add(outcome.value.volume.id);
        expect(outcome.value.volume.capacity >= outcome.value.asked, 'large enough').to.equal(true);
      } else expect(ProviderError.is(outcome.reason, 'AlreadyExists'), String(outcome.reason)).to.equal(true);
    }
    expect(ids.size, 'volumes').to.equal(1);
    await subject.expectOnly(await subject.create(request));
  });

  checks.define('makes and removes 50 volumes at once', async (subject) => {
    const volumes = await Promise.all(Array.from({ length: 50 }, () => subject.create()));
    expect(new Set(volumes.map(({ id }) => id)).size).to.equal(50);
    await subject.expectOnly(...volumes);
    await Promise.all(volumes.map(({ id }) => subject.delete(id)));
    await subject.expectOnly();
  });

  checks.define('is of one mind when a volume is made and removed at once', async (subject) => {
    const request = subject.request();
    const { id } = await subject.create(request);
    await Promise.all(Array.from({ length: 20 }, (_each, index) => (index % 2 === 0 ? subject.create(request) : subject.delete(id))));
    const volume = await subject.create(request);
    await subject.expectOnly(volume);
    await subject.delete(volume.id);
    await subject.expectOnly();
  });
}
