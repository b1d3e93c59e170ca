import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ResolverSettings } from '#core/api/resolver-settings.ts';
import { silentLogger } from '#core/kernel/logger.ts';
import { FakeClock } from '#test/fixtures/fake-clock.ts';
import { eventually } from '#test/fixtures/eventually.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { ResolverFile } from './resolver-file.ts';

describe('the machine\'s resolv.conf', () => {
  let folder: { path: string; remove(): Promise<void> };
  let clock: FakeClock;
  let file: ResolverFile;
  const seen: ResolverSettings[] = [];
  const write = (name: string, text: string) => writeFile(join(folder.path, name), text);

  beforeEach(async () => {
    folder = await temporaryFolder();
    clock = new FakeClock();
    seen.length = 0;
    file = new ResolverFile(join(folder.path, 'own'), { clock, logger: silentLogger, behind: join(folder.path, 'behind') }, (settings) => seen.push(settings));
  });
  afterEach(async () => {
    file.stop();
    await folder.remove();
  });

  const nextServers = async (): Promise<readonly string[] | undefined> => {
    const before = seen.length;
    await clock.advance(5000);
    await eventually(() => seen.length > before, 'settings');
    return seen.at(-1)?.nameservers;
  };

  it('is added to by those whom systemd asks, where it names loopback only', async () => {
    await write('own', 'nameserver 127.0.0.53\nsearch corp.example\noptions edns0\n');
    await write('behind', 'nameserver 192.0.2.1\nsearch elsewhere.example\n');
    await file.start();
    expect(seen).to.deep.equal([{ nameservers: ['127.0.0.53', '192.0.2.1'], searches: ['corp.example'], options: ['edns0'] }]);
    await write('behind', 'nameserver 192.0.2.1\nnameserver 192.0.2.22\n');
    expect(await nextServers()).to.deep.equal(['127.0.0.53', '192.0.2.1', '192.0.2.22']);
    await rm(join(folder.path, 'behind'));
    expect(await nextServers()).to.deep.equal(['127.0.0.53']);
    await write('behind', 'nameserver 192.0.2.1\n');
    await write('own', 'nameserver 198.51.100.1\nnameserver 127.0.0.53\n');
    expect(await nextServers()).to.deep.equal(['198.51.100.1', '127.0.0.53']);
  });
});
