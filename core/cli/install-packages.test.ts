import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { installPackages } from './install-packages.ts';

/** Stands for apt-get: notes its arguments, says what the script says. */
const apt = (folder: string, script: string): Promise<void> => writeFile(join(folder, 'apt-get'), `#!/bin/sh\necho "$@" >>'${folder}/calls'\n${script}\n`, { mode: 0o755 });

describe('installing packages', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-apt-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const path = (): string => `${folder}:/usr/bin:/bin`;
  const failure = async (): Promise<string> => installPackages(['docker.io', 'conntrack'], path()).then(() => 'none', (error: Error) => error.message);

  it('goes on with older lists where there are no new ones', async () => {
    await apt(folder, 'case "$*" in *update*) echo "E: the mirror is away" >&2; exit 100;; esac');
    await installPackages(['docker.io', 'conntrack'], path());
    const [update = '', install = ''] = (await readFile(join(folder, 'calls'), 'utf8')).split('\n');
    expect(update).to.match(/ update$/);
    expect(install).to.match(/ install -y --no-install-recommends docker.io conntrack$/);
  });

  it('says what apt said: without a network the reason is among the warnings of the update', async () => {
    await apt(folder, `case "$*" in
      *update*) echo "W: Failed to fetch http://deb.example/InRelease  Temporary failure resolving 'deb.example'" >&2; echo "W: Some index files failed to download." >&2;;
      *) echo "debconf: delaying" >&2; echo "E: Unable to locate package conntrack" >&2; exit 100;;
    esac`);
    expect(await failure()).to.match(/^apt-get could not install docker\.io, conntrack: Unable to locate package conntrack; Failed to fetch http:\/\/deb\.example\/InRelease {2}Temporary failure resolving 'deb\.example'\. .*--setup again$/);
  });

  it('says the same once, and that there is no apt-get', async () => {
    await apt(folder, 'echo "E: dpkg was interrupted" >&2; exit 100');
    expect(await failure()).to.match(/conntrack: dpkg was interrupted\. /);
    await rm(join(folder, 'apt-get'));
    expect(await installPackages(['x'], folder).catch((error: Error) => error.message)).to.match(/ENOENT/);
  });
});
