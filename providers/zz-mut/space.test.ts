import { expect } from 'chai';
import { ProviderError } from '#core/spi/errors.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { Space } from './space.ts';
import { MIB } from './test-platform.ts';

/** A disk of 256 MiB, of which one is kept back for block maps; volumes write, trim and go. */
class FakeDisk {
  available = 256n * MIB;
  readonly taken = new Map<string, bigint>();
  looks = 0;

  async space() {
    return { total: 256n * MIB, available: this.available };
  }

  async written(name: string): Promise<bigint> {
    this.looks++;
    return this.taken.get(name) ?? 0n;
  }

  /** Also with a negative amount, as trimming does. */
  write(name: string, bytes: bigint): void {
    this.taken.set(name, (this.taken.get(name) ?? 0n) + bytes);
    this.available -= bytes;
  }

  remove(name: string): void {
    this.available += this.taken.get(name) ?? 0n;
    this.taken.delete(name);
  }
}

describe('Space', () => {
  function setUp(limit?: bigint) {
    const disk = new FakeDisk();
    const clock = new FakeClock();
    return { disk, clock, space: new Space(disk, clock, limit) };
  }
  const isRefused = async (space: Space, name: string, mib: bigint): Promise<boolean> =>
    space.reserve(name, mib * MIB).then(() => false, (error: unknown) => ProviderError.is(error, 'Exhausted'));

  it('counts what volumes were promised, not only what they wrote', async () => {
    const { space } = setUp();
    await space.reserve('a', 200n * MIB);
    expect(await space.available()).to.equal(55n * MIB);
    expect(await isRefused(space, 'b', 56n)).to.equal(true);
    expect(await isRefused(space, 'b', 55n)).to.equal(false);
  });

  it('never gives the same room to two who ask at once', async () => {
    for (const limit of [undefined, 100n * MIB]) {
      const { space } = setUp(limit);
      const results = await Promise.all(Array.from({ length: 50 }, (_each, index) => isRefused(space, `v${index}`, 10n)));
      expect(results.filter((refused) => !refused).length).to.equal(limit === undefined ? 25 : 10);
    }
  });

  it('says how much was asked for and how much there is', async () => {
    const { space } = setUp(100n * MIB);
    const error = await space.reserve('a', 128n * MIB).catch((failure: unknown) => failure);
    expect(error).to.have.property('message', 'not enough room: 128Mi (134217728 bytes) asked for, 100Mi (104857600 bytes) available');
  });

  it('does not count twice what a volume has written', async () => {
    const { disk, clock, space } = setUp();
    await space.reserve('a', 200n * MIB);
    disk.write('a', 150n * MIB);
    await clock.advance(1000);
    expect(await isRefused(space, 'b', 55n), 'looks at the volumes before it refuses').to.equal(false);
  });

  it('does not give away what a volume gave back by trimming', async () => {
    const { disk, clock, space } = setUp();
    await space.reserve('a', 200n * MIB);
    disk.write('a', 150n * MIB);
    await clock.advance(60_000);
    expect(await space.available()).to.equal(55n * MIB);
    disk.write('a', -150n * MIB);
    expect(await isRefused(space, 'b', 56n)).to.equal(true);
    await clock.advance(60_000);
    expect(await isRefused(space, 'b', 56n)).to.equal(true);
    expect(await isRefused(space, 'b', 55n)).to.equal(false);
  });

  it('takes back what a removed volume had', async () => {
    const { disk, clock, space } = setUp();
    await space.reserve('a', 200n * MIB);
    disk.write('a', 150n * MIB);
    await clock.advance(60_000);
    expect(await space.available()).to.equal(55n * MIB);
    disk.remove('a');
    space.release('a');
    expect(await isRefused(space, 'b', 255n)).to.equal(false);
  });

  it('gives less when others fill the disk', async () => {
    const { disk, space } = setUp();
    await space.reserve('a', 100n * MIB);
    disk.available -= 150n * MIB;
    expect(await space.available()).to.equal(5n * MIB);
    disk.available -= 50n * MIB;
    expect(await space.available()).to.equal(0n);
  });

  it('looks at the volumes seldom', async () => {
    const { disk, clock, space } = setUp();
    for (let i = 0; i < 20; i++) await space.reserve(`v${i}`, MIB);
    const before = disk.looks;
    for (let i = 0; i < 10; i++) await isRefused(space, 'too large', 1000n);
    expect(disk.looks - before, 'at once').to.equal(0);
    await clock.advance(1000);
    for (let i = 0; i < 10; i++) await isRefused(space, 'too large', 1000n);
    expect(disk.looks - before, 'a second later').to.equal(20);
  });

  it('counts a volume once, however often it is entered or released', async () => {
    const { space } = setUp();
    for (let i = 0; i < 3; i++) space.enter('a', 10n * MIB);
    expect(await space.available()).to.equal(245n * MIB);
    for (let i = 0; i < 3; i++) space.release('a');
    expect(await space.available()).to.equal(255n * MIB);
  });
});
