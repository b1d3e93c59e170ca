import { expect } from 'chai';
import { linux, requires, skipBecause } from '#test/fixtures/requires.ts';
import { lockNetwork } from './node-lock.ts';

describe('lockNetwork', () => {
  before(requires(linux));

  it('is held by one at a time', async function () {
    const first = await lockNetwork();
    if (first === undefined) return skipBecause(this, 'a Keelson has a node on this computer');
    expect(await lockNetwork()).to.equal(undefined);
    first();
    const second = await lockNetwork();
    expect(second).not.to.equal(undefined);
    second?.();
  });
});
