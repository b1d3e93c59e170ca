import { expect } from 'chai';
import type { AvailableCapacity, CapacityReporter, VolumeDriver } from '#core/spi/volume-driver.ts';
import { reportsCapacity } from '#core/spi/volume-driver.ts';
import type { Checks, Subject } from './volume-driver-subject.ts';
import { expectFailure, never } from './volume-driver-subject.ts';

export function capacityChecks(checks: Checks): void {
  checks.define('reports less after a volume is made, and no less after it is removed', async (subject, skip) => {
    const driver = reporterOf(subject, skip);
    const report = async (): Promise<bigint> => total(await driver.capacity(subject.given.parameters ?? {}, never));
    const before = await report();
    const volume = await subject.create();
    const meanwhile = await report();
    expect(before - meanwhile >= volume.capacity, `${before} bytes before, ${meanwhile} after`).to.equal(true);
    await subject.delete(volume.id);
    expect(await report() > meanwhile, 'more after the removal').to.equal(true);
  });

  checks.define('reports sizes that it can make, and fewer than it refuses', async (subject, skip) => {
    const driver = reporterOf(subject, skip);
    for (const { topology, available, maximumVolumeSize = available } of await driver.capacity(subject.given.parameters ?? {}, never)) {
      expect(available >= 0n && maximumVolumeSize >= 0n && maximumVolumeSize <= available).to.equal(true);
      expect(subject.given.tooLarge === undefined || maximumVolumeSize < subject.given.tooLarge, 'too large').to.equal(true);
      if (maximumVolumeSize === 0n) continue;
      const where = { requisite: [topology], preferred: [topology] };
      const volume = await subject.create(subject.request({ capacity: { required: maximumVolumeSize }, topology: where }));
      await subject.delete(volume.id);
    }
  });

  checks.define('refuses to report for unknown parameters', async (subject, skip) => {
    await expectFailure(reporterOf(subject, skip).capacity({ 'no-such-parameter': 'x' }, never), 'Invalid');
  });

  checks.define('tells of a change until told not to', async (subject, skip) => {
    const driver = reporterOf(subject, skip);
    if (driver.onCapacityChange === undefined) return skip('the driver does not tell of changes');
    const [{ available, maximumVolumeSize = available } = { available: 0n }] = await driver.capacity(subject.given.parameters ?? {}, never);
    const request = subject.request({ capacity: { required: maximumVolumeSize } });
    let calls = 0;
    const end = driver.onCapacityChange(() => calls++);
    const { id } = await subject.create(request);
    expect(calls, 'after taking all').to.be.at.least(1);
    end();
    calls = 0;
    await subject.delete(id);
    expect(calls, 'after the end').to.equal(0);
  });
}

function reporterOf({ driver }: Subject, skip: (reason: string) => never): VolumeDriver & CapacityReporter {
  return reportsCapacity(driver) ? driver : skip('the driver is no CapacityReporter');
}

const total = (reports: readonly AvailableCapacity[]): bigint => reports.reduce((sum, { available }) => sum + available, 0n);
