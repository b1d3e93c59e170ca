import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { NetworkAttachment } from '#core/spi/network-plugin.ts';
import { NetworkError } from '#core/spi/network-plugin.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { seededRandom } from '#test/fixtures/seeded-random.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { AddressRange } from './address-range.ts';
import { Leases } from './leases.ts';

const attachment = (containerId: string): NetworkAttachment => ({ containerId, ifName: 'eth0', pod: { namespace: 'default', name: containerId, uid: containerId }, portMappings: [] });

describe('leases', () => {
  let folder: { path: string; remove(): Promise<void> };
  let clock: FakeClock;
  let path: string;
  const opened: Leases[] = [];
  const open = async (epoch = 'boot 1'): Promise<Leases> => {
    const leases = new Leases({ path, epoch, clock, cooldownMs: 30_000 });
    opened.push(leases);
    await leases.open();
    return leases;
  };
  const ranges = (): AddressRange[] => [new AddressRange('10.0.0.0/28'), new AddressRange('fd00::/124')];

  beforeEach(async () => {
    folder = await temporaryFolder();
    path = join(folder.path, 'leases');
    clock = new FakeClock();
  });
  afterEach(async () => {
    for (const leases of opened.splice(0)) await leases.close();
    await folder.remove();
  });

  it('are on disk when they are answered for, all that came together in one write', async () => {
    const leases = await open();
    const several = Array.from({ length: 10 }, (_, index) => leases.acquire(attachment(`c${index}`), '', ranges().slice(0, 1)));
    await Promise.all(several.map(({ stored }) => stored));
    const lines = (await readFile(path, 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
    expect(lines[0]).to.deep.equal({ format: 'keelson-leases', version: 1, epoch: 'boot 1' });
    expect(lines.slice(1).map(({ lease }) => lease.containerId)).to.have.members(several.map(({ lease }) => lease.containerId));
    await leases.close();
  });

  it('never give an address twice, over random comings, goings and restarts', async function () {
    this.timeout(60_000);
    const random = seededRandom(11);
    let leases = await open();
    let all = ranges();
    const held = new Map<string, readonly string[]>();
    const released = new Map<string, { readonly id: string; readonly at: number }>();
    for (let step = 0; step < 250; step++) {
      const id = `c${Math.floor(random() * 20)}`;
      if (random() < 0.03) {
        await leases.close();
        leases = await open();
        all = ranges();
        expect(leases.all.map(({ containerId }) => containerId)).to.have.members([...held.keys()]);
      }
      if (held.has(id)) {
        await leases.release(attachment(id));
        for (const address of held.get(id) ?? []) released.set(address, { id, at: clock.now() });
        held.delete(id);
      } else {
        try {
          const { lease, stored } = leases.acquire(attachment(id), '', all);
          await stored;
          for (const address of lease.addresses) {
            expect([...held.values()].flat(), `step ${step}`).not.to.include(address);
            const before = released.get(address);
            expect(before === undefined || before.id === id || clock.now() - before.at >= 30_000, `step ${step}`).to.equal(true);
          }
          held.set(id, lease.addresses);
        } catch (error) {
          expect(error).to.be.instanceOf(NetworkError).with.property('code', 11);
        }
      }
      if (random() < 0.3) await clock.advance(Math.floor(random() * 20_000));
    }
    await leases.close();
  });

  it('give an attachment that comes again soon what it had, and nobody else', async () => {
    const leases = await open();
    const all = ranges();
    const [first, other] = [leases.acquire(attachment('a'), '', all).lease.addresses, leases.acquire(attachment('b'), '', all).lease.addresses];
    await leases.release(attachment('a'));
    expect(leases.cooling).to.have.members(['10.0.0.2', 'fd00::2']);
    expect(leases.acquire(attachment('c'), '', all).lease.addresses).not.to.have.members([...first, ...other]);
    expect(leases.acquire(attachment('a'), '', all).lease.addresses).to.deep.equal(first);
    await leases.release(attachment('a'));
    await clock.advance(30_000);
    leases.acquire(attachment('d'), '', all);
    expect(leases.acquire(attachment('a'), '', all).lease.addresses).not.to.deep.equal(first);
    expect(leases.cooling).to.deep.equal([]);
  });

  it('go round, and keep to what pods may have', () => {
    const range = new AddressRange('10.0.0.0/29');
    expect(Array.from({ length: 6 }, () => range.next(() => false))).to.deep.equal(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.0.2']);
    expect(range.next(() => true)).to.equal(undefined);
    expect([range.gateway, range.own, range.capacity]).to.deep.equal(['10.0.0.1', '10.0.0.0', 5n]);
    const wide = new AddressRange('fd00::/64');
    expect([wide.next(() => false), wide.next((address) => address === 'fd00::3'), wide.gateway]).to.deep.equal(['fd00::2', 'fd00::4', 'fd00::1']);
  });

  it('of another epoch are over', async () => {
    const before = await open();
    await before.acquire(attachment('a'), '', ranges()).stored;
    await before.close();
    const after = await open('boot 2');
    expect(after.all).to.deep.equal([]);
    await after.acquire(attachment('b'), '', ranges()).stored;
    await after.close();
    expect(await readFile(path, 'utf8')).not.to.include('"a"');
  });

  it('do not let the file grow with comings and goings', async () => {
    const leases = await open();
    const range = [new AddressRange('10.0.0.0/16')];
    for (let round = 0; round < 15; round++) {
      const ids = Array.from({ length: 100 }, (_, index) => `c${round}-${index}`);
      await Promise.all(ids.map((id) => leases.acquire(attachment(id), '', range).stored));
      await Promise.all(ids.map((id) => leases.release(attachment(id))));
      await clock.advance(31_000);
    }
    await leases.acquire(attachment('last'), '', range).stored;
    await leases.close();
    expect((await readFile(path, 'utf8')).split('\n').length).to.be.below(1500);
    expect((await open()).all.map(({ containerId }) => containerId)).to.deep.equal(['last']);
  });

  it('tell a disk that does not take them, and lose nothing once it does', async () => {
    const leases = await open();
    await leases.acquire(attachment('a'), '', ranges()).stored;
    await leases.close();
    const again = await open();
    await mkdir(`${path}.new`);
    const failed = await again.acquire(attachment('b'), '', ranges()).stored.then(() => undefined, (error: unknown) => error);
    expect(failed).to.be.instanceOf(NetworkError).with.property('code', 5);
    await again.release(attachment('b')).catch(() => undefined);
    await rm(`${path}.new`, { recursive: true });
    await again.acquire(attachment('c'), '', ranges()).stored;
    await again.close();
    expect((await open()).all.map(({ containerId }) => containerId)).to.have.members(['a', 'c']);
  });

  it('refuse a file that is another\'s, or of a newer release', async () => {
    for (const [text, message] of [['{"format":"x"}\n', 'is not a journal'], ['{"format":"keelson-leases","version":2,"epoch":""}\n', 'is of version 2'], ['[]\n', 'is not a journal'], ['\0\n', 'is damaged at line 1']] as const) {
      await writeFile(path, text);
      expect(await open().then(() => '', (error: Error) => error.message), text).to.include(message);
      expect(await readFile(path, 'utf8')).to.equal(text);
    }
  });
});
