import type { VolumeDriverUnderTest } from './volume-driver-subject.ts';
import { Checks } from './volume-driver-subject.ts';
import { attachChecks } from './volume-driver-attach.ts';
import { capacityChecks } from './volume-driver-capacity.ts';
import { concurrencyChecks } from './volume-driver-concurrency.ts';
import { createChecks } from './volume-driver-create.ts';
import { deleteChecks } from './volume-driver-delete.ts';
import { expandChecks } from './volume-driver-expand.ts';
import { modifyChecks } from './volume-driver-modify.ts';
import { nodeChecks } from './volume-driver-node.ts';
import { snapshotContentChecks } from './volume-driver-snapshot-contents.ts';
import { snapshotChecks } from './volume-driver-snapshots.ts';
import { surveyChecks } from './volume-driver-survey.ts';

export type { VolumeDriverUnderTest } from './volume-driver-subject.ts';

export interface ConformanceOptions {
  /** Checks that this driver is known not to pass, by their titles, each with the reason. A title that no check has is an error. */
  readonly skip?: Readonly<Record<string, string>>;
}

/**
 * The laws of `core/spi/volume-driver.ts` as a mocha suite. In a driver's test file one line runs it:
 *
 *     volumeDriverConformance('acme', async () => ({ driver: new AcmeDriver(…), cleanup: async () => … }));
 *
 * `make` is called for each check, and `cleanup` after it. Checks of powers that the driver does not have are skipped by name.
 */
export function volumeDriverConformance(name: string, make: () => Promise<VolumeDriverUnderTest>, options: ConformanceOptions = {}): void {
  describe(`VolumeDriver conformance: ${name}`, () => {
    const checks = new Checks(make, options.skip ?? {});
    describe('create', () => createChecks(checks));
    describe('delete and find', () => deleteChecks(checks));
    describe('interrupted and concurrent calls', () => concurrencyChecks(checks));
    describe('capacity', () => capacityChecks(checks));
    describe('attach and detach', () => attachChecks(checks));
    describe('expand', () => expandChecks(checks));
    describe('modify', () => modifyChecks(checks));
    describe('snapshots', () => snapshotChecks(checks));
    describe('contents of snapshots', () => snapshotContentChecks(checks));
    describe('survey', () => surveyChecks(checks));
    describe('node', () => nodeChecks(checks));
    checks.expectAllSkipsKnown();
  });
}
