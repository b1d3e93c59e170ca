import { expect } from 'chai';
import { MemoryVolumeDriver } from '#test/fixtures/memory-volume-driver.ts';
import { Checks } from './volume-driver-subject.ts';

describe('the checks of a conformance kit', () => {
  it('cannot be skipped by a title that none has', () => {
    const checks = new Checks(async () => ({ driver: new MemoryVolumeDriver(), cleanup: async () => undefined }), { 'no such check': 'no reason' });
    expect(() => checks.expectAllSkipsKnown()).to.throw('no such check');
  });
});
