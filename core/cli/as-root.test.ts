import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe as ability } from './abilities.ts';
import { asRoot } from './as-root.ts';

describe('a command for root', () => {
  it('finds the npm of a version manager, where sudo would not look', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keelson-sudo-'));
    try {
      expect(asRoot('npm start', folder)).to.equal('sudo env "PATH=$PATH" npm start');
      await writeFile(join(folder, 'npm'), '');
      expect(asRoot('npm start', `/nowhere:${folder}`)).to.equal('sudo npm start');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('is what every remedy of npm says, and other remedies stay', () => {
    const off = (remedy: string): string => ability({ name: 'pods', available: false, reason: 'no root', remedy });
    expect(off('sudo npm start')).to.equal(`  off  pods: no root\n       turn on: ${asRoot('npm start')}\n`);
    expect(off('sudo apt-get install x')).to.contain('turn on: sudo apt-get install x\n');
  });
});
