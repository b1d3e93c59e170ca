import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { VolumeDriver, VolumeFinder } from '#core/spi/volume-driver.ts';
import { canFind } from '#core/spi/volume-driver.ts';
import type { Checks, Subject } from './volume-driver-subject.ts';
import { expectFailure, hostileIds, never } from './volume-driver-subject.ts';

export function deleteChecks(checks: Checks): void {
  checks.define('removes the volume and no other', async (subject) => {
    const [gone, other] = [await subject.create(), await subject.create()];
    await subject.delete(gone.id);
    await subject.expectOnly(other);
  });

  checks.define('deletes what is not there', async (subject) => {
    const request = subject.request();
    const volume = await subject.create(request);
    await subject.delete(volume.id);
    await subject.delete(volume.id);
    await subject.delete(`pvc-${randomUUID()}`);
    await subject.expectOnly();
    const again = await subject.create(request);
    await subject.expectOnly(again);
    await subject.delete(again.id);
    await subject.expectOnly();
  });

  checks.define('takes a hostile id for one that is not there', async (subject) => {
    const volume = await subject.create();
    for (const id of [...hostileIds, `${volume.id}/`, `./${volume.id}`, `${volume.id}\0`, `${volume.id} `]) await subject.delete(id);
    await subject.expectOnly(volume);
  });

  checks.define('finds what it made, and only that', async (subject, skip) => {
    const driver = finderOf(subject, skip);
    const request = subject.request();
    expect(await driver.find(request.name, never)).to.equal(undefined);
    const volume = await subject.create(request);
    expect(await driver.find(request.name, never)).to.deep.equal(volume);
    await subject.delete(volume.id);
    expect(await driver.find(request.name, never)).to.equal(undefined);
    for (const name of hostileIds) expect(await driver.find(name, never), JSON.stringify(name)).to.equal(undefined);
  });

  checks.define('finds nothing after a refusal', async (subject, skip) => {
    const driver = finderOf(subject, skip);
    const request = subject.request({ parameters: { 'no-such-parameter': 'x' } });
    await expectFailure(subject.create(request), 'Invalid');
    expect(await driver.find(request.name, never)).to.equal(undefined);
  });
}

function finderOf({ driver }: Subject, skip: (reason: string) => never): VolumeDriver & VolumeFinder {
  return canFind(driver) ? driver : skip('the driver is no VolumeFinder');
}
