import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { canSnapshot, canSurveyStorage, type OwnedStorage } from '#core/spi/volume-driver.ts';
import { rejection } from './volume-driver-interruption.ts';
import type { Checks } from './volume-driver-subject.ts';
import { never } from './volume-driver-subject.ts';

export function surveyChecks(checks: Checks): void {
  checks.define('tells of everything that it made, by name, until it is removed', async (subject, skip) => {
    const { driver, given } = subject;
    if (!canSurveyStorage(driver)) return skip('the driver is no StorageSurvey');
    expect(await driver.owned(never)).to.deep.equal([]);
    const requests = [subject.request(), subject.request()];
    const expected: Omit<OwnedStorage, 'createdAt'>[] = [];
    for (const request of requests) expected.push({ kind: 'volume', id: (await subject.create(request)).id, name: request.name });
    const [first] = expected;
    if (canSnapshot(driver) && first !== undefined) {
      const name = `snapshot-${randomUUID()}`;
      expected.push({ kind: 'snapshot', id: (await driver.createSnapshot(name, first.id, given.snapshotParameters ?? {}, never)).id, name });
    }
    const owned = await driver.owned(never);
    expect(owned.map(({ createdAt: _at, ...rest }) => rest)).to.have.deep.members(expected);
    for (const { createdAt } of owned) expect(createdAt, 'milliseconds since the epoch').to.be.within(Date.UTC(2000), Date.UTC(2200));
    for (const { kind, id } of expected.toReversed()) await (kind === 'snapshot' && canSnapshot(driver) ? driver.deleteSnapshot(id, never) : driver.delete(id, never));
    await given.pass?.();
    expect(await driver.owned(never)).to.deep.equal([]);
    const reason = new Error('aborted beforehand');
    expect(await rejection(driver.owned(AbortSignal.abort(reason)))).to.equal(reason);
  });
}
